from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.calls import Answer, CallError, Trouble
from gemtag_tui.core.doubt import DOUBTED_IMAGES, RequestDoubt
from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.judge import (
    MAX_ASKED_DELAY,
    MAX_DELAY,
    AttemptContext,
    backoff,
    judge,
    next_due,
    used_up,
)
from gemtag_tui.core.profile import Bucket, Profile
from gemtag_tui.core.verdicts import Halt, KnownBad, Park, Retry, Tagged

PROFILE = Profile(name="t", prompt="p", buckets=(Bucket(name="subject", description="d"),))
GOOD = json.dumps({"summary": "A dog.", "subject": ["Dog"]})


def attempt(**more: object) -> AttemptContext:
    usual = {"tries": 0, "max_tries": 6, "better_tried": False, "jitter": 0.5}
    return AttemptContext(**{**usual, "now": 1000.0, "midnight": 5000.0, **more})


def answered(text: str = GOOD, finish: str = "STOP", **more: object):
    return judge(Answer(text, finish, **more), PROFILE, attempt=attempt())


def again(text: str = GOOD, finish: str = "STOP", **more: object):
    return judge(Answer(text, finish, **more), PROFILE, attempt=attempt(better_tried=True))


def failed(
    trouble: Trouble, message: str = "Words.", retry_after: float | None = None, **more: object
):
    error = CallError(trouble, message, 400, retry_after)
    return judge(error, PROFILE, attempt=attempt(**more))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here it is:\n{GOOD}\nAnything else?",
        f"With {{braces}} before: {GOOD}",
        f"[{GOOD}]",
        f"  {GOOD}\n",
    ],
)
def test_a_good_answer_is_tagged(text):
    verdict = answered(text)
    assert isinstance(verdict, Tagged)
    assert verdict.tags.summary == "A dog."
    assert verdict.tags.buckets == {"subject": ("dog",)}


@pytest.mark.parametrize("finish", ["MAX_TOKENS", "CONTINUATION", "OTHER", "", "NEW_IN_2027"])
def test_a_whole_and_valid_answer_counts_whatever_its_finish(finish):
    assert isinstance(answered(GOOD, finish), Tagged)


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        ("SAFETY", FailureKind.SAFETY),
        ("BLOCKLIST", FailureKind.SAFETY),
        ("PROHIBITED_CONTENT", FailureKind.SAFETY),
        ("SPII", FailureKind.SAFETY),
        ("IMAGE_SAFETY", FailureKind.SAFETY),
        ("IMAGE_PROHIBITED_CONTENT", FailureKind.SAFETY),
        ("MODEL_ARMOR", FailureKind.SAFETY),
        ("RECITATION", FailureKind.RECITATION),
        ("IMAGE_RECITATION", FailureKind.RECITATION),
    ],
)
@pytest.mark.parametrize("text", ["", GOOD])
def test_withheld_answers_are_known_bad_at_once(finish, kind, text):
    verdict = answered(text, finish, finish_message="Because \x1b[1m.")
    assert isinstance(verdict, KnownBad)
    assert verdict.kind is kind
    assert finish in verdict.why
    assert "\x1b" not in verdict.why


@pytest.mark.parametrize(
    "reason",
    ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK", "NEW"],
)
def test_a_blocked_prompt_is_known_bad_at_once(reason):
    verdict = answered("", "", block_reason=reason)
    assert isinstance(verdict, KnownBad)
    assert verdict.kind is FailureKind.BLOCKED
    assert reason in verdict.why


def test_an_unspecified_block_is_no_block():
    assert isinstance(answered(block_reason="BLOCK_REASON_UNSPECIFIED"), Tagged)


