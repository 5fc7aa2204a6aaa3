"""Rows for the library: what is kept of every call, result, failure and trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer, CallError, Trouble, Usage
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.text import plain
from gemtag_tui.core.verdicts import KnownBad, Retry, Tagged
from gemtag_tui.store.commits import LedgerRow, LoggedError, NewFailure, NewResult

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.verdicts import Tags, Verdict
    from gemtag_tui.engine.attempts import Attempt
    from gemtag_tui.engine.committer import Committer
    from gemtag_tui.store.tracks import Track

QUOTA_TROUBLES = frozenset(
    {Trouble.RATE_REQUESTS, Trouble.RATE_TOKENS, Trouble.DAY_REQUESTS, Trouble.SPEND_RATE}
)
"""429s that say which quota was hit: lessons for admission, no sign of overload."""
ABANDONED = "abandoned"
TURNED_AWAY = "turned_away"
"""Status of a call that the flex service had no room for."""
FOREIGN = "foreign"
"""Status of an answer that came from another provider than the run stores results for."""
_REFUSED = frozenset(map(str, QUOTA_TROUBLES | {Trouble.CAPACITY, Trouble.NO_QUOTA}))
_MOST_DOUBLINGS = 6


class Entries:
    """Makes the rows of one run and hands them to the committer.

    Args:
        track: what results are stored under.
        retry_hours: hours until an asset whose tries are used up is due again.
    """

    def __init__(
        self, track: Track, committer: Committer, clock: Clock, retry_hours: float
    ) -> None:
        self._track = track
        self._committer = committer
        self._clock = clock
        self._retry_seconds = retry_hours * 3600.0

    def call(
        self,
        attempt: Attempt,
        status: str,
        sent_at: float,
        cost: float,
        *,
        usage: Usage | None = None,
        provider: str = "",
    ) -> None:
        """Enter a call into the ledger.

        Args:
            sent_at: Unix seconds.
            cost: US dollars.
            usage: tokens, where the answer said them.
            provider: who answered, when it is not the track's.
        """
        spent = usage or Usage()
        self._committer.call(
            LedgerRow(
                at=sent_at,
                provider=provider or self._track.provider,
                model=self._track.model,
                lane=attempt.lane,
                asset=attempt.asset,
                status=status,
                refused=status in _REFUSED,
                tokens_in=spent.prompt,
                tokens_out=spent.output,
                tokens_cached=spent.cached,
                cost_usd=cost,
            )
        )

    def result(self, attempt: Attempt, answer: Answer, tags: Tags, cost: float) -> None:
        """Store a result."""
        self._committer.result(
            NewResult(
                asset=attempt.asset,
                track=self._track,
                tags=tags,
                lane=attempt.lane,
                tagged_at=self._clock.now(),
                usage=answer.usage or Usage(),
                cost_usd=cost,
                served_model=answer.model_version,
                made_with=attempt.candidate.setting,
            )
        )

    def failure(
        self,
        attempt: Attempt,
        kind: FailureKind,
        why: str,
        standing: Standing,
        outcome: Outcome | None = None,
    ) -> None:
        """Record a failure; an open one comes back after a delay."""
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
                next_retry=self.next_retry(attempt, now) if standing is Standing.OPEN else None,
                lane="" if outcome is None else attempt.lane,
                cost_usd=attempt.cost_usd,
                raw=_raw(outcome),
                made_with=attempt.candidate.setting,
            )
        )

    def trouble(self, attempt: Attempt, kind: str, message: str, fate: str) -> None:
        """Add a line to the run's error log."""
        line = LoggedError(
            at=self._clock.now(), kind=kind, asset=attempt.asset, message=plain(message), fate=fate
        )
        self._committer.error(line)

    def next_retry(self, attempt: Attempt, now: float) -> float:
        """Return when an open failure is due (Unix seconds): twice as long as the last time."""
        first = self._retry_seconds
        longest = first * float(2**_MOST_DOUBLINGS)
        return now + max(first, min(2 * attempt.candidate.waited, longest))


def status_of(outcome: Outcome, verdict: Verdict) -> str:
    """Return a call's status for the ledger."""
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
