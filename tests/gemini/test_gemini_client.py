from __future__ import annotations

import asyncio
import gzip
import json
import socket

import pytest
from gemini_bodies import HTML, error
from gemini_server import http, raw_server

from gemtag_tui.core.calls import Answer, CallError, Trouble
from gemtag_tui.core.errors import SettingsError
from gemtag_tui.gemini import client as module
from gemtag_tui.gemini.address import DEFAULT_BASE, Address, is_loopback, proxy_for
from gemtag_tui.gemini.client import GeminiClient, ModelSeen
from gemtag_tui.gemini.key import Secret

KEY = "a-secret-key"
GOOD = json.dumps(
    {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}]}
).encode()
JSON = "Content-Type: application/json"
MODEL = "gemini-3.5-flash-lite"


async def ask(*answers: bytes | None, timeout: float = 5.0, body: bytes = b"{}"):
    async with raw_server(*answers) as server:
        client = GeminiClient(Secret(KEY), server.base)
        try:
            return await client.generate(MODEL, body, timeout), server.asked
        finally:
            await client.close()


async def test_one_call():
    outcome, asked = await ask(http("200 OK", GOOD, JSON, "x-gemini-service-tier: standard"))
    assert isinstance(outcome, Answer)
    assert (outcome.text, outcome.service_tier, outcome.provider) == ("{}", "standard", "google")
    assert len(asked) == 1
    assert asked[0].line == f"POST /v1/models/{MODEL}:generateContent HTTP/1.1"
    assert asked[0].headers["x-goog-api-key"] == KEY
    assert asked[0].headers["x-server-timeout"] == "5"
    assert asked[0].headers["content-type"] == "application/json"
    assert asked[0].headers["user-agent"].startswith("gemtag/")
    assert asked[0].body == b"{}"
    assert KEY not in asked[0].line


async def test_a_connection_is_used_again():
    async with raw_server(http("200 OK", GOOD, JSON)) as server:
        client = GeminiClient(Secret(KEY), server.base)
        for _ in range(3):
            assert isinstance(await client.generate(MODEL, b"{}", 5), Answer)
        await client.close()
        await client.close()


async def test_the_simulator_names_itself():
    outcome, _ = await ask(http("200 OK", GOOD, JSON, "X-Gemtag-Simulator: 1"))
    assert isinstance(outcome, Answer)
    assert outcome.provider == "simulator"


async def test_a_large_body_is_sent_whole():
    body = b"x" * 3_000_000
    outcome, asked = await ask(http("200 OK", GOOD, JSON), body=body)
    assert isinstance(outcome, Answer)
    assert asked[0].body == body


@pytest.mark.parametrize(
    ("answer", "trouble", "status"),
    [
        (http("502 Bad Gateway", HTML, "Content-Type: text/html"), Trouble.OVERLOADED, 502),
        (http("503 X", error(503, "Busy.", "UNAVAILABLE"), JSON), Trouble.OVERLOADED, 503),
        (http("200 OK", HTML, "Content-Type: text/html"), Trouble.NETWORK, 200),
        (http("200 OK", b""), Trouble.NETWORK, 200),
        (http("302 Found", b"", "Location: http://127.0.0.1:1/x"), Trouble.REQUEST, 302),
        (http("307 Moved", b"", "Location: /elsewhere"), Trouble.REQUEST, 307),
        (b"", Trouble.NETWORK, 0),
        (b"nonsense\r\n\r\n", Trouble.NETWORK, 0),
        (http("200 OK", GOOD, "Content-Encoding: gzip"), Trouble.NETWORK, 0),
        (http("200 OK", GOOD, "Connection: close", length=10_000), Trouble.NETWORK, 0),
    ],
)
async def test_trouble_is_a_value_and_the_post_is_never_sent_again(answer, trouble, status):
    outcome, asked = await ask(answer)
    assert isinstance(outcome, CallError)
    assert (outcome.trouble, outcome.http_status) == (trouble, status)
    assert len(asked) == 1
    assert KEY not in repr(outcome)


async def test_a_reset_of_a_used_connection_sends_nothing_again():
    async with raw_server(http("200 OK", GOOD, JSON), b"", http("200 OK", GOOD, JSON)) as server:
        client = GeminiClient(Secret(KEY), server.base)
        first = await client.generate(MODEL, b"{}", 5)
        second = await client.generate(MODEL, b"{}", 5)
        assert len(server.asked) == 2
        third = await client.generate(MODEL, b"{}", 5)
        await client.close()
    assert isinstance(first, Answer)
    assert isinstance(second, CallError)
    assert second.trouble is Trouble.NETWORK
    assert isinstance(third, Answer)


@pytest.mark.parametrize("answer", [None, http("200 OK", GOOD, length=10_000)])
async def test_a_hung_call_ends_at_its_deadline(answer):
    outcome, asked = await ask(answer, timeout=0.05)
    assert isinstance(outcome, CallError)
    assert outcome.trouble is Trouble.TIMEOUT
    assert len(asked) == 1


async def test_gzip_is_unpacked():
    outcome, _ = await ask(http("200 OK", gzip.compress(GOOD), "Content-Encoding: gzip"))
    assert isinstance(outcome, Answer)
    assert outcome.text == "{}"


