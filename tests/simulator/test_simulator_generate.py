from __future__ import annotations

import base64
import json

import pytest
from simulator_tools import MODEL, body, calling, picture, text_of

from gemtag_tui.simulator import Limits


async def test_the_answer_comes_from_the_picture_and_obeys_the_schema():
    async with calling() as api:
        status, answer = await api.ask(body(picture("teal", "red")))
        tags = json.loads(text_of(answer))
        assert status == 200
        assert tags["colours"] == ["teal", "red"]
        assert tags["summary"] == "A dim landscape picture, mostly teal with a red disc."
        _, other = await api.ask(body(picture("white", "navy", size=(120, 160))))
        tags = json.loads(text_of(other))
        assert tags["colours"] == ["white", "navy"]
        assert "portrait" in tags["summary"]


async def test_usage_has_googles_shape_and_adds_up():
    async with calling() as api:
        payload = body(config={"mediaResolution": "MEDIA_RESOLUTION_LOW"})
        _, answer = await api.ask(payload)
        usage = answer["usageMetadata"]
        details = {one["modality"]: one["tokenCount"] for one in usage["promptTokensDetails"]}
        assert usage["promptTokenCount"] == sum(details.values())
        assert 200 < details["IMAGE"] <= 280
        assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
        assert usage["serviceTier"] == "standard"
        assert answer["modelVersion"] == MODEL
        assert answer["responseId"]
        assert answer["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize(
    ("model", "resolution", "size", "tokens"),
    [
        ("gemini-2.5-flash-lite", "MEDIA_RESOLUTION_LOW", (400, 400), 64),
        ("gemini-2.5-flash-lite", "MEDIA_RESOLUTION_MEDIUM", (400, 400), 256),
        ("gemini-2.5-flash-lite", "MEDIA_RESOLUTION_UNSPECIFIED", (384, 384), 258),
        ("gemini-2.5-flash-lite", "MEDIA_RESOLUTION_UNSPECIFIED", (960, 540), 6 * 258),
        (MODEL, "MEDIA_RESOLUTION_LOW", (400, 400), 256),
        (MODEL, "MEDIA_RESOLUTION_UNSPECIFIED", (400, 400), 33 * 33),
    ],
)
async def test_image_tokens_follow_family_and_resolution(model, resolution, size, tokens):
    async with calling() as api:
        payload = body(picture(size=size), config={"mediaResolution": resolution})
        _, answer = await api.ask(payload, model=model)
        assert answer["usageMetadata"]["promptTokensDetails"][1]["tokenCount"] == tokens


