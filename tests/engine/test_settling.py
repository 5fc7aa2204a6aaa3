"""What becomes of one call: rows, numbers, next tries."""

from __future__ import annotations

import dataclasses

import pytest
from lane_rig import GOOD, World, candidate, failing

from gemtag_tui.core.calls import Answer, Trouble
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.quota_values import Lesson
from gemtag_tui.engine.attempts import Attempt
from gemtag_tui.engine.settling import lesson_words

NOT_JSON = dataclasses.replace(GOOD, text="I cannot help with that.")
CUT = Answer('{"summary": "A d', "MAX_TOKENS", usage=GOOD.usage, provider="simulator")
EMPTY = dataclasses.replace(GOOD, text="")
UNSAFE = dataclasses.replace(GOOD, text="", finish_reason="SAFETY")
BLOCKED = dataclasses.replace(GOOD, text="", finish_reason="", block_reason="OTHER")


@pytest.mark.parametrize(
    ("outcomes", "kind", "calls"),
    [
        ([UNSAFE], FailureKind.SAFETY, 1),
        ([BLOCKED], FailureKind.BLOCKED, 1),
        ([NOT_JSON], FailureKind.MALFORMED, 2),
        ([CUT], FailureKind.TRUNCATED, 2),
        ([EMPTY], FailureKind.EMPTY, 2),
        ([failing(Trouble.IMAGE, "bad image")], FailureKind.REJECTED_IMAGE, 1),
        ([failing(Trouble.TOO_LONG, "too long")], FailureKind.TOO_LARGE, 1),
        ([failing(Trouble.OVERLOADED), UNSAFE], FailureKind.SAFETY, 2),
    ],
)
async def test_known_bad_after_as_few_calls_as_can_be(outcomes, kind, calls):
    world = World(20)
    world.sender.script[7] = list(outcomes)
    await world.finish()
    (failure,) = world.committer.failures
    assert (failure.asset, failure.kind, failure.attempts) == (7, kind, calls)
    assert failure.standing is Standing.KNOWN_BAD
    assert failure.next_retry is None
    assert (world.tally.done, world.tally.bad) == (19, 1)
    assert world.tally.tries == 19 + calls == len(world.committer.ledger)
    assert len({id(r) for r in world.committer.results}) == 19


@pytest.mark.parametrize("first", [NOT_JSON, CUT, EMPTY, failing(Trouble.OVERLOADED)])
async def test_a_second_try_may_save_it(first):
    world = World(20)
    world.sender.script[7] = [first, GOOD]
    await world.finish()
    assert world.tally.done == 20
    assert world.committer.failures == []
    assert len(world.committer.errors) == 1


async def test_what_every_attempt_cost_is_counted():
    world = World(1)
    world.sender.script[1] = [NOT_JSON]
    await world.finish()
    (failure,) = world.committer.failures
    assert failure.cost_usd == pytest.approx(0.002)
    assert world.tally.cost_usd == pytest.approx(0.002)
    assert sum(row.cost_usd for row in world.committer.ledger) == pytest.approx(0.002)
    assert failure.raw == NOT_JSON.raw


async def test_a_timeout_is_taken_as_billed_and_an_error_is_not():
    world = World(1)
    world.sender.script[1] = [failing(Trouble.TIMEOUT), failing(Trouble.OVERLOADED), GOOD]
    await world.finish()
    assert [row.cost_usd for row in world.committer.ledger] == [0.001, 0.0, 0.001]
    assert [row.status for row in world.committer.ledger] == ["timeout", "overloaded", "ok"]


async def test_a_foreign_answer_stops_the_run_unstored():
    world = World(30)
    world.sender.rule = lambda asset, at: dataclasses.replace(GOOD, provider="google")
    await world.finish(seconds=10)
    assert world.committer.results == world.committer.failures == []
    assert world.code == 2
    assert {(row.provider, row.status) for row in world.committer.ledger} == {("google", "foreign")}
    assert world.sent <= 4
    assert world.tally.done == 0


@pytest.mark.parametrize(("waited", "hours"), [(0, 1), (3600, 2), (7200, 4), (10**7, 64)])
def test_a_failure_that_comes_again_waits_twice_as_long(waited, hours):
    attempt = Attempt(dataclasses.replace(candidate(1), waited=float(waited)))
    assert World(0).entries.next_retry(attempt, 50.0) == 50 + hours * 3600


@pytest.mark.parametrize(
    ("lesson", "words"),
    [
        (("rpm", 600, 150, True), "The server allows 150 requests a minute: keeping to that."),
        (
            ("tpm", 0, 250_000, False),
            "The server seems to allow about 250,000 input tokens a minute: keeping to that.",
        ),
        (("rpd", 0, 20, True), "The server allows 20 requests a day: keeping to that."),
        (("spend", 0, 9.5, True), "The server allows $9.50 in ten minutes: keeping to that."),
    ],
)
def test_lessons_are_told_in_words_of_our_own(lesson, words):
    name, old, new, named = lesson
    raw = "You exceeded your current quota, please check your plan. " * 8
    assert lesson_words(Lesson(name, old, new, raw, named, 0.0)) == words


async def test_a_lesson_takes_the_place_of_the_one_before():
    world = World(0)
    for figure in (150, 140, 130):
        told = lesson_words(Lesson("rpm", 600, figure, "raw", True, 0.0))
        world.tally.warn(told, about="limit rpm")
    world.tally.warn("Other.")
    assert world.tally.warnings == [
        "The server allows 130 requests a minute: keeping to that.",
        "Other.",
    ]


async def test_a_call_in_the_old_lane_is_entered_there():
    world = World(8, cap=8)
    world.sender.latency = 2.0
    await world.go(1.0)
    in_flight = world.lane.in_flight
    world.settling.service.lane = "flex"
    await world.finish()
    lanes = [row.lane for row in world.committer.ledger]
    assert lanes.count("interactive") == in_flight == 4
    assert lanes.count("flex") == 4
    assert {r.lane for r in world.committer.results} == {"interactive", "flex"}
