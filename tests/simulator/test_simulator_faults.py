from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from simulator_tools import MODEL, FakeClock, body, calling, picture, text_of

from gemtag_tui.simulator import ConfigError, Latency, Poison, Rule, SimulatorConfig, load_config
from gemtag_tui.simulator.catalogue import ANSWERS, ERRORS, FAULTS, REFUSALS, WIRE
from gemtag_tui.simulator.faults import fraction
from gemtag_tui.simulator.models import MODELS
from gemtag_tui.simulator.refusals import refusal
from gemtag_tui.simulator.replies import _EDITS
from gemtag_tui.simulator.wire import _FAULTS

PATH = f"/v1/models/{MODEL}:generateContent"


def fault(name, **more):
    return {"faults": (Rule(fault=name, **more),)}


def test_every_fault_in_the_catalogue_does_something():
    limits = SimulatorConfig().limits
    errors = {name for name in FAULTS if refusal(name, MODELS[MODEL], limits)}
    assert {*REFUSALS, *ERRORS} <= errors
    assert set(WIRE) == set(_FAULTS)
    assert set(ANSWERS) == set(_EDITS)


@pytest.mark.parametrize(
    ("name", "code", "status", "words"),
    [
        ("overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        ("high_demand", 503, "UNAVAILABLE", "Spikes in demand are usually temporary."),
        ("internal", 500, "INTERNAL", "Please retry or report in https://developers."),
        ("internal_short", 500, "INTERNAL", "Internal error encountered."),
        ("deadline", 504, "DEADLINE_EXCEEDED", "Deadline expired before operation could"),
        ("cancelled", 499, "CANCELLED", "cancelled"),
        ("bare_429", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        ("vertex_429", 429, "RESOURCE_EXHAUSTED", "Please refer to https://cloud.google.com/"),
        ("prepay_depleted", 429, "RESOURCE_EXHAUSTED", "prepayment credits are depleted"),
        ("monthly_cap", 429, "RESOURCE_EXHAUSTED", "exceeded its monthly spending cap"),
        ("spend_cap", 403, "PERMISSION_DENIED", "Spend cap breached for project"),
        ("leaked_key", 403, "PERMISSION_DENIED", "was reported as leaked"),
        ("service_blocked", 403, "PERMISSION_DENIED", "are blocked."),
        ("failed_precondition", 400, "FAILED_PRECONDITION", "not available in your country"),
        ("bad_key", 400, "INVALID_ARGUMENT", "API key not valid."),
        ("retired_model", 404, "NOT_FOUND", "no longer available to new users"),
        ("invalid_image", 400, "INVALID_ARGUMENT", "Provided image is not valid."),
        ("unprocessable_image", 400, "INVALID_ARGUMENT", "Unable to process input image."),
        ("invalid_argument", 400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
        ("too_many_tokens", 400, "INVALID_ARGUMENT", "maximum number of tokens allowed 1048576"),
        ("quota_minute", 429, "RESOURCE_EXHAUSTED", "Please retry in 35.174346048s."),
        ("quota_tokens", 429, "RESOURCE_EXHAUSTED", "input_token_count, limit: 250000"),
        ("quota_day", 429, "RESOURCE_EXHAUSTED", "Please retry in 26.211922938s."),
        ("quota_zero", 429, "RESOURCE_EXHAUSTED", "limit: 0"),
        ("quota_help", 429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
    ],
)
async def test_errors_in_json(name, code, status, words):
    async with calling(**fault(name)) as api:
        error = await api.error()
        assert (error["code"], error["status"]) == (code, status)
        assert words in error["message"]
        report = api.simulator.stats()
        assert report["paid_answers"] == 0
        assert report["faults"] == {name: 1}
        assert report["most_admitted_in_a_minute"] == (0 if name in REFUSALS else 1)


async def test_a_list_of_one_error_and_a_page_of_html():
    async with calling(**fault("error_list")) as api:
        status, _, answer = await api.send("POST", PATH, json=body())
        assert (status, json.loads(answer)[0]["error"]["code"]) == (503, 503)
    async with calling(**fault("html_502")) as api:
        status, headers, answer = await api.send("POST", PATH, json=body())
        assert (status, answer[:15]) == (502, b"<!DOCTYPE html>")
        assert headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("name", "error", "paid"),
    [
        ("reset_before", aiohttp.ClientConnectionError, 0),
        ("reset_after", aiohttp.ClientConnectionError, 1),
        ("truncated_body", aiohttp.ClientPayloadError, 1),
    ],
)
async def test_broken_connections(name, error, paid):
    async with calling(**fault(name, limit=1)) as api:
        with pytest.raises((error, aiohttp.ClientPayloadError)):
            await api.ask()
        assert api.simulator.stats()["paid_answers"] == paid
        assert (await api.ask())[0] == 200


async def test_a_hung_call_ends_with_its_client():
    async with calling(**fault("hang", limit=1)) as api:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(api.ask(), 0.2)
        while not api.simulator.stats()["abandoned"]:
            await asyncio.sleep(0.01)
        assert api.simulator.stats()["in_flight"] == 0
        assert (await api.ask())[0] == 200


async def test_slow_answers_take_the_clocks_time():
    clock = FakeClock()
    async with calling(clock, **fault("slow", seconds=300)) as api:
        started = clock.now()
        assert (await api.ask())[0] == 200
        assert clock.now() - started == 300
    async with calling(clock, **fault("drip", seconds=10)) as api:
        started = clock.now()
        assert (await api.ask())[0] == 200
        assert 0 < clock.now() - started <= 10


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("invalid_json", ValueError),
        ("invalid_utf8", UnicodeDecodeError),
        ("empty_body", ValueError),
    ],
)
async def test_bodies_that_are_no_json(name, error):
    async with calling(**fault(name)) as api:
        status, _, answer = await api.send("POST", PATH, json=body())
        assert status == 200
        with pytest.raises(error):
            json.loads(answer.decode("utf-8"))


async def test_a_huge_body_is_as_large_as_told():
    async with calling(**fault("huge_body", size=3_000_000)) as api:
        _, answer = await api.ask()
        assert len(text_of(answer)) == 3_000_000


def parts(answer):
    return answer["candidates"][0]["content"].get("parts")


def reason(answer):
    return answer["candidates"][0]["finishReason"]


@pytest.mark.parametrize(
    "value", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY"]
)
async def test_blocked_prompts_have_no_candidates(value):
    async with calling(**fault("blocked", value=value)) as api:
        _, answer = await api.ask()
        assert "candidates" not in answer
        assert answer["promptFeedback"] == {"blockReason": value}
        assert answer["usageMetadata"]["promptTokenCount"] > 0
        assert "candidatesTokenCount" not in answer["usageMetadata"]


@pytest.mark.parametrize(
    "value", ["SAFETY", "RECITATION", "SPII", "IMAGE_SAFETY", "CONTINUATION", "NEW_ONE"]
)
async def test_any_finish_reason(value):
    async with calling(**fault("finish", value=value)) as api:
        _, answer = await api.ask()
        assert reason(answer) == value
        assert parts(answer) is None


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("truncated_json", lambda a: reason(a) == "MAX_TOKENS" and not text_of(a).endswith("}")),
        ("thoughts_only", lambda a: reason(a) == "MAX_TOKENS" and parts(a) is None),
        ("empty_parts", lambda a: reason(a) == "STOP" and parts(a) == []),
        ("empty_text", lambda a: text_of(a) == ""),
        ("no_candidates", lambda a: "candidates" not in a and "promptFeedback" not in a),
        ("not_json", lambda a: text_of(a).startswith("Sure!")),
        ("wrong_shape", lambda a: isinstance(json.loads(text_of(a)), list)),
        ("degenerate", lambda a: text_of(a).count("the ") > 1000 and reason(a) == "MAX_TOKENS"),
        ("fenced", lambda a: text_of(a).startswith("```json\n{")),
        ("hostile", lambda a: "\x1b[31m" in json.loads(text_of(a))["summary"]),
        ("huge_text", lambda a: len(json.loads(text_of(a))["summary"]) >= 1_000_000),
        ("rerouted", lambda a: a["modelVersion"] == "gemini-3.5-flash-lite"),
        ("unknown_enums", lambda a: reason(a) == "TELEPATHY"),
        ("unknown_keys", lambda a: "rumourTokenCount" in a["usageMetadata"]),
        ("missing_usage", lambda a: "usageMetadata" not in a),
    ],
)
async def test_strange_answers(name, holds):
    async with calling(**fault(name)) as api:
        status, answer = await api.ask(model="gemini-3.1-flash-lite")
        assert status == 200
        assert holds(answer)
        assert api.simulator.stats()["paid_answers"] == 1