@pytest.mark.parametrize(
    ("text", "finish", "kind"),
    [
        ('{"summary": "A do', "MAX_TOKENS", FailureKind.TRUNCATED),
        ("", "MAX_TOKENS", FailureKind.TRUNCATED),
        ("", "CONTINUATION", FailureKind.TRUNCATED),
        ("I cannot say.", "STOP", FailureKind.MALFORMED),
        ('{"summary": 3}', "STOP", FailureKind.MALFORMED),
        (f"{GOOD} or {GOOD}", "STOP", FailureKind.MALFORMED),
        ("[" * 100_000, "STOP", FailureKind.MALFORMED),
        ("{" * 100_000, "STOP", FailureKind.MALFORMED),
        ("", "STOP", FailureKind.EMPTY),
        (" \n", "STOP", FailureKind.EMPTY),
        ("{}", "STOP", FailureKind.EMPTY),
        ("", "", FailureKind.EMPTY),
        ("", "OTHER", FailureKind.EMPTY),
        ("", "LANGUAGE", FailureKind.EMPTY),
        ("", "NO_IMAGE", FailureKind.EMPTY),
        ("no", "MALFORMED_RESPONSE", FailureKind.MALFORMED),
        ("", "MALFORMED_FUNCTION_CALL", FailureKind.EMPTY),
        ("", "UNEXPECTED_TOOL_CALL", FailureKind.EMPTY),
        ("", "TOO_MANY_TOOL_CALLS", FailureKind.EMPTY),
        ("", "MISSING_THOUGHT_SIGNATURE", FailureKind.EMPTY),
        ("", "IMAGE_OTHER", FailureKind.EMPTY),
        ("", "ESCALATION", FailureKind.EMPTY),
        ("", "PUP_LIMITED_DISABLED", FailureKind.EMPTY),
        ("no", "NEW_IN_2027", FailureKind.MALFORMED),
    ],
)
def test_a_bad_answer_gets_one_better_try_then_is_known_bad(text, finish, kind):
    first = answered(text, finish)
    assert isinstance(first, Retry)
    assert (first.kind, first.better, first.blamed) == (kind, True, False)
    second = again(text, finish)
    assert isinstance(second, KnownBad)
    assert second.kind is kind
    assert second.why


def test_an_answer_to_another_picture_is_malformed():
    verdict = judge(Answer(GOOD, "STOP"), PROFILE, attempt=attempt(echo="a7", better_tried=True))
    assert isinstance(verdict, KnownBad)
    assert "another picture" in verdict.why


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("healthy", [True, False])
def test_every_trouble_has_a_verdict(trouble, healthy):
    kinds = {
        Trouble.RATE_REQUESTS: Retry, Trouble.RATE_TOKENS: Retry, Trouble.DAY_REQUESTS: Park,
        Trouble.SPEND_RATE: Retry, Trouble.SPEND_CAP: Halt, Trouble.CREDIT: Halt,
        Trouble.NO_QUOTA: Halt, Trouble.CAPACITY: Retry, Trouble.OVERLOADED: Retry,
        Trouble.NETWORK: Retry, Trouble.TIMEOUT: Retry, Trouble.KEY: Halt, Trouble.BILLING: Halt,
        Trouble.MODEL: Halt, Trouble.REQUEST: Retry, Trouble.IMAGE: KnownBad,
        Trouble.IMAGE_MAYBE: Retry, Trouble.TOO_LONG: KnownBad,
    }  # fmt: skip
    verdict = failed(trouble, lane_healthy=healthy)
    assert type(verdict) is kinds[trouble]


@pytest.mark.parametrize(
    "trouble", [Trouble.RATE_REQUESTS, Trouble.RATE_TOKENS, Trouble.SPEND_RATE]
)
@pytest.mark.parametrize("tries", [0, 100])
def test_a_quota_blames_nobody(trouble, tries):
    verdict = failed(trouble, tries=tries)
    assert isinstance(verdict, Retry)
    assert verdict.kind is FailureKind.QUOTA
    assert not verdict.blamed
    assert not used_up(verdict, attempt(tries=tries))


def test_the_day_parks_until_midnight_whatever_the_delay():
    verdict = failed(Trouble.DAY_REQUESTS, retry_after=26.0)
    assert verdict == Park(5000.0, verdict.why)


@pytest.mark.parametrize(
    "trouble", [Trouble.CAPACITY, Trouble.OVERLOADED, Trouble.NETWORK, Trouble.TIMEOUT]
)
def test_an_outage_blames_only_when_others_are_answered(trouble):
    assert failed(trouble, lane_healthy=True).blamed
    assert not failed(trouble, lane_healthy=False).blamed
    assert used_up(failed(trouble, tries=5), attempt(tries=5))
    assert not used_up(failed(trouble, tries=4), attempt(tries=4))


def test_delays_double_are_capped_and_heed_the_server():
    waits = [failed(Trouble.OVERLOADED, calls=calls).after for calls in range(12)]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(0.225)
    assert waits[1] == pytest.approx(0.45)
    assert waits[-1] <= MAX_DELAY
    assert failed(Trouble.OVERLOADED, retry_after=40.0).after == 40.0
    assert failed(Trouble.OVERLOADED, retry_after=9e9).after == MAX_ASKED_DELAY


