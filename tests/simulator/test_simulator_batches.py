from __future__ import annotations

import json
from collections import Counter

import pytest
from simulator_tools import MODEL, FakeClock, body, calling, picture
from test_simulator_files import uploaded

from gemtag_tui.simulator import Batches, Limits, Poison, Rule

COLOURS = ["red", "green", "blue", "white", "black", "yellow", "orange", "teal", "purple", "brown"]
CONTENTS = [picture(colour, "grey") for colour in COLOURS]


def line(key, content=CONTENTS[0], **config):
    return json.dumps({"key": key, "request": body(content, config=config)})


LINES = [line(f"k{at}", content) for at, content in enumerate(CONTENTS)]


class Job:
    """A job made from lines, through HTTP."""

    def __init__(self, api, operation):
        self.api, self.operation = api, operation

    @property
    def name(self):
        return self.operation["name"]

    @classmethod
    async def make(cls, api, lines=LINES, name="job", model=MODEL):
        content = "\n".join(lines).encode()
        file = await uploaded(api, content)
        batch = {"displayName": name, "inputConfig": {"fileName": file["name"]}}
        status, answer = await api.ask({"batch": batch}, model=model, method="batchGenerateContent")
        assert status == 200, answer
        return cls(api, answer)

    async def look(self):
        _, _, answer = await self.api.send("GET", f"/v1/{self.name}")
        self.operation = json.loads(answer)
        return self.operation["metadata"]

    async def state(self):
        return (await self.look())["state"].removeprefix("BATCH_STATE_")

    async def results(self):
        name = (await self.look())["output"]["responsesFile"]
        status, _, answer = await self.api.send(
            "GET", f"/download/v1beta/{name}:download?alt=media"
        )
        assert status == 200
        return answer.splitlines()


async def test_a_jobs_life_and_its_operation():
    clock = FakeClock()
    async with calling(clock, batches=Batches(pending_seconds=10, running_seconds=100)) as api:
        job = await Job.make(api)
        made = await job.look()
        assert made["state"] == "BATCH_STATE_PENDING"
        assert made["batchStats"] == {"requestCount": "10", "pendingRequestCount": "10"}
        assert made["@type"].endswith("v1main.GenerateContentBatch")
        assert "done" not in job.operation
        clock.advance(60)
        running = await job.look()
        assert running["state"] == "BATCH_STATE_RUNNING"
        assert running["batchStats"] == {
            "requestCount": "10",
            "successfulRequestCount": "5",
            "pendingRequestCount": "5",
        }
        clock.advance(60)
        ended = await job.look()
        assert ended["state"] == "BATCH_STATE_SUCCEEDED"
        assert ended["batchStats"] == {"requestCount": "10", "successfulRequestCount": "10"}
        assert job.operation["done"] is True
        assert job.operation["response"]["responsesFile"] == ended["output"]["responsesFile"]
        assert ended["endTime"] > ended["createTime"]


async def finished(lines=LINES, model=MODEL, limits=None, poison=(), faults=(), **settings):
    """The results of a job, and the counts after it."""
    clock = FakeClock()
    own = {"batches": Batches(**settings), "poison": poison, "faults": faults}
    async with calling(clock, limits=limits or Limits(), **own) as api:
        job = await Job.make(api, lines, model=model)
        clock.advance(3600)
        results = await job.results()
        return results, (await job.look())["batchStats"], api.simulator.stats()


async def test_results_answer_their_keys_out_of_order_at_half_price():
    results, _, stats = await finished()
    parsed = [json.loads(one) for one in results]
    keys = [one["key"] for one in parsed]
    assert sorted(keys) == [f"k{at}" for at in range(10)]
    assert keys != [f"k{at}" for at in range(10)]
    for one in parsed:
        tags = json.loads(one["response"]["candidates"][0]["content"]["parts"][0]["text"])
        assert tags["colours"][0] == COLOURS[int(one["key"][1:])]
        assert one["response"]["usageMetadata"]["serviceTier"] == "batch"
    assert stats["paid_answers"] == stats["paid_images"] == 10
    usd = stats["tokens_in"] * 0.15e-6 + stats["tokens_out"] * 1.25e-6
    assert stats["cost_usd"] == pytest.approx(usd)


def keys_of(results):
    return Counter(json.loads(one).get("key") for one in results)


async def test_lines_doubled_missing_unparsable_and_failing():
    results, _, _ = await finished(doubled=1.0)
    assert set(keys_of(results).values()) == {2}
    assert (await finished(missing=1.0))[0] == []
    results, counted, _ = await finished(unparsable=1.0)
    with pytest.raises(ValueError):
        json.loads(results[0])
    assert counted["successfulRequestCount"] == "10"
    results, counted, stats = await finished(failing=1.0)
    assert all(json.loads(one)["error"]["code"] == 13 for one in results)
    assert counted == {"requestCount": "10", "failedRequestCount": "10"}
    assert stats["paid_answers"] == 0
    results, _, _ = await finished(failing=1.0, error_field="status")
    assert "status" in json.loads(results[0])