async def test_both_spellings_and_versions_mean_the_same():
    async with calling() as api:
        data = base64.b64encode(picture()).decode()
        snake = {
            "contents": [{"parts": [{"inline_data": {"mime_type": "image/jpeg", "data": data}}]}],
            "system_instruction": {"parts": [{"text": "Be short."}]},
            "generation_config": {
                "response_mime_type": "application/json",
                "response_schema": body()["generationConfig"]["responseSchema"],
                "max_output_tokens": "500",
            },
            "service_tier": "flex",
        }
        status, answer = await api.ask(snake, version="v1beta")
        assert status == 200
        assert answer["usageMetadata"]["serviceTier"] == "flex"
        _, camel = await api.ask(version="v1")
        assert text_of(answer) == text_of(camel)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"foo": 1}, 'Unknown name "foo": Cannot find field.'),
        (
            {"generationConfig": {"thinking": 1}},
            "Unknown name \"thinking\" at 'generation_config': Cannot find field.",
        ),
        (
            {"systemInstruction": [{"parts": []}]},
            'Unknown name "systemInstruction": Proto field is not repeating, cannot start list.',
        ),
        (
            {"generationConfig": {"maxOutputTokens": "many"}},
            "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), \"many\"",
        ),
        (
            {"generationConfig": {"mediaResolution": "LOW"}},
            (
                "Invalid value at 'generation_config.media_resolution' "
                "(type.googleapis.com/google.ai.generativelanguage.v1."
                'GenerationConfig.MediaResolution), "LOW"'
            ),
        ),
        ({"contents": []}, "contents is not specified"),
        ({"generationConfig": {"presencePenalty": 0.5}}, "Penalty is not enabled"),
        (
            {"generationConfig": {"responseSchema": {"type": "OBJECT"}}},
            "only supported with response_mime_type",
        ),
        (
            {
                "generationConfig": {
                    "responseMimeType": "application/json",
                    "responseSchema": {"type": "ARRAY"},
                }
            },
            "response_schema.items: missing field.",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_in_googles_words(change, words):
    async with calling() as api:
        error = await api.error({**body(), **change})
        assert error["status"] == "INVALID_ARGUMENT"
        assert words in error["message"]


async def test_a_last_turn_of_the_model_is_refused_by_newer_models_only():
    payload = body()
    payload["contents"].append({"role": "model", "parts": [{"text": "{"}]})
    async with calling() as api:
        assert (await api.error(payload))["code"] == 400
        assert (await api.ask(payload, model="gemini-2.5-flash-lite"))[0] == 200


@pytest.mark.parametrize(
    ("mime", "content", "words"),
    [
        ("image/gif", b"GIF89a", "Unsupported MIME type: image/gif"),
        ("image/jpg", picture(), "Unsupported MIME type: image/jpg"),
        ("image/jpeg", b"no picture at all", "Provided image is not valid."),
        ("image/png", b"GIF89a" + b"\0" * 40, "Provided image is not valid."),
        ("image/jpeg", picture(size=(900, 900))[:900], "Unable to process input image."),
    ],
)
async def test_bad_pictures_are_refused_each_time(mime, content, words):
    async with calling() as api:
        for _ in range(2):
            error = await api.error(body(content, mime))
            assert error["message"].startswith(words)
        assert api.simulator.stats()["paid_answers"] == 0


async def test_a_picture_of_too_many_pixels_is_refused_before_decoding():
    async with calling(max_pixels=10_000) as api:
        assert "Unable to process" in (await api.error(body(picture())))["message"]


async def test_bad_base64_is_named():
    payload = body()
    payload["contents"][0]["parts"][1]["inlineData"]["data"] = "@@@"
    async with calling() as api:
        assert "Base64 decoding failed" in (await api.error(payload))["message"]


async def test_base64url_without_padding_is_accepted():
    payload = body()
    data = payload["contents"][0]["parts"][1]["inlineData"]
    data["data"] = data["data"].replace("+", "-").replace("/", "_").rstrip("=")
    async with calling() as api:
        assert (await api.ask(payload))[0] == 200


@pytest.mark.parametrize(
    ("model", "thinking", "status"),
    [
        ("gemini-3.8-flash", {"thinkingLevel": "MINIMAL"}, 400),
        ("gemini-3.7-flash", {"thinkingLevel": "MINIMAL"}, 400),
        ("gemini-3.6-flash", {"thinkingLevel": "MINIMAL"}, 200),
        ("gemini-3.5-flash-lite", {"thinkingLevel": "MINIMAL"}, 200),
        ("gemini-2.5-flash-lite", {"thinkingLevel": "LOW"}, 400),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 0}, 200),
        ("gemini-2.5-pro", {"thinkingBudget": 0}, 400),
        ("gemini-3.6-flash", {"thinkingLevel": "LOW", "thinkingBudget": 5}, 400),
        ("gemini-4-argon", {"thinkingBudget": 5}, 400),
    ],
)
async def test_thinking_rules_per_model(model, thinking, status):
    async with calling() as api:
        answered, _ = await api.ask(body(config={"thinkingConfig": thinking}), model=model)
        assert answered == status


async def test_thoughts_count_against_the_output_limit():
    async with calling() as api:
        high = {"thinkingConfig": {"thinkingLevel": "HIGH"}, "maxOutputTokens": 300}
        _, answer = await api.ask(body(config=high))
        assert "parts" not in answer["candidates"][0]["content"]
        assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
        assert answer["usageMetadata"]["thoughtsTokenCount"] == 300
        _, answer = await api.ask(body(config={"maxOutputTokens": 5}))
        assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
        with pytest.raises(json.JSONDecodeError):
            json.loads(text_of(answer))


async def test_unknown_and_retired_models_are_404():
    async with calling(retired=("gemini-2.5-flash",)) as api:
        error = await api.error(model="gemini-9")
        assert error["message"].startswith("models/gemini-9 is not found for API version v1,")
        assert error["status"] == "NOT_FOUND"
        error = await api.error(model="gemini-2.5-flash")
        assert "no longer available to new users" in error["message"]
        assert (await api.ask(model="gemini-flash-latest"))[0] == 404
        assert (await api.ask(model="gemini-flash-latest", version="v1beta"))[0] == 200


