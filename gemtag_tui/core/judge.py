"""What becomes of an asset after a call: one pure function over all that can come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gemtag_tui.core.calls import Answer, CallError, Outcome, Trouble
from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.judge_words import halt_words
from gemtag_tui.core.normalise import Cleaned, Flaw, clean
from gemtag_tui.core.profile import Profile
from gemtag_tui.core.reading import read_json
from gemtag_tui.core.text import plain
from gemtag_tui.core.verdicts import Halt, KnownBad, Park, Retry, Tagged, Verdict

FIRST_DELAY = 0.3
"""Seconds before the second try; doubles with each."""
MAX_DELAY = 30.0
"""Seconds, however many tries."""
MAX_ASKED_DELAY = 120.0
"""Seconds that a server may ask one asset to wait: a longer wish is the lane's business."""
SPEND_DELAY = 60.0
"""Seconds after a refusal for money per ten minutes that names no delay."""

SAFETY_REASONS = frozenset(
    {
        "SAFETY",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "MODEL_ARMOR",
    }
)
RECITATION_REASONS = frozenset({"RECITATION", "IMAGE_RECITATION"})
CUT_REASONS = frozenset({"MAX_TOKENS", "CONTINUATION"})
_UNSPECIFIED = {"BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptContext:
    """What is known beside the outcome.

    Attributes:
        tries: the asset's own tries in this run before this call: those that were `blamed`.
        max_tries: how many of them it may have.
        better_tried: whether this call was its better try.
        jitter: a random number in [0, 1).
        now: Unix seconds.
        midnight: Unix seconds of the next Pacific midnight.
        lane_healthy: whether other assets were answered lately: only then is trouble this one's.
        lane_answered: whether any asset was ever answered in this run: until then, a refusal that
            may be about the image may as well be about the form of all requests.
        calls: every call for this asset in this run before this one, blamed or not (for delays).
        echo: the id that the answer must repeat, "" when none was asked for.
    """

    tries: int
    max_tries: int
    better_tried: bool
    jitter: float
    now: float
    midnight: float
    lane_healthy: bool = True
    lane_answered: bool = True
    calls: int = 0
    echo: str = ""


def judge(outcome: Outcome, profile: Profile, *, attempt: AttemptContext) -> Verdict:
    """Decide what is to be done after a call. Never raises.

    A `Retry` with `blamed` uses up one of the asset's own tries (see `used_up`); one with `better`
    is bounded by itself: it is given once.
    """
    if isinstance(outcome, CallError):
        return _judge_error(outcome, attempt)
    return _judge_answer(outcome, profile, attempt)


def used_up(verdict: Retry, attempt: AttemptContext) -> bool:
    """Whether a retry would be beyond the asset's tries, so that its failure is to be recorded."""
    return verdict.blamed and attempt.tries + 1 >= attempt.max_tries


def backoff(calls: int, jitter: float) -> float:
    """Return seconds to wait after some failed calls: doubling, capped, half of it random."""
    whole = min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(calls, 20))
    return whole * (0.5 + 0.5 * jitter)


def next_due(now: float, retry_hours: float, times: int) -> float:
    """Return when a recorded transient failure is due again (Unix seconds).

    Args:
        now: Unix seconds.
        retry_hours: the first delay.
        times: how often it was recorded before: the delay doubles each time, up to 64 times.
    """
    return now + retry_hours * 3600.0 * 2.0 ** min(max(times, 0), 6)


def _judge_answer(answer: Answer, profile: Profile, attempt: AttemptContext) -> Verdict:
    reason = answer.finish_reason
    if answer.block_reason and answer.block_reason not in _UNSPECIFIED:
        return KnownBad(
            FailureKind.BLOCKED, _words("The prompt was blocked", answer.block_reason, answer)
        )
    if reason in SAFETY_REASONS:
        return KnownBad(FailureKind.SAFETY, _words("The answer was withheld", reason, answer))
    if reason in RECITATION_REASONS:
        return KnownBad(FailureKind.RECITATION, _words("The answer was withheld", reason, answer))
    result = _read(answer.text, profile, attempt.echo)
    if isinstance(result, Cleaned):
        return Tagged(result.tags)  # whole and valid, whatever the finish reason says
    if reason in CUT_REASONS:
        return _second_chance(
            FailureKind.TRUNCATED, "The answer ended at the output limit.", attempt
        )
    why = result.why if reason in {"STOP", ""} else _words(result.why, reason, answer)
    return _second_chance(result.kind, f"{why[:1].upper()}{why[1:]}".rstrip(".") + ".", attempt)