@pytest.mark.parametrize("trouble", [Trouble.SPEND_CAP, Trouble.CREDIT])
def test_money_stops_the_run_with_a_limits_code(trouble):
    verdict = failed(trouble, "Server words.")
    assert verdict.exit_code == 3
    assert "Server words." in verdict.why


@pytest.mark.parametrize("trouble", [Trouble.KEY, Trouble.BILLING, Trouble.MODEL, Trouble.NO_QUOTA])
def test_configuration_stops_the_run_with_its_code(trouble):
    verdict = failed(trouble, "Server \x1b[2Jwords.")
    assert verdict.exit_code == 2
    assert "\x1b" not in verdict.why


def test_a_retired_models_replacement_is_named():
    said = (
        "This model models/gemini-2.5-flash is no longer available to new users. Please update your"
        " code to use models/gemini-3.6-flash for the latest features and improvements."
    )
    assert "Set the model to gemini-3.6-flash instead." in failed(Trouble.MODEL, said).why
    unknown = "models/gemini-9 is not found for API version v1, or is not supported"
    assert "does not serve gemini-9 " in failed(Trouble.MODEL, unknown).why


def test_a_doubtful_refusal_gets_one_more_try_once_the_lane_works():
    first = failed(Trouble.IMAGE_MAYBE)
    assert isinstance(first, Retry)
    assert first.better
    second = failed(Trouble.IMAGE_MAYBE, better_tried=True)
    assert second == KnownBad(FailureKind.REJECTED_IMAGE, "Words.")


def test_before_any_answer_a_doubtful_refusal_condemns_no_image_early():
    for tries in range(5):
        verdict = failed(Trouble.IMAGE_MAYBE, tries=tries, lane_answered=False, better_tried=True)
        assert isinstance(verdict, Retry)
        assert verdict.blamed
    last = failed(Trouble.IMAGE_MAYBE, tries=5, lane_answered=False)
    assert isinstance(last, KnownBad)


def test_doubt_needs_different_images_and_no_answer():
    doubt = RequestDoubt()
    assert [doubt.refused(1, "m") for _ in range(20)] == [None] * 20
    verdicts = [doubt.refused(asset, "Server words.") for asset in range(2, DOUBTED_IMAGES + 1)]
    assert verdicts[:-1] == [None] * (DOUBTED_IMAGES - 2)
    assert isinstance(verdicts[-1], Halt)
    assert verdicts[-1].exit_code == 2
    assert "Server words." in verdicts[-1].why


def test_an_answer_ends_all_doubt():
    doubt = RequestDoubt()
    for asset in range(DOUBTED_IMAGES - 1):
        doubt.refused(asset, "m")
    doubt.answered()
    assert all(doubt.refused(asset, "m") is None for asset in range(100))


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_positive_and_capped(calls, jitter):
    assert 0 < backoff(calls, jitter) <= MAX_DELAY


def test_the_next_due_time_doubles_up_to_64_times():
    gaps = [next_due(0.0, 1.0, times) / 3600 for times in range(9)]
    assert gaps == [1, 2, 4, 8, 16, 32, 64, 64, 64]


@given(st.text(max_size=200), st.text(max_size=20), st.text(max_size=10), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_answer_has_a_verdict(text, finish, block, better):
    verdict = judge(
        Answer(text, finish, block_reason=block), PROFILE, attempt=attempt(better_tried=better)
    )
    assert isinstance(verdict, Tagged | Retry | KnownBad)


def test_a_redirect_stops_the_run():
    verdict = judge(
        CallError(Trouble.REQUEST, "redirected", http_status=302), PROFILE, attempt=attempt()
    )
    assert isinstance(verdict, Halt)
    assert verdict.exit_code == 2


def test_a_strange_refusal_is_one_image_s_own_once_others_were_answered():
    error = CallError(Trouble.REQUEST, "teapot", http_status=418)
    first = judge(error, PROFILE, attempt=attempt(lane_answered=True))
    assert isinstance(first, Retry)
    second = judge(error, PROFILE, attempt=attempt(lane_answered=True, better_tried=True))
    assert isinstance(second, KnownBad)
    assert second.kind is FailureKind.REJECTED_IMAGE
