"""The Files API over HTTP: resumable upload, get, list, delete, download.

Source: gemini-facts §6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gemtag_tui.simulator.errors import ApiError, invalid
from gemtag_tui.simulator.filestore import MAX_FILE, MAX_ID, StoredFile, Upload, long_id
from gemtag_tui.simulator.http import MARK, page, read_body, reply, reply_json
from gemtag_tui.simulator.proto import Reader
from gemtag_tui.simulator.request import decode
from gemtag_tui.simulator.schema import CREATE_FILE
from gemtag_tui.simulator.world import World

GRANULARITY = 256 * 1024
"""Every piece but the last is a multiple of this."""
PIECE = 1 << 20
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def upload(
    world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /upload/{version}/files: start an upload, or go on with one."""
    token = request.query.get("upload_id", "")
    if token:
        return await _continue(world, request, token)
    if request.headers.get("X-Goog-Upload-Protocol", "").lower() != "resumable":
        raise invalid("Only X-Goog-Upload-Protocol: resumable is supported here.")
    if request.headers.get("X-Goog-Upload-Command", "").lower() != "start":
        raise invalid("Expected X-Goog-Upload-Command: start.")
    payload = decode(await read_body(request, 1 << 20))
    file = Reader(match["version"]).read(payload, CREATE_FILE).get("file") or {}
    mime = request.headers.get("X-Goog-Upload-Header-Content-Type") or file.get("mimeType", "")
    token = world.files.begin(
        size=_length(request),
        mime=mime or "application/octet-stream",
        name=file.get("name", ""),
        display_name=file.get("displayName", ""),
    )
    url = f"{world.base_url}/upload/{match['version']}/files?upload_id={token}"
    headers = {
        "x-goog-upload-url": f"{url}&upload_protocol=resumable",
        "x-goog-upload-status": "active",
        "x-goog-upload-chunk-granularity": str(GRANULARITY),
    }
    return reply(b"", headers=headers)


def _length(request: web.BaseRequest) -> int:
    text = request.headers.get("X-Goog-Upload-Header-Content-Length", "")
    if not text.isdecimal():
        raise invalid("X-Goog-Upload-Header-Content-Length must be a whole number.")
    return int(text)


async def _continue(world: World, request: web.BaseRequest, token: str) -> web.StreamResponse:
    command = request.headers.get("X-Goog-Upload-Command", "").lower()
    commands = {part.strip() for part in command.split(",")}
    under_way = world.files.upload(token)
    if commands == {"query"}:
        return _active(under_way)
    if commands == {"cancel"}:
        world.files.abandon(token)
        return reply(b"", headers={"x-goog-upload-status": "cancelled"})
    if not commands or not commands <= {"upload", "finalize"}:
        raise invalid(f"Unknown X-Goog-Upload-Command: {command}")
    if "upload" in commands:
        await _receive(request, under_way, last="finalize" in commands)
    if "finalize" not in commands:
        return _active(under_way)
    if under_way.received != under_way.expected:
        raise invalid(
            f"Upload has {under_way.received} bytes, but {under_way.expected} were announced."
        )
    stored = world.files.finish(token)
    body = {"file": stored.resource(world.base_url)}
    return reply_json(body, {"x-goog-upload-status": "final"})


def _active(under_way: Upload) -> web.Response:
    headers = {
        "x-goog-upload-status": "active",
        "x-goog-upload-size-received": str(under_way.received),
    }
    return reply(b"", headers=headers)


async def _receive(request: web.BaseRequest, under_way: Upload, *, last: bool) -> None:
    offset = request.headers.get("X-Goog-Upload-Offset", "")
    if offset != str(under_way.received):
        raise invalid(f"Upload offset {offset} does not match {under_way.received}.")
    length = request.content_length
    if not last and length is not None and length % GRANULARITY:
        raise invalid(f"Chunk size {length} is not a multiple of {GRANULARITY}.")
    async for piece in request.content.iter_chunked(PIECE):
        if under_way.received + len(piece) > min(under_way.expected, MAX_FILE):
            raise invalid("More bytes than announced were sent.")
        under_way.write(piece)


async def list_files(
    world: World, request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/files."""
    chosen, token = page(world.files.listed(), request.query, 10, 100)
    body: dict[str, Any] = {}
    if chosen:
        body["files"] = [file.resource(world.base_url) for file in chosen]
    if token:
        body["nextPageToken"] = token
    return reply_json(body)


def _short(world: World, match: Mapping[str, str]) -> str:
    file_id = match["file"]
    if len(file_id) > MAX_ID and world.config.batches.long_id_bug:
        raise long_id()
    return file_id


async def get_file(
    world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/files/{file}."""
    return reply_json(world.files.find(_short(world, match)).resource(world.base_url))


async def delete_file(
    world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """DELETE /{version}/files/{file}."""
    world.files.delete(_short(world, match))
    return reply_json({})


async def download(
    world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """GET …/files/{file}:download?alt=media, whole or a range."""
    stored = world.files.find(match["file"])
    if not stored.generated:
        raise ApiError(400, "Only generated files can be downloaded.", status="FAILED_PRECONDITION")
    wanted = _range(request.headers.get("Range", ""), stored.size)
    if wanted is None:
        return reply(b"", 416, {"Content-Range": f"bytes */{stored.size}"})
    return await _stream(request, stored, *wanted)


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte to send; None where the range lies outside."""
    found = RANGE.fullmatch(header)
    if found is None or found.group(0) == "bytes=-":
        return 0, size - 1
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    end = min(int(last), size - 1) if last else size - 1
    return (int(first), end) if int(first) <= end else None


async def _stream(
    request: web.BaseRequest, stored: StoredFile, first: int, last: int
) -> web.StreamResponse:
    partial = (first, last) != (0, stored.size - 1)
    headers = {**MARK, "Content-Type": stored.mime, "Accept-Ranges": "bytes"}
    if partial:
        headers["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    response.content_length = left = last - first + 1
    await response.prepare(request)
    with stored.path.open("rb") as content:
        content.seek(first)
        while left > 0 and (piece := content.read(min(PIECE, left))):
            await response.write(piece)
            left -= len(piece)
    return response