async def test_keys():
    async with calling(bad_keys=("wrong",), key=None) as api:
        assert (await api.error())["code"] == 403
        path = f"/v1/models/{MODEL}:generateContent"
        status, _, answer = await api.send("POST", path, headers={"x-goog-api-key": "wrong"})
        assert status == 400
        details = json.loads(answer)["error"]["details"]
        assert details[0]["reason"] == "API_KEY_INVALID"
        assert (await api.send("GET", "/v1/models?key=good"))[0] == 200


async def test_count_tokens_agrees_with_usage_and_costs_no_quota():
    async with calling(limits=Limits(rpm=1)) as api:
        asked = {"generateContentRequest": {"model": f"models/{MODEL}", **body()}}
        for _ in range(3):
            status, counted = await api.ask(asked, method="countTokens")
            assert status == 200
        _, answer = await api.ask()
        assert counted["totalTokens"] == answer["usageMetadata"]["promptTokenCount"]


async def test_models_are_listed_in_pages_and_one_by_one():
    async with calling() as api:
        _, _, first = await api.send("GET", "/v1beta/models?pageSize=4")
        first = json.loads(first)
        assert len(first["models"]) == 4
        _, _, rest = await api.send("GET", f"/v1beta/models?pageToken={first['nextPageToken']}")
        rest = json.loads(rest)
        names = [one["name"] for one in first["models"] + rest["models"]]
        assert len(names) == len(set(names))
        assert f"models/{MODEL}" in names
        assert "nextPageToken" not in rest
        assert (await api.send("GET", f"/v1/models/{MODEL}"))[0] == 200
        assert (await api.send("GET", "/v1/models/none"))[0] == 404
        assert (await api.send("GET", "/v1/models?pageToken=%21"))[0] == 400


async def test_unknown_addresses_and_oversized_bodies_are_refused():
    async with calling(max_request_bytes=1000) as api:
        assert (await api.send("GET", "/v1/nothing"))[0] == 404
        status, _, answer = await api.send(
            "POST", f"/v1/models/{MODEL}:generateContent", data=b"x" * 1001
        )
        assert status == 400
        assert b"payload size exceeds" in answer
        status, _, answer = await api.send(
            "POST", f"/v1/models/{MODEL}:generateContent", data=b"{,"
        )
        assert status == 400


async def test_without_pixels_answers_come_from_the_hash_alone():
    async with calling(pixels=False) as api:
        _, first = await api.ask(body(b"not a picture"))
        _, again = await api.ask(body(b"not a picture"))
        _, other = await api.ask(body(b"another"))
        assert text_of(first) == text_of(again)
        assert text_of(first) != text_of(other)


async def test_rerouting_shows_and_bills_the_served_model():
    async with calling(rerouted={"gemini-2.5-flash": MODEL}) as api:
        _, answer = await api.ask(model="gemini-2.5-flash")
        assert answer["modelVersion"] == MODEL


async def test_stats_prove_what_was_paid_and_reset_forgets():
    async with calling() as api:
        for content in (picture(), picture(), picture("white", "blue")):
            await api.ask(body(content))
        _, _, report = await api.send("GET", "/_sim/stats")
        report = json.loads(report)
        assert (report["paid_answers"], report["paid_images"], report["paid_twice"]) == (3, 2, 1)
        assert sorted(report["paid_by_image"].values()) == [1, 2]
        assert report["paths"]["generateContent"] == 3
        assert report["statuses"]["200"] >= 3
        await api.send("POST", "/_sim/reset")
        assert api.simulator.stats()["paid_answers"] == 0


async def test_config_changes_while_it_runs_and_misspellings_are_refused():
    async with calling() as api:
        change = {"limits": {"rpm": 1}}
        status, _, answer = await api.send("POST", "/_sim/config", json=change)
        assert status == 200
        assert json.loads(answer)["limits"]["rpm"] == 1
        assert (await api.ask())[0] == 200
        assert (await api.ask())[0] == 429
        status, _, answer = await api.send("POST", "/_sim/config", json={"limits": {"rmp": 1}})
        assert status == 400
        assert b"rmp" in answer
        assert (await api.send("GET", "/_sim/config"))[0] == 200
