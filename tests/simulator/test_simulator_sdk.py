"""The real SDK against the simulator, its transport pinned to httpx2."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from google import genai
from google.genai import errors, types
from simulator_tools import MODEL, FakeClock, body, picture

from gemtag_tui.simulator import Batches, Limits, Poison, Simulator, SimulatorConfig

SCHEMA = {
    "type": "OBJECT",
    "properties": {"colours": {"type": "ARRAY", "items": {"type": "STRING"}}},
    "required": ["colours"],
}


@asynccontextmanager
async def sdk(clock=None, key="test", **config):
    async with (
        Simulator(SimulatorConfig(**config), clock=clock) as simulator,
        httpx2.AsyncClient(trust_env=False) as transport,
    ):
        options = types.HttpOptions(base_url=simulator.base_url, httpx_async_client=transport)
        client = genai.Client(api_key=key, http_options=options)
        yield client.aio, simulator
        client.close()


def contents(content):
    return [types.Part.from_bytes(data=content, mime_type="image/jpeg"), "Tag this picture."]


async def test_generate_content_with_a_schema():
    async with sdk() as (client, _):
        config = types.GenerateContentConfig(
            system_instruction="Answer in JSON.",
            response_mime_type="application/json",
            response_schema=SCHEMA,
            media_resolution="MEDIA_RESOLUTION_LOW",
            thinking_config=types.ThinkingConfig(thinking_level="MINIMAL"),
            max_output_tokens=300,
            service_tier="flex",
        )
        answer = await client.models.generate_content(
            model=MODEL, contents=contents(picture()), config=config
        )
        assert answer.parsed == {"colours": ["teal", "red"]}
        assert answer.model_version == MODEL
        assert answer.usage_metadata.prompt_token_count > 200
        assert answer.sdk_http_response.headers["x-gemini-service-tier"] == "flex"
        assert answer.sdk_http_response.headers["x-gemtag-simulator"] == "1"
        counted = await client.models.count_tokens(model=MODEL, contents=contents(picture()))
        assert counted.total_tokens > 1000


async def test_errors_reach_the_sdk_whole():
    async with sdk(limits=Limits(rpm=0), bad_keys=("bad",)) as (client, _):
        with pytest.raises(errors.ClientError) as caught:
            await client.models.generate_content(model=MODEL, contents="x")
        assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
        details = caught.value.details["error"]["details"]
        assert details[1]["violations"][0]["quotaValue"] == "0"
    async with sdk(key="bad", bad_keys=("bad",)) as (client, _):
        with pytest.raises(errors.ClientError) as caught:
            await client.models.generate_content(model=MODEL, contents="x")
        assert caught.value.code == 400


async def test_blocked_prompts_look_empty():
    poison = (Poison(share=1.0, fault="blocked", value="PROHIBITED_CONTENT"),)
    async with sdk(poison=poison) as (client, _):
        answer = await client.models.generate_content(model=MODEL, contents=contents(picture()))
        assert answer.candidates is None
        assert answer.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT


async def test_models():
    async with sdk() as (client, _):
        names = [model.name async for model in await client.models.list(config={"page_size": 3})]
        assert f"models/{MODEL}" in names
        model = await client.models.get(model=MODEL)
        assert "batchGenerateContent" in model.supported_actions


async def test_files(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"x" * 9_000_000)
    async with sdk() as (client, _):
        file = await client.files.upload(
            file=path, config={"mime_type": "application/jsonl", "display_name": "in"}
        )
        assert (file.size_bytes, file.state) == (9_000_000, types.FileState.ACTIVE)
        assert (await client.files.get(name=file.name)).display_name == "in"
        assert [one.name async for one in await client.files.list()] == [file.name]
        await client.files.delete(name=file.name)
        with pytest.raises(errors.ClientError):
            await client.files.get(name=file.name)


async def test_a_batch_from_a_file(tmp_path):
    clock = FakeClock()
    path = tmp_path / "in.jsonl"
    lines = [
        {"key": f"k{at}", "request": body(picture(colour))}
        for at, colour in enumerate(["red", "teal"])
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    async with sdk(clock, batches=Batches(pending_seconds=5, running_seconds=5)) as (client, _):
        file = await client.files.upload(file=path, config={"mime_type": "application/jsonl"})
        job = await client.batches.create(
            model=MODEL, src=file.name, config={"display_name": "mine"}
        )
        assert job.state == types.JobState.JOB_STATE_PENDING
        listed = [one async for one in await client.batches.list()]
        assert [(one.name, one.display_name) for one in listed] == [(job.name, "mine")]
        clock.advance(20)
        job = await client.batches.get(name=job.name)
        assert job.state == types.JobState.JOB_STATE_SUCCEEDED
        assert job.done
        results = await client.files.download(file=job.dest.file_name)
        assert {json.loads(one)["key"] for one in results.splitlines()} == {"k0", "k1"}
        with pytest.raises(errors.ClientError, match="40 characters"):
            await client.files.get(name=job.dest.file_name)
        await client.batches.delete(name=job.name)
        with pytest.raises(errors.ClientError):
            await client.batches.get(name=job.name)


async def test_an_inlined_batch_and_cancelling():
    clock = FakeClock()
    async with sdk(clock) as (client, _):
        request = types.InlinedRequest(
            contents=[types.Content(role="user", parts=contents(picture())[:1])]
        )
        job = await client.batches.create(model=MODEL, src=[request], config={"display_name": "a"})
        other = await client.batches.create(
            model=MODEL, src=[request], config={"display_name": "b"}
        )
        await client.batches.cancel(name=other.name)
        clock.advance(3600)
        job = await client.batches.get(name=job.name)
        assert "picture" in job.dest.inlined_responses[0].response.text
        other = await client.batches.get(name=other.name)
        assert other.state == types.JobState.JOB_STATE_CANCELLED