async def test_swapped_lines_keep_every_key_once_with_anothers_answer():
    results, _, _ = await finished(swapped=1.0)
    assert set(keys_of(results).values()) == {1}
    for one in map(json.loads, results):
        text = one["response"]["candidates"][0]["content"]["parts"][0]["text"]
        assert json.loads(text)["colours"][0] != COLOURS[int(one["key"][1:])]


async def test_a_bad_request_fails_its_line_and_a_bad_line_the_job():
    bad = line("bad", b"no picture")
    results, counted, _ = await finished([*LINES, bad])
    (failed,) = [one for one in map(json.loads, results) if one["key"] == "bad"]
    assert failed["error"] == {"code": 3, "message": "Provided image is not valid."}
    assert counted["failedRequestCount"] == "1"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ('{"key": "x", "request": {', "Error on line 2: invalid JSON"),
        (
            '{"key":"x","request":{"systemInstruction":[{}],"contents":[]}}',
            "unexpected character: '['; expected '{'",
        ),
        (
            '{"key":"x","request":{"thinking_config":{},"contents":[]}}',
            "no such field: 'thinking_config'",
        ),
        ('{"custom_id": "x"}', "no such field: 'request'"),
    ],
)
async def test_a_bad_line_fails_the_whole_job(bad, words):
    clock = FakeClock()
    async with calling(clock) as api:
        job = await Job.make(api, [LINES[0], bad])
        clock.advance(3600)
        assert await job.state() == "FAILED"
        error = job.operation["error"]
        assert error["code"] == 3
        assert error["message"].startswith("400 Error on line 2")
        assert words in error["message"]
        assert "output" not in job.operation["metadata"]
        assert api.simulator.stats()["paid_answers"] == 0


async def test_jobs_that_fail_expire_or_are_stuck():
    clock = FakeClock()
    plans = ("fail", "expire", "stuck_pending", "stuck_running")
    async with calling(clock, batches=Batches(outcomes=plans)) as api:
        jobs = [await Job.make(api) for _ in range(5)]
        clock.advance(3600)
        expected = ["FAILED", "RUNNING", "PENDING", "RUNNING", "SUCCEEDED"]
        assert [await job.state() for job in jobs] == expected
        clock.advance(48 * 3600)
        expected = ["FAILED", "EXPIRED", "EXPIRED", "EXPIRED", "SUCCEEDED"]
        assert [await job.state() for job in jobs] == expected
        assert jobs[1].operation["done"] is True
        assert "response" not in jobs[1].operation


async def test_success_may_come_before_its_results():
    clock = FakeClock()
    own = Batches(pending_seconds=0, running_seconds=10, output_delay_seconds=50)
    async with calling(clock, batches=own) as api:
        job = await Job.make(api)
        clock.advance(20)
        assert await job.state() == "SUCCEEDED"
        assert "output" not in job.operation["metadata"]
        clock.advance(50)
        assert len(await job.results()) == 10


async def test_cancelling_and_deleting():
    clock = FakeClock()
    async with calling(clock) as api:
        job, other = await Job.make(api), await Job.make(api)
        assert (await api.send("POST", f"/v1/{job.name}:cancel"))[0] == 200
        assert await job.state() == "CANCELLED"
        assert job.operation["error"]["code"] == 1
        clock.advance(3600)
        assert await job.state() == "CANCELLED"
        assert await other.state() == "SUCCEEDED"
        await api.send("POST", f"/v1/{other.name}:cancel")
        assert await other.state() == "SUCCEEDED"
        assert (await api.send("DELETE", f"/v1/{job.name}"))[0] == 200
        assert (await api.send("GET", f"/v1/{job.name}"))[0] == 404
        assert api.simulator.stats()["paid_answers"] == 10


async def test_creating_twice_makes_two_jobs_that_are_listed_newest_first():
    async with calling(FakeClock()) as api:
        made = [(await Job.make(api, name=f"run-{at}")).name for at in range(3)]
        _, _, answer = await api.send("GET", "/v1/batches?pageSize=2")
        page = json.loads(answer)
        _, _, answer = await api.send("GET", f"/v1beta/batches?pageToken={page['nextPageToken']}")
        rest = json.loads(answer)
        listed = page["operations"] + rest["operations"]
        assert [one["name"] for one in listed] == made[::-1]
        assert listed[0]["metadata"]["displayName"] == "run-2"


