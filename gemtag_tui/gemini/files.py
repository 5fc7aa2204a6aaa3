"""Files over the wire: resumable upload, download to disk, deletion. Source: gemini-facts §6."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec

from gemtag_tui.core.batch_operation import read_time
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini.remote import Lost, Remote, Reply

if TYPE_CHECKING:
    import aiohttp

CHUNK = 8 * 1024 * 1024
"""Bytes sent at once; a multiple of the 256 KiB that the server asks for."""
MIMES = ("application/jsonl", "application/json", "text/plain")
"""Tried in turn: some servers refuse the first (python-genai issues of 2025)."""
TRIES = 6
"""Times in a row that a transfer is taken up again without having moved."""
CHUNK_SECONDS = 300.0
_OPEN_ENDED = CallError(
    Trouble.NETWORK, "The results came without their length: their end cannot be told from a break."
)
"""Said of a download that ended with its connection, as through an old proxy."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on the server: `files/…`, and when it goes (Unix seconds)."""

    name: str
    expires_at: float | None = None


class FilesApi:
    """Files at one address.

    Args:
        remote: exchanges.
        sleep: waits between tries.
    """

    def __init__(self, remote: Remote, sleep: Sleep) -> None:
        self._remote = remote
        self._sleep = sleep

    async def upload(
        self,
        path: Path,
        display_name: str,
        url: str,
        begun: Callable[[str], Awaitable[None]],
    ) -> StoredFile | CallError:
        """Send a file, going on where an earlier try stopped.

        Args:
            path: the file, complete.
            display_name: to find it by.
            url: of an upload begun before, "" for none.
            begun: told the address of a new upload before its first byte goes.
        """
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        if url:
            sent = await self._send(path, size, url)
            if not isinstance(sent, CallError):
                return sent
            # The upload may have been completed and only its last reply lost.
            if (found := await self.find(display_name, size)) is not None:
                return found
        return await self._anew(path, size, display_name, begun)

    async def _anew(
        self, path: Path, size: int, name: str, begun: Callable[[str], Awaitable[None]]
    ) -> StoredFile | CallError:
        error = CallError(Trouble.NETWORK, "The file could not be sent.")
        for mime in MIMES:
            url = await self._begin(size, name, mime)
            if isinstance(url, CallError):
                error = url
                if 400 <= url.http_status < 500 and url.http_status not in {401, 403, 429}:
                    continue
                return url
            await begun(url)
            sent = await self._send(path, size, url)
            if not isinstance(sent, CallError):
                return sent
            if (found := await self.find(name, size)) is not None:
                return found
            error = sent
            if not 400 <= sent.http_status < 500 or sent.http_status in {401, 403, 429}:
                return sent
        return error

    async def _begin(self, size: int, name: str, mime: str) -> str | CallError:
        headers = {
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(size),
            "X-Goog-Upload-Header-Content-Type": mime,
            "Content-Type": "application/json",
        }
        body = msgspec.json.encode({"file": {"displayName": name, "mimeType": mime}})
        reply = await self._remote.exchange(
            "POST", self._remote.upload_address, body=body, headers=headers
        )
        if isinstance(reply, Lost) or reply.status != 200:
            return self._trouble(reply)
        url = reply.headers.get("x-goog-upload-url", "")
        words = "The server did not say where to send the file."
        return url if url.startswith("http") else CallError(Trouble.NETWORK, words, 200)

    async def _send(self, path: Path, size: int, url: str) -> StoredFile | CallError:
        """Send what the server does not have yet, asking where it stands after any trouble."""
        tries, known = 0, -1
        error = CallError(Trouble.NETWORK, "The upload did not come to an end.")
        while tries < TRIES:
            stand = await self._stand(url)
            if isinstance(stand, StoredFile):
                return stand
            if isinstance(stand, CallError):
                if 400 <= stand.http_status < 500 and stand.http_status not in {408, 429}:
                    return stand
                error = stand
            else:
                tries = 0 if stand > known else tries
                known = stand
                sent = await self._chunks(path, size, url, stand)
                if isinstance(sent, StoredFile):
                    return sent
                error = sent
            tries += 1
            await self._sleep(min(30.0, 0.5 * 2.0**tries))
        return error

    async def _stand(self, url: str) -> int | StoredFile | CallError:
        """Ask how many bytes the server has."""
        reply = await self._command(url, "query")
        if isinstance(reply, Lost) or reply.status != 200:
            return self._trouble(reply)
        if reply.headers.get("x-goog-upload-status", "").lower() == "final":
            return _stored(reply)
        received = reply.headers.get("x-goog-upload-size-received", "0")
        return int(received) if received.isdecimal() and len(received) < 16 else 0

    async def _chunks(self, path: Path, size: int, url: str, at: int) -> StoredFile | CallError:
        file = await asyncio.to_thread(path.open, "rb")
        try:
            while True:
                piece = await asyncio.to_thread(_read_at, file, at, min(CHUNK, size - at))
                last = at + len(piece) >= size
                reply = await self._command(
                    url, "upload, finalize" if last else "upload", piece, at
                )
                if isinstance(reply, Lost) or reply.status != 200:
                    return self._trouble(reply)
                if last:
                    return _stored(reply)
                at += len(piece)
        finally:
            file.close()

    async def _command(
        self, url: str, command: str, body: bytes = b"", offset: int | None = None
    ) -> Reply | Lost:
        headers = {"X-Goog-Upload-Command": command, "Content-Length": str(len(body))}
        if offset is not None:
            headers["X-Goog-Upload-Offset"] = str(offset)
        return await self._remote.exchange(
            "POST", url, body=body or None, headers=headers, timeout=CHUNK_SECONDS
        )

    async def find(self, display_name: str, size: int) -> StoredFile | None:
        """Look for an uploaded file by its name and size, through all pages."""
        token = ""
        for _ in range(1000):
            query = {"pageSize": "100", **({"pageToken": token} if token else {})}
            reply = await self._remote.exchange(
                "GET", self._remote.url(f"files?{urlencode(query)}")
            )
            if isinstance(reply, Lost) or reply.status != 200:
                return None
            data = reply.json()
            listed = data.get("files")
            for one in listed if isinstance(listed, list) else []:
                if _is(one, display_name, size):
                    return _file_of(one)
            token = str(data.get("nextPageToken") or "")
            if not token:
                return None
        return None

    async def state(self, name: str) -> str:
        """Return where an uploaded file (`files/…`) stands, "" when the server does not say.

        ACTIVE is one that may be used, PROCESSING one that may be later, FAILED one that never may.
        """
        reply = await self._remote.exchange("GET", self._remote.url(quote(name)))
        if isinstance(reply, Lost) or reply.status != 200:
            return ""
        data = reply.json()
        one = data.get("file", data)
        return str(one.get("state") or "") if isinstance(one, dict) else ""

    async def delete(self, name: str) -> CallError | None:
        """Delete an uploaded file (`files/…`)."""
        reply = await self._remote.exchange("DELETE", self._remote.url(quote(name)))
        if isinstance(reply, Reply) and 200 <= reply.status < 300:
            return None
        return self._trouble(reply)

    async def download(self, name: str, target: Path) -> CallError | None:
        """Fetch a file (`files/…`) to disk, going on after `target`'s own length when it is there.

        The id of a batch's results is longer than `files.get` takes; only this address serves it.
        """
        error: CallError | None = None
        for number in range(TRIES):
            before = _size(target)
            error = await self._fetch(name, target)
            if error is None or 400 <= error.http_status < 500:
                return error
            if error is _OPEN_ENDED and _size(target) == before:
                return None  # asked twice, and there was no more
            if number and _size(target) <= before:
                await self._sleep(min(30.0, 2.0**number))
        return error

    async def _fetch(self, name: str, target: Path) -> CallError | None:
        url = self._remote.url(f"{quote(name)}:download?alt=media")
        had = _size(target)
        headers = {"Range": f"bytes={had}-"} if had else {}
        try:
            async with self._remote.stream(url, headers) as response:
                if response.status == 416:
                    return _end_of(response.headers.get("Content-Range", ""), had, target)
                whole = response.content_length is not None or _is_chunked(response)
                if response.status not in {200, 206}:
                    body = await response.content.read(65_536)
                    return self._remote.refused(Reply(response.status, response.headers, body))
                await _save(response, target, append=response.status == 206)
        except BaseException as error:
            if isinstance(error, OSError) and _is_disk(error):
                raise
            return self._remote.lost(error)
        return None if whole else _OPEN_ENDED

    def _trouble(self, reply: Reply | Lost) -> CallError:
        return reply.error if isinstance(reply, Lost) else self._remote.refused(reply)