async def test_a_swapped_answer_is_of_another_picture():
    async with calling(**fault("swapped", limit=1)) as api:
        _, wrong = await api.ask()
        _, right = await api.ask()
        assert set(json.loads(text_of(wrong))) == set(json.loads(text_of(right)))
        assert text_of(wrong) != text_of(right)


async def statuses(api, count, payload=None):
    return [(await api.ask(payload))[0] for _ in range(count)]


async def test_scripts_by_number_of_the_call():
    async with calling(**fault("overloaded", calls=((2, 3), (5, 5)))) as api:
        assert await statuses(api, 6) == [200, 503, 503, 200, 503, 200]


async def test_scripts_by_time():
    clock = FakeClock()
    async with calling(clock, **fault("high_demand", window=(60, 180))) as api:
        seen = []
        for _ in range(5):
            seen += await statuses(api, 1)
            clock.advance(59)
        assert seen == [200, 200, 503, 503, 200]


async def test_scripts_by_attempt_at_the_same_picture():
    async with calling(**fault("internal", attempts=((1, 2),))) as api:
        assert await statuses(api, 3) == [500, 500, 200]
        assert await statuses(api, 3, body(picture("white"))) == [500, 500, 200]


async def test_scripts_by_picture_and_by_model():
    marked = picture(comment=b"MARK-ME")
    async with calling(**fault("blocked", marker="MARK-ME")) as api:
        assert "candidates" not in (await api.ask(body(marked)))[1]
        assert "candidates" in (await api.ask())[1]
        (digest,) = [k for k, v in api.simulator.stats()["paid_by_image"].items()][:1]
    async with calling(**fault("blocked", sha256=(digest[:12],))) as api:
        assert "candidates" not in (await api.ask(body(marked)))[1]
        assert "candidates" in (await api.ask())[1]
    async with calling(**fault("internal", models=("gemini-3.6-flash",))) as api:
        assert (await api.ask())[0] == 200
        assert (await api.ask(model="gemini-3.6-flash"))[0] == 500


