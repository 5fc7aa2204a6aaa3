"""The hot path's HTTP client: one POST a call, never sent twice, never raising for the network."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from gemtag_tui.core.calls import CallError, Outcome, Trouble
from gemtag_tui.gemini.answers import SIMULATOR_HEADER, parse_answer
from gemtag_tui.gemini.counts import TokenCount, count_body, parse_count
from gemtag_tui.gemini.errors import translate_exception
from gemtag_tui.gemini.wire import CONNECT_SECONDS, Wire, bounded, encoded, failures, too_large

if TYPE_CHECKING:
    import aiohttp

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


class GeminiClient(Wire):
    """Calls to one API address with one key; see `Wire` for the arguments."""

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

    async def _call(
        self, method: str, what: str, timeout: float, body: bytes | None = None
    ) -> tuple[bytes, Mapping[str, str]] | CallError:
        """Return body and headers of a 200, or what went wrong."""
        try:
            return await self._exchange(method, what, timeout, body)
        except failures() as error:
            return translate_exception(error, self._key)

    async def _exchange(
        self, method: str, what: str, timeout: float, body: bytes | None
    ) -> tuple[bytes, Mapping[str, str]] | CallError:
        import aiohttp  # noqa: PLC0415  lazy: 0.2 s

        data = io.BytesIO(body) if body is not None and len(body) > _LARGE_BODY else body
        request = self._open().request(
            method,
            _url(self.address.root, what),
            data=data,
            headers={"X-Server-Timeout": str(math.ceil(timeout))},
            timeout=aiohttp.ClientTimeout(total=timeout, connect=min(timeout, CONNECT_SECONDS)),
            allow_redirects=False,
        )
        async with request as response:
            got = await bounded(response, MAX_ANSWER)
            if got is None:
                response.close()
                return too_large(response.status)
            if response.status == 200:
                return got, response.headers
            return self._refusal(response.status, response.headers, got)

    def _connector(self) -> aiohttp.TCPConnector:
        import aiohttp  # noqa: PLC0415

        return aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS, ttl_dns_cache=300)

    def _headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self._key.reveal(), "Content-Type": "application/json"}


@lru_cache(maxsize=64)
def _url(root: str, what: str) -> Any:
    return encoded(f"{root}/models/{quote(what, safe=':')}")


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
