"""Small things that every handler needs: reading bodies, sending JSON, paging."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from gemtag_tui.simulator.errors import ApiError, invalid, reason_phrase, too_large
from gemtag_tui.simulator.world import World

MARK = {"x-gemtag-simulator": "1"}
"""On every response, so that nobody takes an answer for Google's."""
JSON_TYPE = "application/json; charset=UTF-8"

Handler = Callable[[World, web.BaseRequest, Mapping[str, str]], Awaitable[web.StreamResponse]]
T = TypeVar("T")


def reply(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response."""
    every = {**MARK, "Content-Type": JSON_TYPE, "Vary": "Origin", **(headers or {})}
    return web.Response(body=body, status=status, reason=reason_phrase(status), headers=every)


def reply_json(value: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """A 200 with a JSON value."""
    return reply(msgspec.json.encode(value), headers=headers)


def reply_error(error: ApiError) -> web.Response:
    """A refusal."""
    return reply(error.body(), error.code)


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes.

    Raises:
        ApiError: 400 when it is longer.
    """
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    return (
        await request.content.read() if request.content_length else await _measured(request, limit)
    )


async def _measured(request: web.BaseRequest, limit: int) -> bytes:
    """Read a body whose length was not said."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def page(
    items: Sequence[T], query: Mapping[str, str], default: int, most: int
) -> tuple[list[T], str]:
    """Cut one page out of a list, and the token of the next, empty at the end.

    Raises:
        ApiError: 400 for a size or token that is none.
    """
    try:
        size = int(query.get("pageSize") or query.get("page_size") or 0)
        token = query.get("pageToken") or query.get("page_token") or ""
        start = int(base64.urlsafe_b64decode(token.encode())) if token else 0
    except (ValueError, binascii.Error):
        raise invalid("Invalid page token or page size.") from None
    if size < 0 or start < 0:
        raise invalid("Invalid page token or page size.")
    end = start + min(size or default, most)
    following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else ""
    return list(items[start:end]), following
