"""The hot path's HTTP client: one POST a call, never sent twice, never raising for the network."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from gemtag_tui import __version__
from gemtag_tui.core.calls import CallError, Outcome, Trouble
from gemtag_tui.gemini.address import DEFAULT_BASE, Address
from gemtag_tui.gemini.answers import SIMULATOR_HEADER, parse_answer
from gemtag_tui.gemini.counts import TokenCount, count_body, parse_count
from gemtag_tui.gemini.errors import translate, translate_exception
from gemtag_tui.gemini.key import Secret

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 15.0
"""For name, connection and TLS of one call."""
MAX_ANSWER = 32 * 1024 * 1024
"""Bytes of an answer, after decompression, beyond which it is given up."""
KEEPALIVE_SECONDS = 60.0
"""How long an idle connection is kept: less than Google's servers do."""

_LARGE_BODY = 1 << 20
"""aiohttp wants bodies over this size as a stream, so that they do not hold up the loop."""


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """What `models.get` says. It is no proof that generateContent serves the model to this key."""

    name: str
    title: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    methods: tuple[str, ...] = ()
    provider: str = "google"


class GeminiClient:
    """Calls to one API address with one key.

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
        self._urls: dict[str, Any] = {}

    @classmethod
    def from_environ(cls, key: Secret, environ: Mapping[str, str]) -> GeminiClient:
        """Return a client for the address that the environment names, as google-genai reads it."""
        base, version = Address.named(environ)
        return cls(key, base, version, environ=environ)

    async def generate(self, model: str, body: bytes, timeout: float) -> Outcome:
        """Send one request and read its answer.

        Args:
            model: without `models/`.
            body: from `RequestForm.body`.
            timeout: seconds for the whole call; never sent again by itself.
        """
        got = await self._call("POST", f"{model}:generateContent", timeout, body)
        if isinstance(got, CallError):
            return got
        return parse_answer(got[0], got[1])

    async def get_model(self, model: str, timeout: float = 20.0) -> ModelSeen | CallError:
        """Ask for a model's description: free, and it shows whether key and connection work."""
        got = await self._call("GET", model, timeout)
        return got if isinstance(got, CallError) else _model_seen(model, got[0], got[1])

    async def count_tokens(self, model: str, body: bytes, timeout: float) -> TokenCount | CallError:
        """Ask what a request counts for: free, and nothing is generated.

        Args:
            model: without `models/`.
            body: from `RequestForm.body`.
            timeout: seconds for the whole call.
        """
        wrapped = count_body(model, body)
        got = await self._call("POST", f"{model}:countTokens", timeout, wrapped)
        return got if isinstance(got, CallError) else parse_count(got[0])

    async def close(self) -> None:
        """Close all connections; calls in flight fail as `NETWORK`."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(
        self, method: str, what: str, timeout: float, body: bytes | None = None
    ) -> tuple[bytes, Mapping[str, str]] | CallError:
        """Return body and headers of a 200, or what went wrong."""
        import aiohttp  # noqa: PLC0415  lazy: 0.2 s

        failures = (
            aiohttp.ClientError,
            aiohttp.http_exceptions.HttpProcessingError,
            OSError,
            EOFError,
        )
        try:
            return await self._exchange(method, what, timeout, body)
        except failures as error:
            return translate_exception(error, self._key)

    async def _exchange(
        self, method: str, what: str, timeout: float, body: bytes | None
    ) -> tuple[bytes, Mapping[str, str]] | CallError:
        import aiohttp  # noqa: PLC0415

        session = self._session or self._open()
        data = io.BytesIO(body) if body is not None and len(body) > _LARGE_BODY else body
        request = session.request(
            method,
            self._url(what),
            data=data,
            headers={"X-Server-Timeout": str(math.ceil(timeout))},
            timeout=aiohttp.ClientTimeout(total=timeout, connect=min(timeout, CONNECT_SECONDS)),
            allow_redirects=False,
        )
        async with request as response:
            got = await _read(response)
            if got is None:
                response.close()
                return CallError(Trouble.NETWORK, "The answer is far too large.", response.status)
            if response.status == 200:
                return got, response.headers
            return self._refused(response, got)

    def _refused(self, response: aiohttp.ClientResponse, body: bytes) -> CallError:
        if 300 <= response.status < 400:
            words = (
                "The address answers with a redirect, which is not followed: correct the base URL."
            )
            return CallError(Trouble.REQUEST, words, response.status)
        return translate(response.status, response.headers, body, self._key)

    def _url(self, what: str) -> Any:
        if what not in self._urls:
            import yarl  # noqa: PLC0415

            path = f"{self.address.root}/models/{quote(what, safe=':')}"
            self._urls[what] = yarl.URL(path, encoded=True)
        return self._urls[what]

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp  # noqa: PLC0415

        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEPALIVE_SECONDS, ttl_dns_cache=300
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "x-goog-api-key": self._key.reveal(),
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",  # unpacking a small answer costs more than it saves
                "User-Agent": f"gemtag/{__version__}",
            },
            proxy=self.address.proxy or None,
        )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Return a bounded body, or `None` when it is larger."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER:
            return None
    return b"".join(chunks)


def _model_seen(model: str, body: bytes, headers: Mapping[str, str]) -> ModelSeen | CallError:
    try:
        seen = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        seen = None
    if not isinstance(seen, dict):
        return CallError(Trouble.NETWORK, "What answers there is not the Gemini API.", 200)
    methods = seen.get("supportedGenerationMethods")
    return ModelSeen(
        name=str(seen.get("name", "")).removeprefix("models/") or model,
        title=str(seen.get("displayName", "")),
        input_tokens=_number(seen.get("inputTokenLimit")),
        output_tokens=_number(seen.get("outputTokenLimit")),
        methods=tuple(str(one) for one in methods) if isinstance(methods, list) else (),
        provider="simulator" if SIMULATOR_HEADER in headers else "google",
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