async def _save(response: aiohttp.ClientResponse, target: Path, *, append: bool) -> None:
    with target.open("ab" if append else "wb", buffering=0) as file:
        async for piece in response.content.iter_chunked(1 << 20):
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(os.fsync, file.fileno())


def _is_chunked(response: aiohttp.ClientResponse) -> bool:
    return "chunked" in response.headers.get("Transfer-Encoding", "").lower()


def _end_of(content_range: str, had: int, target: Path) -> CallError | None:
    """Judge a 416: what is on disk is the whole file, or not this file."""
    if content_range.rpartition("/")[2] == str(had):
        return None
    target.unlink(missing_ok=True)
    return CallError(Trouble.NETWORK, "The results changed while they were fetched.", 0)


def _is_disk(error: OSError) -> bool:
    import errno  # noqa: PLC0415

    return error.errno in {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EACCES}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_at(file: IO[bytes], at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _is(one: object, display_name: str, size: int) -> bool:
    return (
        isinstance(one, dict)
        and one.get("displayName") == display_name
        and str(one.get("sizeBytes")) == str(size)
        and one.get("state", "ACTIVE") in {"ACTIVE", "PROCESSING"}
        and str(one.get("name", "")).startswith("files/")
    )


def _file_of(one: dict[str, object]) -> StoredFile:
    return StoredFile(str(one["name"]), read_time(one.get("expirationTime")))


def _stored(reply: Reply) -> StoredFile | CallError:
    data = reply.json()
    one = data.get("file", data)
    if isinstance(one, dict) and str(one.get("name", "")).startswith("files/"):
        return _file_of(one)
    words = "The server took the file, and did not say under which name."
    return CallError(Trouble.NETWORK, words, 200)