async def test_poisoned_pictures_are_the_same_each_time_and_about_the_share():
    poison = (Poison(share=0.3, fault="finish", value="SAFETY", seed=4),)
    contents = [b"picture %d" % at for at in range(60)]

    async def bad():
        async with calling(poison=poison, pixels=False) as api:
            answers = [(await api.ask(body(content)))[1] for content in contents]
        return [at for at, answer in enumerate(answers) if reason(answer) == "SAFETY"]

    first = await bad()
    assert first == await bad()
    assert 8 <= len(first) <= 28


def test_shares_of_pictures_are_even():
    hit = sum(fraction(7, f"{at}") < 0.05 for at in range(4000))
    assert 140 < hit < 260


async def test_a_share_of_calls_is_drawn_from_the_seed():
    async with calling(seed=3, **fault("overloaded", share=0.5)) as api:
        first = await statuses(api, 30)
    async with calling(seed=3, **fault("overloaded", share=0.5)) as api:
        assert await statuses(api, 30) == first
    assert 5 < first.count(503) < 25


async def test_after_means_done_and_billed_but_not_said():
    async with calling(**fault("deadline", after=True)) as api:
        assert (await api.ask())[0] == 504
        assert api.simulator.stats()["paid_answers"] == 1
    async with calling(**fault("reset_before", after=True)) as api:
        with pytest.raises(aiohttp.ClientError):
            await api.ask()
        assert api.simulator.stats()["paid_answers"] == 1


async def test_faults_of_other_methods():
    async with calling(**fault("internal", methods=("models",), limit=1)) as api:
        assert (await api.send("GET", "/v1/models"))[0] == 500
        assert (await api.send("GET", "/v1/models"))[0] == 200
        assert (await api.ask())[0] == 200
    async with calling(**fault("html_502", methods=("models",))) as api:
        assert (await api.send("GET", "/v1/models"))[0] == 502


async def test_latency_is_drawn_around_its_mean():
    clock = FakeClock()
    async with calling(clock, latency=Latency(mean=2, jitter=0.5, flex_factor=10)) as api:
        for tier, factor in (("standard", 1), ("flex", 10)):
            started = clock.now()
            await api.ask(body(serviceTier=tier))
            assert 1.5 * factor <= clock.now() - started <= 2.5 * factor


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.json", '{"faults": [{"fault": "nonsense"}]}', "unknown fault 'nonsense'"),
        ("f.json", '{"faults": [{"fault": "hang", "shore": 1}]}', "`shore`"),
        ("f.json", '{"latency": {"mean": -1}}', "`$.latency.mean`"),
        ("f.json", "{", "f.json"),
        ("f.toml", "limits = 3", "`$.limits`"),
        ("f.toml", "[limits", "f.toml"),
    ],
)
def test_a_faults_file_with_a_mistake_is_refused_with_its_place(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_faults_files_in_both_languages(tmp_path):
    (tmp_path / "a.json").write_text(
        '{"limits": {"rpm": 5}, "poison": [{"share": 0.1, "fault": "blocked"}]}'
    )
    (tmp_path / "a.toml").write_text(
        '[limits]\nrpm = 5\n[[poison]]\nshare = 0.1\nfault = "blocked"\n'
    )
    read = load_config(tmp_path / "a.json")
    assert read == load_config(tmp_path / "a.toml")
    assert read.limits.rpm == 5
    with pytest.raises(ConfigError):
        load_config(tmp_path / "missing.json")
