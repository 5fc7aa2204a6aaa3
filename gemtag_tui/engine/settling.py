"""What came back becomes rows, next tries and lessons."""

from __future__ import annotations

import os
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer, CallError, Trouble
from gemtag_tui.core.doubt import RequestDoubt
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.judge import AttemptContext, judge
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.core.snapshot import LastResult
from gemtag_tui.core.verdicts import Halt, KnownBad, Park, Retry, Tagged
from gemtag_tui.engine.control import CONFIGURATION
from gemtag_tui.engine.entries import ABANDONED, FOREIGN, QUOTA_TROUBLES, status_of
from gemtag_tui.engine.tail import tail_is_dead
from gemtag_tui.engine.turned_away import TurnedAway
from gemtag_tui.imaging.values import Changed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.core.settings import Calls
    from gemtag_tui.core.verdicts import Tags, Verdict
    from gemtag_tui.engine.admission import Admission, Grant, Lesson
    from gemtag_tui.engine.attempts import Attempt
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.entries import Entries
    from gemtag_tui.engine.feeder import Feeder, Ready
    from gemtag_tui.engine.service import Service
    from gemtag_tui.engine.spending import Spending
    from gemtag_tui.engine.tally import Tally
    from gemtag_tui.imaging.values import Refused

_HEALTHY_SECONDS = 10.0
_MOST_TOO_BIG = 5
_FAMILIAR = {
    "rpm": "{:,.0f} requests a minute",
    "tpm": "{:,.0f} input tokens a minute",
    "rpd": "{:,.0f} requests a day",
    "spend": "${:,.2f} in ten minutes",
}


def lesson_words(lesson: Lesson) -> str:
    """Return what a 429 taught, in a short sentence of our own."""
    figure = _FAMILIAR[lesson.name].format(lesson.new)
    allows = "allows" if lesson.named else "seems to allow about"
    return f"The server {allows} {figure}: keeping to that."


@lru_cache(maxsize=4)
def _midnight_after(quarter: int) -> float:
    return next_midnight(quarter * 900.0)


