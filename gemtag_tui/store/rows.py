"""What the engine hands over to be kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.snapshot import RunSnapshot
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store.tracks import Track


@dataclass(frozen=True, slots=True)
class NewResult:
    """A paid answer.

    Attributes:
        asset: the asset's id.
        track: what it was asked of.
        tags: the validated answer.
        lane: interactive, flex or batch.
        tagged_at: Unix seconds.
        usage: tokens as billed.
        cost_usd: US dollars, of this answer alone.
        served_model: the model that really answered.
        job: id of the batch job.
        replaces: put it in place of an earlier result; otherwise the first one stands.
        made_with: the setting of this one try (see `gemtag_tui.core.next_try`), "" as usual.
    """

    asset: int
    track: Track
    tags: Tags
    lane: str
    tagged_at: float
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    served_model: str = ""
    job: int | None = None
    replaces: bool = False
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class NewFailure:
    """An asset that got no result.

    Attributes:
        asset: the asset's id.
        track: what it was asked of; not looked at for a kind that is found without asking.
        kind: why.
        message: words for people.
        standing: `OPEN` comes back at `next_retry`, `KNOWN_BAD` does not.
        at: Unix seconds.
        attempts: calls made for it since the last record.
        next_retry: Unix seconds, for `OPEN`.
        lane: interactive, flex or batch; "" when nothing was sent.
        job: id of the batch job.
        cost_usd: US dollars spent on these attempts.
        raw: the last raw answer, secrets removed; the first 64 kB are kept.
        made_with: the setting of this one try (see `gemtag_tui.core.next_try`), "" as usual.
    """

    asset: int
    track: Track
    kind: FailureKind
    message: str
    standing: Standing
    at: float
    attempts: int = 1
    next_retry: float | None = None
    lane: str = ""
    job: int | None = None
    cost_usd: float = 0.0
    raw: bytes = b""
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A call that was billed or counted against a quota.

    Attributes:
        at: when it was sent, Unix seconds.
        provider: `google` or `simulator`.
        model: as asked for.
        lane: interactive, flex or batch.
        status: `ok`, or a trouble, or a failure kind.
        asset: the asset's id.
        tokens_in: as billed.
        tokens_out: as billed, thinking included.
        cost_usd: US dollars.
        refused: a 429: counted apart, not among the day's requests.
        tokens_cached: of `tokens_in`, those read from the cache at its price.
    """

    at: float
    provider: str
    model: str
    lane: str
    status: str
    asset: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    refused: bool = False
    tokens_cached: int = 0


@dataclass(frozen=True, slots=True)
class LoggedError:
    """A line of a run's error log. `fate` says what happens to the asset now."""

    at: float
    kind: str
    message: str
    fate: str
    asset: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are written in one transaction.

    Attributes:
        results: new results.
        failures: new failures.
        ledger: calls.
        errors: lines for the error log of `run`.
        run: the run these belong to; `None` outside a run.
        snapshot: the engine's state; its `counts` are replaced by the library's own.
        index: most results to be added to the search index on the way.
        beside: told by whoever writes the group: assets among `results` for which a batch job's
            result stood already, so that theirs was only booked.
    """

    results: list[NewResult] = field(default_factory=list)
    failures: list[NewFailure] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    errors: list[LoggedError] = field(default_factory=list)
    run: int | None = None
    snapshot: RunSnapshot | None = None
    index: int = 1000
    beside: list[int] = field(default_factory=list)