def _read(text: str, profile: Profile, echo: str) -> Cleaned | Flaw:
    if not text.strip():
        return Flaw(FailureKind.EMPTY, "the answer has no text")
    data = read_json(text)
    if data is None:
        return Flaw(FailureKind.MALFORMED, "the answer is not one JSON object")
    return clean(data, profile, echo)


def _words(head: str, reason: str, answer: Answer) -> str:
    more = f": {plain(answer.finish_message, 300)}" if answer.finish_message else "."
    return f"{head} ({plain(reason, 60)}){more}"


def _second_chance(kind: FailureKind, why: str, attempt: AttemptContext) -> Retry | KnownBad:
    if attempt.better_tried:
        return KnownBad(kind, why)
    return Retry(backoff(0, attempt.jitter), kind, why, better=True)


def _judge_error(  # noqa: C901, PLR0911, PLR0912
    error: CallError, attempt: AttemptContext
) -> Verdict:
    match error.trouble:
        case Trouble.RATE_REQUESTS | Trouble.RATE_TOKENS:
            return Retry(0.0, FailureKind.QUOTA, plain(error.message))
        case Trouble.SPEND_RATE:
            after = SPEND_DELAY if error.retry_after is None else error.retry_after
            return Retry(after, FailureKind.QUOTA, plain(error.message))
        case Trouble.DAY_REQUESTS:
            return Park(
                attempt.midnight,
                "The day's quota is used up; it is free again at midnight Pacific.",
            )
        case Trouble.SPEND_CAP | Trouble.CREDIT:
            return Halt(halt_words(error), 3)
        case Trouble.NO_QUOTA | Trouble.KEY | Trouble.BILLING | Trouble.MODEL:
            return Halt(halt_words(error), 2)
        case Trouble.REQUEST if error.http_status < 400:  # a redirect: no image has a part in it
            return Halt(halt_words(error), 2)
        case Trouble.CAPACITY | Trouble.OVERLOADED:
            return _transient(FailureKind.OVERLOADED, error, attempt)
        case Trouble.NETWORK:
            return _transient(FailureKind.NETWORK, error, attempt)
        case Trouble.TIMEOUT:
            return _transient(FailureKind.TIMEOUT, error, attempt)
        case Trouble.IMAGE:
            return KnownBad(FailureKind.REJECTED_IMAGE, plain(error.message))
        case Trouble.IMAGE_MAYBE | Trouble.REQUEST:
            return _doubtful_image(error, attempt)
        case Trouble.TOO_LONG:
            return KnownBad(FailureKind.TOO_LARGE, plain(error.message))
        case _:
            assert_never(error.trouble)


def _transient(kind: FailureKind, error: CallError, attempt: AttemptContext) -> Retry:
    asked = min(error.retry_after or 0.0, MAX_ASKED_DELAY)
    after = max(asked, backoff(max(attempt.calls, attempt.tries), attempt.jitter))
    return Retry(after, kind, plain(error.message), blamed=attempt.lane_healthy)


def _doubtful_image(error: CallError, attempt: AttemptContext) -> Retry | KnownBad:
    kind, why = FailureKind.REJECTED_IMAGE, plain(error.message)
    if attempt.lane_answered:
        return _second_chance(kind, why, attempt)
    if attempt.tries + 1 >= attempt.max_tries:
        return KnownBad(kind, why)
    return Retry(backoff(attempt.tries, attempt.jitter), kind, why, blamed=True)
