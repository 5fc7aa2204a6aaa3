"""Faults of the connection and of the raw body.

Source: gemini-facts §3-4 and the habits of proxies.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from gemtag_tui.simulator.config import Rule
from gemtag_tui.simulator.http import MARK, reply
from gemtag_tui.simulator.world import World

HTML = (
    b"<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n"
    b"<p><b>502.</b> <ins>That\xe2\x80\x99s an error.</ins>\n<p>The server encountered a temporary "
    b"error and could not complete your request.<p>Please try again in 30 seconds.\n</html>\n"
)
HUGE = 64_000_000
PIECE = 1 << 20
DRIPS = 20

Whole = web.Response
Fault = Callable[[World, web.BaseRequest, Rule, Whole], Awaitable[web.StreamResponse]]

UNBILLED = frozenset({"html_502", "error_list", "reset_before", "hang"})
"""Where the model never came to answer."""


async def spoil(
    world: World, request: web.BaseRequest, rule: Rule, right: Whole
) -> web.StreamResponse:
    """Send what the fault makes of the right response."""
    return await _FAULTS[rule.fault](world, request, rule, right)


def _body(response: Whole) -> bytes:
    body = response.body
    return body if isinstance(body, bytes) else b""


def drop(request: web.BaseRequest) -> None:
    """Reset the connection: what was not sent yet is lost."""
    transport = request.transport
    if transport is None:
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _html(_w: World, _q: web.BaseRequest, _r: Rule, _right: Whole) -> web.StreamResponse:
    return reply(HTML, 502, {"Content-Type": "text/html; charset=UTF-8"})


async def _error_list(
    _w: World, _q: web.BaseRequest, _r: Rule, _right: Whole
) -> web.StreamResponse:
    words = "The model is overloaded. Please try again later."
    error = {"error": {"code": 503, "message": words, "status": "UNAVAILABLE"}}
    return reply(msgspec.json.encode([error]), 503)


async def _reset_before(
    _w: World, request: web.BaseRequest, _r: Rule, right: Whole
) -> web.StreamResponse:
    drop(request)
    return right


async def _head(request: web.BaseRequest, right: Whole, length: int) -> web.StreamResponse:
    """Send the head of a response that promises so many bytes."""
    response = web.StreamResponse(status=right.status, headers=MARK)
    response.content_type = "application/json"
    response.content_length = length
    await response.prepare(request)
    return response


async def _reset_after(
    _w: World, request: web.BaseRequest, _r: Rule, right: Whole
) -> web.StreamResponse:
    response = await _head(request, right, len(_body(right)))
    await response.write(b"")
    # The head has to be on its way before the connection is torn down.
    await asyncio.sleep(0.01)
    drop(request)
    return response


async def _truncated(
    _w: World, request: web.BaseRequest, _r: Rule, right: Whole
) -> web.StreamResponse:
    body = _body(right)
    response = await _head(request, right, len(body))
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _hang(_w: World, _q: web.BaseRequest, _r: Rule, right: Whole) -> web.StreamResponse:
    await asyncio.Event().wait()
    return right


async def _slow(world: World, _q: web.BaseRequest, rule: Rule, right: Whole) -> web.StreamResponse:
    await world.clock.sleep(120.0 if rule.seconds is None else rule.seconds)
    return right


async def _drip(
    world: World, request: web.BaseRequest, rule: Rule, right: Whole
) -> web.StreamResponse:
    body, seconds = _body(right), 10.0 if rule.seconds is None else rule.seconds
    response = await _head(request, right, len(body))
    step = max(1, -(-len(body) // DRIPS))
    for at in range(0, len(body), step):
        await response.write(body[at : at + step])
        await world.clock.sleep(seconds / DRIPS)
    return response


async def _invalid_json(
    _w: World, _q: web.BaseRequest, _r: Rule, right: Whole
) -> web.StreamResponse:
    return reply(b"{'candidates': [" + _body(right)[1:40] + b",,}")


async def _invalid_utf8(
    _w: World, _q: web.BaseRequest, _r: Rule, _right: Whole
) -> web.StreamResponse:
    return reply(b'{"candidates":[{"content":{"parts":[{"text":"\xff\xfe\xc3("}]}}]}')


async def _empty(_w: World, _q: web.BaseRequest, _r: Rule, _right: Whole) -> web.StreamResponse:
    return reply(b"")


async def _huge(
    _w: World, request: web.BaseRequest, rule: Rule, right: Whole
) -> web.StreamResponse:
    size = HUGE if rule.size is None else rule.size
    opening, closing = b'{"candidates":[{"content":{"parts":[{"text":"', b'"}]}}]}'
    response = await _head(request, right, len(opening) + size + len(closing))
    await response.write(opening)
    for at in range(0, size, PIECE):
        await response.write(b"x" * min(PIECE, size - at))
    await response.write(closing)
    return response


_FAULTS: dict[str, Fault] = {
    "html_502": _html,
    "error_list": _error_list,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "truncated_body": _truncated,
    "hang": _hang,
    "slow": _slow,
    "drip": _drip,
    "invalid_json": _invalid_json,
    "invalid_utf8": _invalid_utf8,
    "empty_body": _empty,
    "huge_body": _huge,
}
