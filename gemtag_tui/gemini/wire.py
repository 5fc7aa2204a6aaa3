"""What both HTTP clients share: one address, one key, one session, nothing ever sent twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from gemtag_tui import __version__
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini.address import DEFAULT_BASE, Address
from gemtag_tui.gemini.errors import translate

if TYPE_CHECKING:
    import aiohttp

    from gemtag_tui.gemini.key import Secret

CONNECT_SECONDS = 15.0
"""For name, connection and TLS of one exchange."""
_REDIRECTED = "The address answers with a redirect, which is not followed: correct the base URL."


class Wire(ABC):
    """One API address with one key; opened with the first exchange.

    Args:
        key: sent as a header, never in an address.
        base_url: `https://host[/path]`.
        api_version: "v1", "v1beta", …
        environ: where proxies are looked for; none are used without it.

    Raises:
        SettingsError: an address or a proxy that cannot be used.
    """

    def __init__(
        self,
        key: Secret,
        base_url: str = DEFAULT_BASE,
        api_version: str = "v1",
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._key = key
        self.address = Address.of(base_url, api_version, environ or {})
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def from_environ(cls, key: Secret, environ: Mapping[str, str]) -> Self:
        """Return one for the address that the environment names, as google-genai reads it."""
        base, version = Address.named(environ)
        return cls(key, base, version, environ=environ)

    async def close(self) -> None:
        """Close all connections; calls in flight fail as `NETWORK`."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @abstractmethod
    def _connector(self) -> aiohttp.TCPConnector:
        """Make what keeps the connections."""

    def _headers(self) -> dict[str, str]:
        """Return what every request carries besides."""
        return {}

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, made when there is none yet."""
        if self._session is None:
            import aiohttp  # noqa: PLC0415  lazy: 0.2 s

            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "Accept-Encoding": "identity",  # unpacking costs more than it saves
                    "User-Agent": f"gemtag/{__version__}",
                    **self._headers(),
                },
                proxy=self.address.proxy or None,
            )
        return self._session

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Translate a reply that is not a success."""
        if 300 <= status < 400:
            return CallError(Trouble.REQUEST, _REDIRECTED, status)
        return translate(status, headers, body, self._key)


def failures() -> tuple[type[BaseException], ...]:
    """Return what the transport raises when an exchange fails; more than its own base class."""
    import aiohttp  # noqa: PLC0415

    return (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError, EOFError)


async def bounded(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return a whole body, or `None` when it has more than so many bytes."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            return None
    return b"".join(chunks)


def too_large(status: int) -> CallError:
    """Return what a body beyond the bound is taken for."""
    return CallError(Trouble.NETWORK, "The answer is far too large.", status)


def encoded(url: str) -> Any:
    """Return an address that is encoded already as the transport wants it."""
    import yarl  # noqa: PLC0415

    return yarl.URL(url, encoded=True)