async def test_a_lost_reply_to_create_leaves_the_job():
    lost = Rule(fault="deadline", methods=("batchGenerateContent",), after=True, limit=1)
    async with calling(FakeClock(), faults=(lost,)) as api:
        with pytest.raises(AssertionError, match="DEADLINE_EXCEEDED"):
            await Job.make(api, name="lost")
        _, _, answer = await api.send("GET", "/v1/batches")
        assert [one["metadata"]["displayName"] for one in json.loads(answer)["operations"]] == [
            "lost"
        ]


async def created(api, name="again"):
    try:
        await Job.make(api, name=name)
    except AssertionError as refused:
        return str(refused)
    return ""


async def test_limits_on_jobs_and_tokens_answer_with_help_alone():
    clock = FakeClock()
    async with calling(clock, batches=Batches(max_jobs=1)) as api:
        assert not await created(api)
        refused = await created(api)
        assert "RESOURCE_EXHAUSTED" in refused
        assert "QuotaFailure" not in refused
        assert "RetryInfo" not in refused
        clock.advance(3600)
        assert not await created(api)
    async with calling(clock, batches=Batches(enqueued_tokens=15_000)) as api:
        assert not await created(api)
        assert "RESOURCE_EXHAUSTED" in await created(api)
        clock.advance(3600)
        assert not await created(api)


async def test_the_free_tier_has_no_batch():
    for words, how in (("RESOURCE_EXHAUSTED", "429"), ("FAILED_PRECONDITION", "400")):
        own = Batches(on_free_tier=how)
        async with calling(FakeClock(), limits=Limits(tier="free"), batches=own) as api:
            assert words in await created(api)


async def test_the_long_id_of_results_is_refused_everywhere_but_in_downloads():
    clock = FakeClock()
    async with calling(clock) as api:
        job = await Job.make(api)
        clock.advance(3600)
        name = (await job.look())["output"]["responsesFile"]
        assert len(name.removeprefix("files/")) == 42
        for verb in ("GET", "DELETE"):
            status, _, answer = await api.send(verb, f"/v1/{name}")
            assert status == 400
            assert b"cannot be more than 40 characters" in answer
        whole = (await api.send("GET", f"/v1/{name}:download?alt=media"))[2]
        path = f"/v1/{name}:download?alt=media"
        status, headers, some = await api.send("GET", path, headers={"Range": "bytes=100-"})
        assert (status, some) == (206, whole[100:])
        assert headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
        some = (await api.send("GET", path, headers={"Range": "bytes=5-9"}))[2]
        assert some == whole[5:10]
        out = {"Range": f"bytes={len(whole)}-"}
        assert (await api.send("GET", path, headers=out))[0] == 416
        clock.advance(6 * 7 * 86400)
        assert (await api.send("GET", path))[0] == 403


async def test_poison_strikes_in_batches_too():
    poison = (Poison(share=1.0, fault="finish", value="RECITATION"),)
    results, _, _ = await finished(poison=poison)
    reasons = {json.loads(one)["response"]["candidates"][0]["finishReason"] for one in results}
    assert reasons == {"RECITATION"}
    refused = (Poison(share=1.0, fault="unprocessable_image"),)
    results, _, _ = await finished(poison=refused)
    assert {json.loads(one)["error"]["code"] for one in results} == {3}


async def test_response_json_schema_is_of_no_use_in_batch():
    request = body()
    config = request["generationConfig"]
    config["responseJsonSchema"] = {"type": "object", "properties": {"summary": {"type": "string"}}}
    del config["responseSchema"]
    lines = [json.dumps({"key": "a", "request": request})]
    for bug in (True, False):
        results, _, _ = await finished(lines, json_schema_bug=bug)
        text = json.loads(results[0])["response"]["candidates"][0]["content"]["parts"][0]["text"]
        assert ("summary" in json.loads(text)) is not bug


async def test_inlined_requests_keep_order_and_metadata():
    clock = FakeClock()
    async with calling(clock) as api:
        requests = [
            {"request": body(CONTENTS[0]), "metadata": {"key": "a"}},
            {"request": body(b"bad"), "metadata": {"key": "b"}},
        ]
        batch = {"displayName": "x", "inputConfig": {"requests": {"requests": requests}}}
        _, answer = await api.ask({"batch": batch}, method="batchGenerateContent")
        clock.advance(3600)
        _, _, answer = await api.send("GET", f"/v1/{answer['name']}")
        inlined = json.loads(answer)["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]
        assert [one["metadata"]["key"] for one in inlined] == ["a", "b"]
        assert "response" in inlined[0]
        assert inlined[1]["error"]["code"] == 3
        _, _, answer = await api.send("GET", "/v1/batches")
        assert "inlinedResponses" not in answer.decode()
