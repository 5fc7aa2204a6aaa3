"""What admission is asked for and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from gemtag_tui.core.quota import Entry
from gemtag_tui.core.quota_money import Second


@dataclass(frozen=True, slots=True)
class Need:
    """What one call is estimated to use.

    Attributes:
        tokens: input tokens (the minute's limit counts these).
        usd: its whole cost in US dollars.
    """

    tokens: int = 0
    usd: float = 0.0


@dataclass(slots=True, eq=False)
class Grant:
    """One call let through; ended by the first of `settle`, `learn`, `release`.

    Attributes:
        at: monotonic seconds, `unix`: Unix seconds when it was given: send at once.
    """

    at: float
    unix: float
    need: Need
    request: Entry
    tokens: Entry
    second: Second
    day: float
    nano: int
    open: bool = True


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Ask again at `at` (monotonic seconds)."""

    at: float
    binding: str
    why: str


@dataclass(frozen=True, slots=True)
class ParkUntil:
    """Nothing goes out before `at` (Unix seconds)."""

    at: float
    binding: str
    why: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A budget is used up. `until` (Unix seconds): when it begins anew, 0 for not by itself."""

    binding: str
    why: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class TooBig:
    """This one call needs more than a whole span of a limit: it can never go."""

    binding: str
    why: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a refusal taught, to be kept as a `learned_limit`.

    Attributes:
        name: rpm, tpm, rpd or spend.
        old: the figure before, 0 for none; `new`: from now on. Requests, tokens or US dollars.
        named: whether the server named the figure (else it is inferred).
        at: Unix seconds.
    """

    name: str
    old: float
    new: float
    words: str
    named: bool
    at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A configured figure and where it comes from: "default", "yours" or "command line"."""

    value: float = 0.0
    source: str = "default"


@dataclass(frozen=True, slots=True)
class LimitFigures:
    """The configured limits; a value of 0 is none. Spend in US dollars per rolling ten minutes."""

    rpm: Limit = Limit()
    tpm: Limit = Limit()
    rpd: Limit = Limit()
    spend: Limit = Limit()


@dataclass(frozen=True, slots=True)
class Budgets:
    """Caps of our own in US dollars, 0 for none."""

    run: float = 0.0
    day: float = 0.0
    month: float = 0.0


@dataclass(frozen=True, slots=True)
class PastCall:
    """A ledger row from before a restart: when (Unix seconds), what it used, what came of it."""

    at: float
    tokens_in: int
    cost_usd: float
    status: str


@dataclass(frozen=True, slots=True)
class Past:
    """All that admission takes over from the library at a start.

    Attributes:
        calls: the ledger's rows of the last ten minutes.
        requests_today: the kept count of the present Pacific day, every attempt counted.
        refused_today: 429s of it.
        day_usd, month_usd: spent on this Pacific day and in this month.
        learned: kept lessons (`old` does not matter).
    """

    calls: list[PastCall] = field(default_factory=list)
    requests_today: int = 0
    refused_today: int = 0
    day_usd: float = 0.0
    month_usd: float = 0.0
    learned: list[Lesson] = field(default_factory=list)
