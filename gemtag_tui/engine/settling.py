"""What came back becomes rows, next tries and lessons."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer, CallError, Trouble, Usage
from gemtag_tui.core.doubt import RequestDoubt
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.judge import AttemptContext, judge
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.core.snapshot import LastResult
from gemtag_tui.core.text import plain
from gemtag_tui.core.verdicts import Halt, KnownBad, Park, Retry, Tagged
from gemtag_tui.engine.control import CONFIGURATION
from gemtag_tui.imaging.values import Changed
from gemtag_tui.store.commits import LedgerRow, LoggedError, NewFailure, NewResult

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.core.settings import Calls
    from gemtag_tui.core.verdicts import Verdict
    from gemtag_tui.engine.admission import Admission, Grant, Lesson
    from gemtag_tui.engine.attempts import Attempt
    from gemtag_tui.engine.committer import Committer
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.feeder import Feeder, Ready
    from gemtag_tui.engine.spending import Spending
    from gemtag_tui.engine.tally import Tally
    from gemtag_tui.imaging.values import Refused
    from gemtag_tui.store.tracks import Track

QUOTA_TROUBLES = frozenset(
    {Trouble.RATE_REQUESTS, Trouble.RATE_TOKENS, Trouble.DAY_REQUESTS, Trouble.SPEND_RATE}
)
"""429s that say which quota was hit: lessons for admission, no sign of overload."""
_BILLED_PERHAPS = frozenset({Trouble.TIMEOUT})
"""The server may have finished and billed a call that we stopped waiting for."""
_REFUSED = frozenset(map(str, QUOTA_TROUBLES | {Trouble.CAPACITY, Trouble.NO_QUOTA}))
_HEALTHY_SECONDS = 10.0
_MOST_DOUBLINGS = 6


class Settling:
    """Decides nothing by itself: it asks the judge and carries out the verdict.

    Args:
        learned: told of every lesson a 429 taught, to be kept.
        lane: "interactive" or "flex".
    """

    def __init__(
        self,
        *,
        track: Track,
        lane: str,
        profile: Profile,
        calls: Calls,
        tally: Tally,
        admission: Admission,
        spending: Spending,
        committer: Committer,
        feeder: Feeder,
        control: Control,
        clock: Clock,
        rng: random.Random,
        learned: Callable[[Lesson], None],
    ) -> None:
        self._track = track
        self.lane = lane
        self._profile = profile
        self._calls = calls
        self.tally = tally
        self._admission = admission
        self._spending = spending
        self._committer = committer
        self._control = control
        self._clock = clock
        self._rng = rng
        self._learned = learned
        self._feeder = feeder
        self._last_success = float("-inf")
        self._midnight = float("-inf")
        self._doubt = RequestDoubt()

    def rest(self, *, resting: bool) -> None:
        """Leave time in which nothing may move out of the rate."""
        self.tally.meter.rest(self._clock.monotonic(), resting=resting)

    def settle(self, ready: Ready, grant: Grant, outcome: Outcome, sent_at: float) -> None:
        """Take one call's outcome all the way."""
        attempt = ready.attempt
        usage = outcome.usage if isinstance(outcome, Answer) else None
        cost = self._cost(outcome, grant)
        if isinstance(outcome, CallError):
            self._learn(grant, outcome, cost)
        else:
            self._admission.settle(grant, usage.prompt if usage else None, cost)
            self._measure(ready, outcome)
        self.tally.tries += 1
        self.tally.charge(usage, cost)
        attempt.cost_usd += cost
        verdict = self._doubted(attempt, outcome) or self._judge(attempt, outcome)
        self._enter(attempt, outcome, verdict, sent_at, cost)
        self._carry_out(attempt, outcome, verdict, cost)

    def abandoned(self, attempt: Attempt, grant: Grant, sent_at: float) -> None:
        """Record a call that was cut off while in flight; it may have been billed."""
        self._admission.settle(grant, None, None)
        self.tally.tries += 1
        self.tally.charge(None, grant.need.usd)
        self._committer.call(self._ledger_row(attempt, "abandoned", sent_at, grant.need.usd, 0, 0))

    def refuse(self, attempt: Attempt, refused: Refused | Changed) -> None:
        """Record a picture that cannot be sent: found out without asking a model."""
        if isinstance(refused, Changed) or not os.path.lexists(attempt.candidate.path):
            self._gone(attempt)
            return
        kind = FailureKind(refused.kind)
        self._fail(attempt, kind, refused.message, Standing.KNOWN_BAD)
        self._log(attempt, kind, refused.message, "known bad until the file changes")

    def _gone(self, attempt: Attempt) -> None:
        """Leave a file that is not what was scanned: only a scan can say what it is now."""
        why = "the file is no longer what was scanned"
        self._log(attempt, FailureKind.UNREADABLE, why, "left out of this run: scan it again")
        self.tally.warn("Some files changed or went away since the scan: `gemtag scan` them again.")
        self._feeder.pass_over(attempt)

    def too_big(self, attempt: Attempt, why: str) -> None:
        """Record a picture whose single request is over a limit of a whole minute."""
        self._fail(attempt, FailureKind.TOO_LARGE, why, Standing.KNOWN_BAD)
        self._log(attempt, FailureKind.TOO_LARGE, why, "known bad under the present limits")

    # -- the parts of settling ------------------------------------------------------------------

    def _cost(self, outcome: Outcome, grant: Grant) -> float:
        if isinstance(outcome, Answer):
            return self._spending.actual(outcome, grant.need.usd)
        return grant.need.usd if outcome.trouble in _BILLED_PERHAPS else 0.0

    def _learn(self, grant: Grant, error: CallError, cost: float) -> None:
        lesson = self._admission.learn(
            self._clock.monotonic(), self._clock.now(), grant, error, cost
        )
        if lesson is not None:
            self.tally.warn(lesson.words)
            self._learned(lesson)

    def _measure(self, ready: Ready, answer: Answer) -> None:
        self._last_success = self._clock.monotonic()
        if answer.usage is not None:
            self._spending.learn(ready.picture.width, ready.picture.height, answer.usage)
        if answer.provider != self._track.provider:
            why = (
                f"The answers come from {answer.provider}, but this run stores results for "
                f"{self._track.provider}. Check GOOGLE_GEMINI_BASE_URL and start again."
            )
            self._control.end(CONFIGURATION, why)

    def _doubted(self, attempt: Attempt, outcome: Outcome) -> Halt | None:
        """Notice a request that is refused for every picture alike."""
        if isinstance(outcome, Answer):
            self._doubt.answered()
        elif outcome.trouble is Trouble.IMAGE_MAYBE:
            return self._doubt.refused(attempt.asset, outcome.message)
        return None

    def _judge(self, attempt: Attempt, outcome: Outcome) -> Verdict:
        now = self._clock.now()
        healthy = self._clock.monotonic() - self._last_success < _HEALTHY_SECONDS
        context = AttemptContext(
            tries=attempt.tries,
            better_tried=attempt.bettered,
            max_tries=self._calls.tries,
            jitter=self._rng.random(),
            now=now,
            midnight=self._next_midnight(now),
            lane_healthy=healthy,
            lane_answered=self._doubt.answered_once,
            calls=attempt.calls - 1,
        )
        return judge(outcome, self._profile, attempt=context)

    def _next_midnight(self, now: float) -> float:
        if now >= self._midnight:
            self._midnight = next_midnight(now)
        return self._midnight

    def _enter(
        self, attempt: Attempt, outcome: Outcome, verdict: Verdict, sent_at: float, cost: float
    ) -> None:
        usage = outcome.usage if isinstance(outcome, Answer) else None
        row = self._ledger_row(
            attempt,
            _status(outcome, verdict),
            sent_at,
            cost,
            usage.prompt if usage else 0,
            usage.output if usage else 0,
        )
        self._committer.call(row)

    def _ledger_row(
        self, attempt: Attempt, status: str, at: float, cost: float, tokens_in: int, tokens_out: int
    ) -> LedgerRow:
        return LedgerRow(
            at=at,
            provider=self._track.provider,
            model=self._track.model,
            lane=self.lane,
            asset=attempt.asset,
            status=status,
            refused=status in _REFUSED,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=cost,
        )

    def _carry_out(self, attempt: Attempt, outcome: Outcome, verdict: Verdict, cost: float) -> None:
        match verdict:
            case Tagged():
                self._tagged(attempt, outcome, verdict, cost)
            case KnownBad(kind, why):
                self._fail(attempt, kind, why, Standing.KNOWN_BAD, outcome=outcome)
                self._log(attempt, kind, why, "known bad, not sent again")
            case Retry():
                self._retry(attempt, outcome, verdict)
            case Park(_, why):
                self.tally.warn(why)
                self._feeder.again(attempt, self._clock.monotonic())
            case Halt(why, exit_code):
                self._feeder.again(attempt, self._clock.monotonic())
                self._log(attempt, FailureKind.QUOTA, why, "not blamed: the run stops")
                self._control.end(exit_code, why)

    def _tagged(self, attempt: Attempt, outcome: Outcome, verdict: Tagged, cost: float) -> None:
        assert isinstance(outcome, Answer)  # noqa: S101 - the judge tags nothing else
        tags, now = verdict.tags, self._clock.now()
        self._committer.result(
            NewResult(
                asset=attempt.asset,
                track=self._track,
                tags=tags,
                lane=self.lane,
                tagged_at=now,
                usage=outcome.usage or Usage(),
                cost_usd=cost,
                served_model=outcome.model_version,
            )
        )
        self.tally.done += 1
        self.tally.last.appendleft(
            LastResult(
                asset=attempt.asset,
                path=attempt.candidate.path,
                summary=tags.summary,
                tags={bucket: list(names) for bucket, names in tags.buckets.items()},
                at=now,
            )
        )
        self._settled(attempt)

    def _retry(self, attempt: Attempt, outcome: Outcome, verdict: Retry) -> None:
        attempt.tries += verdict.blamed
        if verdict.better:
            attempt.better = attempt.bettered = True
        if attempt.tries >= self._calls.tries and verdict.blamed:
            self._fail(attempt, verdict.kind, verdict.why, Standing.OPEN, outcome=outcome)
            fate = f"tried {attempt.tries} times: comes back later"
            self._log(attempt, verdict.kind, verdict.why, fate)
            return
        self._feeder.again(attempt, self._clock.monotonic() + verdict.after)
        if not (isinstance(outcome, CallError) and outcome.trouble in QUOTA_TROUBLES):
            fate = f"again in {verdict.after:.0f} s" if verdict.after >= 1 else "again at once"
            self._log(attempt, verdict.kind, verdict.why, fate)

    def _fail(
        self,
        attempt: Attempt,
        kind: FailureKind,
        why: str,
        standing: Standing,
        *,
        outcome: Outcome | None = None,
    ) -> None:
        now = self._clock.now()
        self._committer.failure(
            NewFailure(
                asset=attempt.asset,
                track=self._track,
                kind=kind,
                message=plain(why),
                attempts=max(1, attempt.calls),
                standing=standing,
                at=now,
                next_retry=self._next_retry(attempt, now) if standing is Standing.OPEN else None,
                lane="" if outcome is None else self.lane,
                cost_usd=attempt.cost_usd,
                raw=_raw(outcome),
            )
        )
        self.tally.bad += 1
        self._settled(attempt)

    def _next_retry(self, attempt: Attempt, now: float) -> float:
        """Wait twice as long as after its last failure."""
        first: float = self._calls.retry_hours * 3600
        longest = first * float(2**_MOST_DOUBLINGS)
        return now + max(first, min(2 * attempt.candidate.waited, longest))

    def _settled(self, attempt: Attempt) -> None:
        self.tally.settled_calls += attempt.calls
        self.tally.meter.add(self._clock.monotonic())
        self._feeder.settle(attempt)

    def _log(self, attempt: Attempt, kind: FailureKind, message: str, fate: str) -> None:
        self.tally.errors += 1
        self._committer.error(
            LoggedError(
                at=self._clock.now(),
                kind=kind,
                asset=attempt.asset,
                message=plain(message),
                fate=fate,
            )
        )


def _status(outcome: Outcome, verdict: Verdict) -> str:
    if isinstance(outcome, CallError):
        return str(outcome.trouble)
    match verdict:
        case Tagged():
            return "ok"
        case KnownBad(kind, _) | Retry(kind=kind):
            return str(kind)
        case _:
            return "refused"


def _raw(outcome: Outcome | None) -> bytes:
    if outcome is None:
        return b""
    return outcome.raw if isinstance(outcome, Answer) else outcome.raw.encode("utf-8", "replace")
