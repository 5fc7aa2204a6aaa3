"""The windows of one model with the figures that hold for them."""

from __future__ import annotations

import math

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.quota import PAST, Fate, PacedWindow
from gemtag_tui.core.quota_asking import PATIENCE
from gemtag_tui.core.quota_ceiling import Ceiling
from gemtag_tui.core.quota_day import DayCount
from gemtag_tui.core.quota_money import NANO, SpendWindow, nanos
from gemtag_tui.core.quota_ramp import Ramp
from gemtag_tui.core.quota_search import MINUTE, Evidence, Phase, Search
from gemtag_tui.core.quota_values import Grant, Lesson, Limit, LimitFigures, PastCall

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
        self.ramp = Ramp()
        self._empty_at: dict[str, float] = {}  # when the last refused call was sent
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
        """Let learned limits rise when their time is over; cheap before `tick_at`."""
        if now >= self.tick_at:
            for name, ceiling in self.ceilings.items():
                ceiling.tick(now, self._used(name, now, ceiling.search))
            self.ramp.tick(now)
            self.apply(now)

    def apply(self, now: float) -> None:
        """Bring the ceilings' figures into the windows."""
        for name, ceiling in self.ceilings.items():
            limit: Limit = getattr(self.figures, name)
            ceiling.configured, ceiling.source = to_whole(name, limit.value), limit.source
        for window, name in ((self.rpm, "rpm"), (self.tpm, "tpm")):
            ceiling = self.ceilings[name]
            pace = ceiling.pace
            if not ceiling.learned:
                pace = self.ramp.pace(name, pace)
            window.set_limit(now, ceiling.roof, pace)
        self.spend.limit = self.ceilings["spend"].value
        self.day.limit = self.ceilings["rpd"].value
        ticks = (ceiling.next_tick() for ceiling in self.ceilings.values())
        self.tick_at = min(self.ramp.next_at, *ticks)

    def begun(self, now: float) -> None:
        """Take in that a call goes out: the first one starts the ramp."""
        if self.ramp.begin(now):
            self.apply(now)

    def crowded(self, now: float, pending: int) -> bool:
        """Return whether too many calls are in flight for limits that nothing has confirmed.

        Calls that hang hold nothing up for long.
        """
        minutes = [self.ceilings[name] for name in ("rpm", "tpm")]
        unsure = any(c.configured for c in minutes) and not any(c.learned for c in minutes)
        recent = self.rpm.last_at > now - PATIENCE
        return unsure and recent and pending + 1 > self.ramp.in_flight(now)

    def accepted(self, name: str, grant: Grant) -> int:
        """Return what the server let in within the span before a call."""
        if name == "spend":
            return self.spend.used(grant.at)
        return self.tpm.accepted(grant.at) if name == "tpm" else self.rpm.accepted(grant.at)

    def evidence(self, name: str, at: float, minute: float) -> Evidence:
        """Return what the server let in before a call of `at` that it refused, all answered.

        From then on a bucket is known to have been empty at `at`.

        Args:
            minute: when the clock's minute of `at` began.
        """
        window = self.tpm if name == "tpm" else self.rpm
        inside = window.entries(at - MINUTE, at)
        empty, log = self._empty_at.get(name, -math.inf), at - (PAST - 1) * MINUTE
        run = window.entries(max(empty, log), at)
        began = empty if empty >= log else run[0].at if run else at
        self._empty_at[name] = at
        return Evidence(
            sum(e.weight for e in inside),
            len(inside),
            sum(e.weight for e in inside if e.at >= minute),
            sum(e.weight for e in run),
            len(run),
            at - began,
            empty >= log,
        )

    def inside(self, name: str, at: float) -> int:
        """Return what was let in within the minute before."""
        window = self.tpm if name == "tpm" else self.rpm
        return sum(e.weight for e in window.entries(at - MINUTE, at))

    def _used(self, name: str, now: float, search: Search) -> int:
        if search.phase is not Phase.SEEKING or now < search.next_at:
            return 0
        window = self.tpm if name == "tpm" else self.rpm
        return sum(e.weight for e in window.entries(now - search.tried(now), now))

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
        self.ramp.answered(fates.count(Fate.ACCEPTED))
        self.rpm.load(now, [(at, 1, fate) for (at, _), fate in pairs])
        self.tpm.load(now, [(at, call.tokens_in, fate) for (at, call), fate in pairs])
        self.spend.load(now, [(at, nanos(call.cost_usd)) for at, call in rows])