def _next_midnight(now: float) -> float:
    """Return the next Pacific midnight; days begin on a quarter of an hour everywhere."""
    return _midnight_after(int(now // 900))


def _billed_perhaps(error: CallError) -> bool:
    """Whether a call that brought nothing is to be counted as paid for.

    The server may have finished one that we stopped waiting for, and has finished one whose answer
    began well (200) and came to nothing on the way.
    """
    return error.trouble is Trouble.TIMEOUT or error.http_status == HTTPStatus.OK


class Settling:
    """Decides nothing by itself: it asks the judge and carries out the verdict.

    Args:
        provider: whose results the run stores.
        service: which service calls go through.
        entries: makes rows.
        learned: told of every lesson a 429 taught, to be kept.
    """

    def __init__(
        self,
        *,
        provider: str,
        service: Service,
        profile: Profile,
        calls: Calls,
        tally: Tally,
        admission: Admission,
        spending: Spending,
        entries: Entries,
        feeder: Feeder,
        control: Control,
        clock: Clock,
        rng: random.Random,
        learned: Callable[[Lesson], None],
    ) -> None:
        self._provider = provider
        self.service = service
        self.turned_away = TurnedAway(service, tally, admission, entries, feeder, clock=clock)
        self._profile = profile
        self._calls = calls
        self.tally = tally
        self._admission = admission
        self._spending = spending
        self._entries = entries
        self._control = control
        self._clock = clock
        self._rng = rng
        self._learned = learned
        self._feeder = feeder
        self._last_success = float("-inf")
        self._doubt = RequestDoubt()
        self._too_big = 0

    def rest(self, *, resting: bool) -> None:
        """Leave time in which nothing may move out of the rate."""
        self.tally.meter.rest(self._clock.monotonic(), resting=resting)

    def settle(self, ready: Ready, grant: Grant, outcome: Outcome, sent_at: float) -> None:
        """Take one call's outcome all the way."""
        attempt = ready.attempt
        usage = outcome.usage if isinstance(outcome, Answer) else None
        cost = self._cost(attempt, outcome, grant)
        if isinstance(outcome, Answer):
            attempt.lane = self.tally.served(attempt.lane, outcome)
        self.tally.charge(usage, cost)
        attempt.cost_usd += cost
        self._too_big = 0
        if isinstance(outcome, CallError):
            self._learn(grant, outcome, cost)
        else:
            self._admission.settle(grant, usage.prompt if usage else None, cost)
            if outcome.provider != self._provider:
                self._foreign(attempt, outcome, sent_at, cost)
                return
            self._measure(ready, outcome)
        verdict = self._doubted(attempt, outcome) or self._judge(attempt, outcome)
        self._entries.call(attempt, status_of(outcome, verdict), sent_at, cost, usage=usage)
        self._carry_out(attempt, outcome, verdict, cost)

    def abandoned(self, attempt: Attempt, grant: Grant, sent_at: float) -> None:
        """Record a call that was cut off while in flight; it may have been billed."""
        self.service.abandoned(attempt.lane)
        self._admission.settle(grant, None, None)
        self.tally.charge(None, grant.need.usd)
        self._entries.call(attempt, ABANDONED, sent_at, grant.need.usd)

    def refuse(self, attempt: Attempt, refused: Refused | Changed) -> None:
        """Record a picture that cannot be sent: found out without asking a model."""
        if isinstance(refused, Changed) or not os.path.lexists(attempt.candidate.path):
            self._gone(attempt)
            return
        kind = FailureKind(refused.kind)
        self._fail(attempt, kind, refused.message, Standing.KNOWN_BAD)
        self._log(attempt, kind, refused.message, "known bad until the file changes")

    def too_big(self, attempt: Attempt, why: str) -> None:
        """Leave out a picture whose one call is over a whole limit: nobody's fault."""
        self._too_big += 1
        self._log(attempt, FailureKind.TOO_LARGE, why, "left out of this run")
        if self._too_big >= _MOST_TOO_BIG:
            words = f"{why[:1].upper()}{why[1:]}, for one picture after another: raise that limit."
            self._control.end(CONFIGURATION, words)
            self._feeder.again(attempt, self._clock.monotonic())
            return
        self.tally.warn(f"Some pictures were left out: {why}.", about="too big")
        self._feeder.pass_over(attempt)

    def _gone(self, attempt: Attempt) -> None:
        """Leave a file that is not what was scanned: only a scan can say what it is now."""
        why = "the file is no longer what was scanned"
        self._log(attempt, FailureKind.UNREADABLE, why, "left out of this run: scan it again")
        self.tally.warn("Some files changed or went away since the scan: `gemtag scan` them again.")
        self._feeder.pass_over(attempt)

    def _cost(self, attempt: Attempt, outcome: Outcome, grant: Grant) -> float:
        if isinstance(outcome, Answer):
            return self._spending.actual(outcome, grant.need.usd, attempt.lane)
        return grant.need.usd if _billed_perhaps(outcome) else 0.0

    def _learn(self, grant: Grant, error: CallError, cost: float) -> None:
        lesson = self._admission.learn(
            self._clock.monotonic(), self._clock.now(), grant, error, cost
        )
        if lesson is not None:
            self.tally.warn(lesson_words(lesson), about=f"limit {lesson.name}")
            self._learned(lesson)

    def _foreign(self, attempt: Attempt, answer: Answer, sent_at: float, cost: float) -> None:
        """End the run rather than store an answer under the wrong provider."""
        why = (
            f"The answers come from {answer.provider}, but this run stores results for "
            f"{self._provider}: nothing of them was stored. Check GOOGLE_GEMINI_BASE_URL and start "
            "again."
        )
        by = answer.provider
        self._entries.call(attempt, FOREIGN, sent_at, cost, usage=answer.usage, provider=by)
        self._halt(attempt, why, CONFIGURATION)

    def _measure(self, ready: Ready, answer: Answer) -> None:
        self._last_success = self._clock.monotonic()
        if answer.usage is not None and not ready.attempt.candidate.setting:
            self._spending.learn(ready.picture.width, ready.picture.height, answer.usage)

    def _doubted(self, attempt: Attempt, outcome: Outcome) -> Halt | None:
        """Notice a request that is refused for every picture alike."""
        if isinstance(outcome, Answer):
            self._doubt.answered()
        elif outcome.trouble in {Trouble.IMAGE_MAYBE, Trouble.REQUEST}:
            return self._doubt.refused(attempt.asset, outcome.message)
        return None

    def _judge(self, attempt: Attempt, outcome: Outcome) -> Verdict:
        now = self._clock.now()
        context = AttemptContext(
            tries=attempt.tries,
            better_tried=attempt.bettered,
            max_tries=self._calls.tries,
            jitter=self._rng.random(),
            now=now,
            midnight=_next_midnight(now),
            lane_healthy=self._silent() < _HEALTHY_SECONDS,
            lane_answered=self._doubt.answered_once,
            calls=attempt.calls - 1,
        )
        return judge(outcome, self._profile, attempt=context)

    def _silent(self) -> float:
        """Seconds since an answer."""
        return self._clock.monotonic() - self._last_success

    def _carry_out(self, attempt: Attempt, outcome: Outcome, verdict: Verdict, cost: float) -> None:
        match verdict:
            case Tagged(tags):
                self._tagged(attempt, outcome, tags, cost)
            case KnownBad(kind, why):
                self._fail(attempt, kind, why, Standing.KNOWN_BAD, outcome)
                self._log(attempt, kind, why, "known bad, not sent again")
            case Retry():
                self._retry(attempt, outcome, verdict)
            case Park():
                self._feeder.again(attempt, self._clock.monotonic())
            case Halt(why, exit_code):
                self._halt(attempt, why, exit_code)

    def _tagged(self, attempt: Attempt, outcome: Outcome, tags: Tags, cost: float) -> None:
        assert isinstance(outcome, Answer)  # noqa: S101 - the judge tags nothing else
        self._entries.result(attempt, outcome, tags, cost)
        self.tally.tagged(
            LastResult(
                asset=attempt.asset,
                path=attempt.candidate.path,
                summary=tags.summary,
                tags={bucket: list(names) for bucket, names in tags.buckets.items()},
                at=self._clock.now(),
            )
        )
        self._settled(attempt)

    def _retry(self, attempt: Attempt, outcome: Outcome, verdict: Retry) -> None:
        now = self._clock.monotonic()
        if verdict.better:
            attempt.better = attempt.bettered = True
        quota = isinstance(outcome, CallError) and outcome.trouble in QUOTA_TROUBLES
        if not quota:
            attempt.failed(now, verdict, outcome)
        if verdict.blamed and attempt.tries >= self._calls.tries:
            self._put_off(attempt)
        elif (
            not quota
            and not verdict.better
            and (self._doubt.answered_once and tail_is_dead(self._feeder, now, self._last_success))
        ):
            for one in (attempt, *self._feeder.give_up_waiting()):
                self._put_off(one)
        else:
            self._feeder.again(attempt, now + verdict.after)
            if not quota:
                fate = f"again in {verdict.after:.0f} s" if verdict.after >= 1 else "again at once"
                self._log(attempt, verdict.kind, verdict.why, fate)

    def _put_off(self, attempt: Attempt) -> None:
        """Record a failure that comes back by itself."""
        assert attempt.last is not None  # noqa: S101 - only what has failed comes here
        verdict, outcome = attempt.last
        self._fail(attempt, verdict.kind, verdict.why, Standing.OPEN, outcome)
        fate = f"tried {attempt.calls} times: comes back later"
        self._log(attempt, verdict.kind, verdict.why, fate)

    def _halt(self, attempt: Attempt, why: str, exit_code: int) -> None:
        self._feeder.again(attempt, self._clock.monotonic())
        if self._control.ending is None:
            self._log(attempt, "halt", why, "not blamed: the run stops")
        self._control.end(exit_code, why, patient=True)

    def _fail(
        self,
        attempt: Attempt,
        kind: FailureKind,
        why: str,
        standing: Standing,
        outcome: Outcome | None = None,
    ) -> None:
        self._entries.failure(attempt, kind, why, standing, outcome)
        self.tally.failure(attempt.asset)
        self._settled(attempt)

    def _settled(self, attempt: Attempt) -> None:
        self.tally.settled_calls += attempt.calls
        self.tally.meter.add(self._clock.monotonic())
        self._feeder.settle(attempt)

    def _log(self, attempt: Attempt, kind: str, message: str, fate: str) -> None:
        self.tally.errors += 1
        self._entries.trouble(attempt, kind, message, fate)
