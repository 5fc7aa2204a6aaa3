"""The windows of one model with the figures that hold for them."""

from __future__ import annotations

import math

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.quota import PAST, Entry, Fate, PacedWindow
from gemtag_tui.core.quota_ceiling import Ceiling
from gemtag_tui.core.quota_day import DayCount
from gemtag_tui.core.quota_money import NANO, SpendWindow, nanos
from gemtag_tui.core.quota_ramp import Ramp
from gemtag_tui.core.quota_search import MINUTE, Evidence, Phase
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
        self.ramp = Ramp()
        self._refused_at: dict[str, tuple[float, float]] = {}  # the last, the last measured
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
            for name, ceiling in self.ceilings.items():
                search = ceiling.search
                tried = search.window(now) if search.phase is Phase.SEEKING else 0.0
                if now < search.next_at or search.busy(now, self._used(name, now, tried)):
                    ceiling.tick(now)
            self.ramp.tick(now)
            self.apply(now)

    def apply(self, now: float) -> None:
        """Bring the ceilings' figures into the windows."""
        for name, ceiling in self.ceilings.items():
            limit: Limit = getattr(self.figures, name)
            ceiling.configured, ceiling.source = to_whole(name, limit.value), limit.source
        for window, name in ((self.rpm, "rpm"), (self.tpm, "tpm")):
            ceiling = self.ceilings[name]
            pace = self.ramp.pace(name, ceiling.pace) if not ceiling.learned else ceiling.pace
            window.set_limit(now, ceiling.roof, pace)
        self.spend.limit = self.ceilings["spend"].value
        self.day.limit = self.ceilings["rpd"].value
        ticks = (ceiling.next_tick() for ceiling in self.ceilings.values())
        self.tick_at = min(self.ramp.next_at, *ticks)

    def begun(self, now: float) -> None:
        """Take in that a call goes out: the first one starts the ramp."""
        if self.ramp.begin(now):
            self.apply(now)

    def evidence(self, name: str, request: Entry, tokens: Entry) -> Evidence:
        """Return what the server let in before a call that it refused."""
        if name == "spend":
            return Evidence(self.spend.used(request.at))
        window, at = (self.tpm, tokens.at) if name == "tpm" else (self.rpm, request.at)
        inside = window.entries(at - MINUTE, at)
        last, empty = self._refused_at.get(name, (-math.inf, -math.inf))
        since = window.entries(empty, at) if at - empty < PAST * MINUTE else []
        fresh = [e for e in inside if e.at > last]
        return Evidence(
            sum(e.weight for e in inside),
            len(inside),
            (at - inside[0].at) / MINUTE if inside else 0.0,
            sum(e.weight for e in since),
            len(since),
            at - empty if since else math.inf,
            sum(e.weight for e in fresh),
            len(fresh),
            at - last,
        )

    def refused(self, name: str, at: float, evidence: Evidence) -> None:
        """Note when a refused call was sent: a bucket was empty then."""
        last, empty = self._refused_at.get(name, (-math.inf, -math.inf))
        anew = evidence.measured or at - empty >= PAST * MINUTE
        self._refused_at[name] = (max(at, last), at if anew else empty)

    def _used(self, name: str, now: float, seconds: float) -> int:
        window = self.tpm if name == "tpm" else self.rpm
        return sum(e.weight for e in window.entries(now - seconds, now))

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
