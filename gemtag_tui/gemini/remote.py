"""Plain HTTP for files and batch jobs: one exchange, never repeated, never raising for the network.

The SDK is not used here: it drops `batchStats` and `error`, cannot resume an upload, and through
aiohttp sends `create` a second time by itself after a broken connection (google-genai 3.4).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.calls import CallError
from gemtag_tui.gemini.answers import SIMULATOR_HEADER
from gemtag_tui.gemini.errors import translate_exception
from gemtag_tui.gemini.wire import CONNECT_SECONDS, Wire, bounded, encoded, failures, too_large

if TYPE_CHECKING:
    import aiohttp

MAX_REPLY = 64 * 1024 * 1024
"""Bytes of a reply that is held in memory."""
SILENCE_SECONDS = 60.0
"""How long a transfer may stand still."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. Names of headers are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body's object, empty when it is none."""
        try:
            data = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}


@dataclass(frozen=True, slots=True)
class Lost:
    """No whole reply came. `sent`: the request may have reached the server."""

    error: CallError
    sent: bool = True


class Remote(Wire):
    """Exchanges with one API address; the key goes to this address only. See `Wire`.

    Attributes:
        provider: "simulator" or "google", as the last reply told; "" before the first.
    """

    provider: str = ""

    @property
    def upload_address(self) -> str:
        """Where uploads begin: `/upload` stands before the version."""
        base, _, version = self.address.root.rpartition("/")
        return f"{base}/upload/{version}/files"

    def url(self, path: str) -> str:
        """Return the address of something below the version."""
        return f"{self.address.root}/{path}"

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> Reply | Lost:
        """Send one request and read its whole reply, whatever its status."""
        import aiohttp  # noqa: PLC0415  lazy: 0.2 s

        limits = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, CONNECT_SECONDS))
        try:
            async with self._request(method, url, body, headers, limits) as response:
                content = await bounded(response, MAX_REPLY)
        except failures() as error:
            return self._lost(error)
        if content is None:
            return Lost(too_large(response.status))
        return Reply(response.status, response.headers, content)

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give a response to be read as it comes; raises what `lost` translates."""
        import aiohttp  # noqa: PLC0415

        limits = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
        )
        async with self._request("GET", url, None, headers, limits) as response:
            yield response

    def lost(self, error: BaseException) -> CallError:
        """Translate what the transport raised; anything else is raised again."""
        if isinstance(error, failures()):
            return self._lost(error).error
        raise error

    def refused(self, reply: Reply) -> CallError:
        """Translate a reply that is not a success."""
        return self._refusal(reply.status, reply.headers, reply.body)

    def _lost(self, error: BaseException) -> Lost:
        import aiohttp  # noqa: PLC0415

        # Only these are raised before any byte of the request has left.
        unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
        return Lost(translate_exception(error, self._key), sent=not isinstance(error, unsent))

    @contextlib.asynccontextmanager
    async def _request(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        limits: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = dict(headers or {})
        if self._is_home(url):
            sent["x-goog-api-key"] = self._key.reveal()
        request = self._open().request(
            method, encoded(url), data=body, headers=sent, timeout=limits, allow_redirects=False
        )
        async with request as response:
            self.provider = "simulator" if SIMULATOR_HEADER in response.headers else "google"
            yield response

    def _is_home(self, url: str) -> bool:
        """Whether an address that a server named is one that may see the key."""
        from urllib.parse import urlsplit  # noqa: PLC0415

        parts, home = urlsplit(url), urlsplit(self.address.root)
        if parts.scheme != home.scheme:
            return False
        host = parts.hostname or ""
        return host == home.hostname or (
            host.endswith(".googleapis.com") and (home.hostname or "").endswith(".googleapis.com")
        )

    def _connector(self) -> aiohttp.TCPConnector:
        import aiohttp  # noqa: PLC0415

        # Fresh connections: a kept one may be dead, which would put every `create` in doubt.
        return aiohttp.TCPConnector(limit=16, force_close=True, ttl_dns_cache=300)
