"""The windows of one model with the figures that hold for them."""

from __future__ import annotations

import math

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.quota import Fate, PacedWindow
from gemtag_tui.core.quota_ceiling import Ceiling
from gemtag_tui.core.quota_day import DayCount
from gemtag_tui.core.quota_money import NANO, SpendWindow, nanos
from gemtag_tui.core.quota_values import Lesson, Limit, LimitFigures, PastCall

GAUGE_OF = {
    Trouble.RATE_REQUESTS: "rpm",
    Trouble.RATE_TOKENS: "tpm",
    Trouble.DAY_REQUESTS: "rpd",
    Trouble.SPEND_RATE: "spend",
    Trouble.CAPACITY: "rpm",
}
"""The refusals (429) that time heals, and the gauge at which each is counted."""
_REFUSED_STATUS = frozenset(str(trouble) for trouble in GAUGE_OF)


def to_whole(name: str, figure: float) -> int:
    """Return a figure as the whole number a window counts in."""
    return nanos(figure) if name == "spend" else int(figure)


def to_figure(name: str, whole: int) -> float:
    """Return a window's whole number as people know it."""
    return whole / NANO if name == "spend" else float(whole)


class Limiters:
    """Windows, day count and the ceilings above them; times are monotonic seconds."""

    def __init__(self, figures: LimitFigures) -> None:
        self.ceilings = {name: Ceiling() for name in ("rpm", "tpm", "rpd", "spend")}
        self.rpm, self.tpm = PacedWindow(0), PacedWindow(0)
        self.spend, self.day = SpendWindow(0), DayCount()
        self.figures = figures
        self.tick_at = math.inf
        self.apply(0.0)

    def configure(self, now: float, figures: LimitFigures) -> None:
        """Change the configured figures; what was learned stays."""
        self.figures = figures
        self.day.reopen()
        self.apply(now)

    def forget(self, now: float, name: str = "") -> None:
        """Go back to the configured figure of one limit, or of all."""
        for key, ceiling in self.ceilings.items():
            if name in {"", key}:
                ceiling.forget()
        if name in {"", "rpd"}:
            self.day.reopen()
        self.apply(now)

    def tick(self, now: float) -> None:
        """Let learned limits rise when their quiet time is over; cheap before `tick_at`."""
        if now >= self.tick_at:
            for ceiling in self.ceilings.values():
                ceiling.tick(now)
            self.apply(now)

    def apply(self, now: float) -> None:
        """Bring the ceilings' figures into the windows."""
        for name, ceiling in self.ceilings.items():
            limit: Limit = getattr(self.figures, name)
            ceiling.configured, ceiling.source = to_whole(name, limit.value), limit.source
        self.rpm.set_limit(now, self.ceilings["rpm"].value)
        self.tpm.set_limit(now, self.ceilings["tpm"].value)
        self.spend.limit = self.ceilings["spend"].value
        self.day.limit = self.ceilings["rpd"].value
        self.tick_at = min(ceiling.next_tick() for ceiling in self.ceilings.values())

    def restore(self, now: float, unix: float, lessons: list[Lesson]) -> None:
        """Take up limits learned before a restart."""
        for lesson in lessons:
            ceiling, value = self.ceilings.get(lesson.name), to_whole(lesson.name, lesson.new)
            if ceiling is not None and value > 0:
                ceiling.restore(now, value, named=lesson.named, age=unix - lesson.at)
        self.apply(now)

    def load(self, now: float, unix: float, calls: list[PastCall]) -> None:
        """Fill the windows from the ledger."""
        rows = [(now - (unix - call.at), call) for call in calls]
        fates = [Fate.REFUSED if c.status in _REFUSED_STATUS else Fate.ACCEPTED for _, c in rows]
        pairs = list(zip(rows, fates, strict=True))
        self.rpm.load(now, [(at, 1, fate) for (at, _), fate in pairs])
        self.tpm.load(now, [(at, call.tokens_in, fate) for (at, call), fate in pairs])
        self.spend.load(now, [(at, nanos(call.cost_usd)) for at, call in rows])