@pytest.mark.parametrize("packed", [True, False])
async def test_a_huge_answer_is_given_up(packed, monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWER", 100_000)
    body = b" " * 2_000_000
    if packed:
        answer = http("200 OK", gzip.compress(body), "Content-Encoding: gzip")
    else:
        answer = http("200 OK", body)
    outcome, _ = await ask(answer)
    assert isinstance(outcome, CallError)
    assert "too large" in outcome.message


async def test_nobody_listening_is_a_value():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = GeminiClient(Secret(KEY), f"http://127.0.0.1:{port}")
    outcome = await client.generate(MODEL, b"{}", 5)
    await client.close()
    assert isinstance(outcome, CallError)
    assert outcome.trouble is Trouble.NETWORK


async def test_cancelling_passes_through():
    async with raw_server(None) as server:
        client = GeminiClient(Secret(KEY), server.base)
        task = asyncio.create_task(client.generate(MODEL, b"{}", 30))
        while not server.asked:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()


async def test_a_model_is_described():
    seen = {
        "name": f"models/{MODEL}",
        "displayName": "Lite",
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent"],
    }
    async with raw_server(
        http("200 OK", json.dumps(seen).encode(), "x-gemtag-simulator: 1")
    ) as server:
        client = GeminiClient(Secret(KEY), server.base)
        found = await client.get_model(MODEL)
        await client.close()
    assert found == ModelSeen(MODEL, "Lite", 1048576, 65536, ("generateContent",), "simulator")
    assert server.asked[0].line == f"GET /v1/models/{MODEL} HTTP/1.1"


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (http("404 X", error(404, "Gone.", "NOT_FOUND")), Trouble.MODEL),
        (http("200 OK", HTML), Trouble.NETWORK),
        (http("200 OK", b'{"inputTokenLimit": "x", "supportedGenerationMethods": 3}'), None),
    ],
)
async def test_strange_descriptions_of_a_model(answer, trouble):
    async with raw_server(answer) as server:
        client = GeminiClient(Secret(KEY), server.base)
        found = await client.get_model(MODEL)
        await client.close()
    if trouble is None:
        assert found == ModelSeen(MODEL)
    else:
        assert isinstance(found, CallError)
        assert found.trouble is trouble


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({}, f"{DEFAULT_BASE}/v1"),
        ({"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9/"}, "http://127.0.0.1:9/v1"),
        ({"GOOGLE_GEMINI_BASE_URL": "https://h/gw"}, "https://h/gw/v1"),
        ({"GOOGLE_GENAI_API_VERSION": "v1beta"}, f"{DEFAULT_BASE}/v1beta"),
        ({"GOOGLE_GENAI_API_VERSION": "beta"}, f"{DEFAULT_BASE}/v1beta"),
    ],
)
def test_the_environment_names_the_address(environ, root):
    assert GeminiClient.from_environ(Secret(KEY), environ).address.root == root


@pytest.mark.parametrize(
    "base",
    [
        "",
        "x",
        "ftp://h",
        "https://",
        "https://u:p@h",
        "https://h?x=1",
        "https://h:99999",
        "https://h\n",
    ],
)
def test_an_address_that_is_none_is_refused(base):
    with pytest.raises(SettingsError):
        GeminiClient(Secret(KEY), base)


@pytest.mark.parametrize("version", ["", "v1/../x", "v1?x"])
def test_a_version_that_is_none_is_refused(version):
    with pytest.raises(SettingsError):
        GeminiClient(Secret(KEY), DEFAULT_BASE, version)


@pytest.mark.parametrize(
    ("base", "secure"),
    [
        ("https://h", True),
        ("http://h", False),
        ("http://127.0.0.1:8", True),
        ("http://[::1]:8", True),
    ],
)
def test_whether_the_key_is_safe_on_its_way(base, secure):
    assert Address.of(base, "v1", {}).secure is secure


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "p:1"}, "http://p:1"),
        ({"all_proxy": "http://p:1"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.com"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, ""),
    ],
)
def test_proxies(environ, proxy):
    assert proxy_for("https", "api.example.com", environ) == proxy


def test_proxies_that_cannot_be_used_are_refused_and_loopback_needs_none():
    with pytest.raises(SettingsError):
        proxy_for("https", "h", {"https_proxy": "socks5://p:1"})
    assert proxy_for("http", "h", {"HTTP_PROXY": "http://p:1"}) == ""
    assert Address.of("http://127.0.0.1:8", "v1", {"http_proxy": "http://p:1"}).proxy == ""
    assert is_loopback("localhost")
    assert not is_loopback("example.com")


async def test_calls_go_through_a_proxy_with_its_password():
    async with raw_server(http("200 OK", GOOD, JSON)) as proxy:
        environ = {"http_proxy": proxy.base.replace("://", "://user:pass@")}
        client = GeminiClient(Secret(KEY), "http://example.invalid", environ=environ)
        outcome = await client.generate(MODEL, b"{}", 5)
        await client.close()
    assert isinstance(outcome, Answer)
    assert proxy.asked[0].line.startswith("POST http://example.invalid/v1/models/")
    assert proxy.asked[0].headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
