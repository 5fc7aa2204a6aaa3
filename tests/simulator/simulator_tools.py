"""Things the simulator's tests share."""

from __future__ import annotations

import base64
import io
import json
from contextlib import asynccontextmanager

import aiohttp
from PIL import Image, ImageDraw

from gemtag_tui.simulator import Simulator, SimulatorConfig

MODEL = "gemini-3.5-flash-lite"
SCHEMA = {
    "type": "OBJECT",
    "properties": {
        "summary": {"type": "STRING"},
        "colours": {"type": "ARRAY", "items": {"type": "STRING"}, "maxItems": 3},
    },
    "required": ["summary", "colours"],
}


class FakeClock:
    """Time that moves when told; sleeping moves it too."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)


def picture(ground="teal", shape="red", size=(160, 120), kind="JPEG", comment=b"") -> bytes:
    image = Image.new("RGB", size, ground)
    width, height = size
    box = (width // 2 - 30, height // 2 - 30, width // 2 + 30, height // 2 + 30)
    ImageDraw.Draw(image).ellipse(box, fill=shape)
    out = io.BytesIO()
    image.save(out, kind, quality=92)
    return out.getvalue() + comment


def body(content: bytes | None = None, mime="image/jpeg", config=None, **more) -> dict:
    content = picture() if content is None else content
    data = base64.b64encode(content).decode()
    return {
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "Tag it."}, {"inlineData": {"mimeType": mime, "data": data}}],
            }
        ],
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": SCHEMA,
            **(config or {}),
        },
        **more,
    }


class Caller:
    """A raw client of one simulator."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator, self.session = simulator, session

    async def ask(self, payload=None, *, model=MODEL, version="v1", method="generateContent"):
        """Status and parsed body of a POST to a model."""
        payload = body() if payload is None else payload
        url = f"{self.simulator.base_url}/{version}/models/{model}:{method}"
        async with self.session.post(url, data=json.dumps(payload).encode()) as response:
            assert response.headers["x-gemtag-simulator"] == "1"
            return response.status, json.loads(await response.read())

    async def send(self, verb, path, **more):
        """Status, headers and bytes of any request."""
        async with self.session.request(verb, self.simulator.base_url + path, **more) as response:
            return response.status, response.headers, await response.read()

    async def error(self, payload=None, **more):
        """The error object of a refused call."""
        status, answer = await self.ask(payload, **more)
        assert answer["error"]["code"] == status
        return answer["error"]


@asynccontextmanager
async def calling(clock=None, key="test", **config):
    headers = {"x-goog-api-key": key} if key else {}
    async with (
        Simulator(SimulatorConfig(**config), clock=clock) as simulator,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        yield Caller(simulator, session)


def text_of(answer: dict) -> str:
    return answer["candidates"][0]["content"]["parts"][0]["text"]
