"""When images will be done: over real Pacific days and months, and dated prices. Closed form.

Days are stepped over in whole numbers, so that ten million images at 500 a day cost what ten do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import ceil, floor, inf

from gemtag_tui.core.pacific import PACIFIC, next_midnight
from gemtag_tui.core.plan_pace import Curve, Load, Pace, average_rate, curve_of
from gemtag_tui.core.quota_day import WAKE_AFTER

DAY = 86_400.0
_FAR = 4_000_000_000.0
"""Unix seconds (year 2096) from which on calendars are left alone and days are 24 hours."""
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one image costs from a moment (Unix seconds) on, in US dollars."""

    since: float
    each: float


@dataclass(frozen=True, slots=True)
class Before:
    """How things stand at the start.

    Attributes:
        now: Unix seconds.
        used_today: calls of this Pacific day so far.
        spent_month: US dollars of this Pacific month so far.
    """

    now: float
    used_today: float = 0.0
    spent_month: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """How a plan runs.

    Attributes:
        seconds: from the start to the last answer; infinite when it never ends.
        binding: the limit that decides it: rpm, tpm, rpd, spend, month_cap, concurrency, upload,
            preparation, enqueued, or "" when there is nothing to do.
        per_minute: images a minute while it goes.
        today: images that go before the first stop.
        parks: times it waits for a new day.
        months: times it waits for a new month.
        by_price: images at each epoch's price, in the order of the epochs.
    """

    seconds: float
    binding: str
    per_minute: float = 0.0
    today: int = 0
    parks: int = 0
    months: int = 0
    by_price: tuple[int, ...] = ()


@dataclass(slots=True)
class _State:
    at: float
    left: int
    used: float
    spent: float
    today: int = -1
    parks: int = 0
    months: int = 0
    tally: list[int] = field(default_factory=list)

    def go(self, images: int, epoch: int) -> None:
        self.left -= images
        self.tally[epoch] += images


@dataclass(frozen=True, slots=True)
class _Way:
    """How images go while neither price nor month turns."""

    curve: Curve
    rpd: float
    calls: float
    epoch: int


def course_of(
    images: int, pace: Pace, load: Load, before: Before, epochs: Sequence[Epoch]
) -> Course:
    """Return how images go through a lane of single calls.

    Args:
        images: how many.
        pace: the limits.
        load: what one image takes.
        before: where things stand.
        epochs: prices, the oldest first; the first holds at the start.
    """
    if images <= 0:
        return Course(0.0, "", by_price=(0,) * len(epochs))
    state = _State(before.now, images, before.used_today, before.spent_month)
    state.tally = [0] * len(epochs)
    first, stuck = curve_of(pace, load, epochs[0].each), ""
    while state.left and not stuck:
        stuck = _stretch(state, pace, load, epochs)
    tally, today = (*state.tally,), images if state.today < 0 else state.today
    if stuck:
        return Course(inf, stuck, today=max(0, state.today), by_price=tally)
    name = "month_cap" if state.months else "rpd" if state.parks else first.binding
    seconds = state.at - before.now + pace.latency
    rate = average_rate(first) * 60
    return Course(seconds, name, rate, today, state.parks, state.months, tally)


def _stretch(state: _State, pace: Pace, load: Load, epochs: Sequence[Epoch]) -> str:
    """Let images go until a price or a month turns; returns what lets none go ever, or ""."""
    epoch = _epoch_at(epochs, state.at)
    each = epochs[epoch].each
    curve = curve_of(pace, load, each)
    turns = epochs[epoch + 1].since if epoch + 1 < len(epochs) else inf
    capped = _cap_matters(pace, load, curve, state, each)
    month = _month_end(state.at) if capped else inf
    a_month = _affordable(pace.month_cap, 0.0, each)
    if capped and a_month < 1:
        return "month_cap"
    room = _affordable(pace.month_cap, state.spent, each) if capped else state.left
    had, most = state.left, min(state.left, room)
    way = _Way(curve, pace.rpd, max(1.0, load.calls), epoch)
    if stuck := _run_until(state, way, min(turns, month), most):
        return stuck
    done = had - state.left
    state.spent += done * each
    if state.left and capped and done >= room:
        state.today = done if state.today < 0 else state.today
        whole = 1 if room < a_month or turns < inf else 1 + (state.left - 1) // a_month
        state.go((whole - 1) * a_month, epoch)
        state.at, state.used, state.spent = _month_end(state.at, whole), 0.0, 0.0
        state.months += whole
    elif state.at >= month:
        state.spent = 0.0
    return ""


def _cap_matters(pace: Pace, load: Load, curve: Curve, state: _State, each: float) -> bool:
    """Whether the month's cap can ever be reached at this pace."""
    if not pace.month_cap or each <= 0:
        return False
    most = curve.done_after(31.1 * DAY)
    if pace.rpd:
        most = min(most, 32 * pace.rpd / max(1.0, load.calls))
    most = min(most, state.left)
    return most > _affordable(pace.month_cap, state.spent, each)


def _run_until(state: _State, way: _Way, until: float, most: int) -> str:
    """Let up to `most` images go before a moment; returns what lets none go ever, or ""."""
    target = state.left - most
    if way.curve.rate <= 0 or way.curve.window <= 0:
        return way.curve.binding
    a_day = floor(way.rpd / way.calls + _TINY) if way.rpd else 0
    if way.rpd and a_day < 1:
        return "rpd"
    if not a_day:
        _continuous(state, way, until, target)
    elif _today(state, way, until, target):
        _whole_days(state, way, a_day, until, target)
    return ""


def _continuous(state: _State, way: _Way, until: float, target: int) -> None:
    wanted = state.left - target
    needed = way.curve.seconds_for(wanted)
    if state.at + needed <= until:
        state.go(wanted, way.epoch)
        state.at += needed
        return
    state.go(min(wanted, floor(way.curve.done_after(until - state.at) + _TINY)), way.epoch)
    state.at = until


def _today(state: _State, way: _Way, until: float, target: int) -> bool:
    """Let go what this day holds; returns whether there is more to do after its midnight."""
    midnight = _midnight(state.at, 1)
    room = max(0, floor((way.rpd - state.used) / way.calls + _TINY))
    wanted, end = state.left - target, min(midnight, until)
    most = min(wanted, room)
    needed = way.curve.seconds_for(most)
    if state.at + needed > end:
        most = floor(way.curve.done_after(end - state.at) + _TINY)
        state.go(most, way.epoch)
        state.used, state.at = state.used + most * way.calls, end
        if end < midnight:
            return False
        state.used = 0.0
        return True
    state.go(most, way.epoch)
    state.at += needed
    state.used += most * way.calls
    if state.left == target:
        return False
    if state.today < 0:
        state.today = sum(state.tally)
    if midnight + WAKE_AFTER > until:
        state.at = until
        return False
    state.parks += 1
    state.at, state.used = midnight + WAKE_AFTER, 0.0
    return True


def _whole_days(state: _State, way: _Way, a_day: int, until: float, target: int) -> None:
    """Let go day by day from a midnight on, in one step."""
    if state.at >= until or state.left == target:
        return
    if way.curve.done_after(DAY - WAKE_AFTER) <= a_day:
        _continuous(state, way, until, target)
        return
    wanted = state.left - target
    days = min((wanted - 1) // a_day, _days_before(state.at, until))
    state.go(days * a_day, way.epoch)
    state.parks += days
    begin = _later(state.at, days)
    rest = min(state.left - target, a_day)
    needed = way.curve.seconds_for(rest)
    if state.left - target == rest and begin + needed <= until:
        state.at = begin + needed
    else:
        rest = min(rest, floor(way.curve.done_after(max(0.0, until - begin)) + _TINY))
        state.at = until
    state.go(rest, way.epoch)
    state.used = rest * way.calls


def batch_course(
    images: int,
    *,
    wave: int,
    hours: float,
    lead: float,
    month_cap: float,
    before: Before,
    epochs: Sequence[Epoch],
) -> Course:
    """Return how images go through batch jobs, one full wave of enqueued tokens after the other.

    Args:
        images: how many.
        wave: images that may be enqueued at once, 0 for no limit.
        hours: that one wave takes.
        lead: seconds until the first wave is built and sent.
        month_cap: US dollars that the tier may spend in a month, 0 for no cap.
        before: where things stand.
        epochs: prices, the oldest first; a wave costs what holds when it is sent.
    """
    if images <= 0:
        return Course(0.0, "", by_price=(0,) * len(epochs))
    size, span = min(wave or images, images), hours * 3600.0
    state = _State(before.now + lead, images, 0.0, before.spent_month)
    state.tally = [0] * len(epochs)
    while state.left:
        if not _waves(state, size, span, month_cap, epochs):
            return Course(inf, "month_cap", by_price=(*state.tally,))
    binding = "month_cap" if state.months else "enqueued" if images > size else "batch"
    seconds, today = state.at - before.now, max(0, state.today)
    return Course(seconds, binding, 0.0, today, 0, state.months, (*state.tally,))


def _waves(
    state: _State, size: int, span: float, month_cap: float, epochs: Sequence[Epoch]
) -> bool:
    """Send waves until a price or a month turns; returns whether any can ever be paid."""
    epoch = _epoch_at(epochs, state.at)
    each = epochs[epoch].each
    last = epoch + 1 == len(epochs)
    turns = inf if last else epochs[epoch + 1].since
    a_month = _affordable(month_cap, 0.0, each)
    room = _affordable(month_cap, state.spent, each)
    month = _month_end(state.at) if room < state.left else inf
    if room < 1:
        state.at, state.spent = month, 0.0
        state.months += 1
        return a_month >= 1
    going = min(state.left, room, _waves_before(min(turns, month) - state.at, span) * size)
    state.go(going, epoch)
    state.today = going if state.today < 0 else state.today
    state.at += ceil(going / size) * span
    state.spent = 0.0 if state.at >= month else state.spent + going * each
    if last and state.left and going == room == a_month and state.at < month:
        whole = 1 + (state.left - 1) // a_month
        state.go((whole - 1) * a_month, epoch)
        state.months += whole
        state.at, state.spent = _month_end(state.at, whole), 0.0
    return True


def _waves_before(seconds: float, span: float) -> int:
    return 10**9 if seconds == inf else max(1, ceil(seconds / span))


def _epoch_at(epochs: Sequence[Epoch], at: float) -> int:
    found = 0
    for number, epoch in enumerate(epochs):
        if epoch.since <= at:
            found = number
    return found


def _affordable(cap: float, spent: float, each: float) -> int:
    if not cap or each <= 0:
        return 10**18
    return max(0, floor((cap - spent) / each + _TINY))


def _midnight(at: float, days: int) -> float:
    """Return a Pacific midnight: the first after a moment, or days beyond it."""
    if at > _FAR or days > 20_000:
        return at + days * DAY
    if days == 1:
        return next_midnight(at)
    day = datetime.fromtimestamp(at, PACIFIC).date() + timedelta(days=days)
    return datetime.combine(day, time(), PACIFIC).timestamp()


def _later(begin: float, days: int) -> float:
    """Return when work wakes some days on; `begin` is at or shortly after a midnight."""
    return _midnight(begin, days) + WAKE_AFTER if days else begin


def _days_before(begin: float, until: float) -> int:
    """Return how many whole days after `begin` start before a moment."""
    if until == inf:
        return 10**12
    days = max(0, floor((until - begin) / DAY) + 1)
    while days and _later(begin, days) > until:
        days -= 1
    return days


def _month_end(at: float, months: int = 1) -> float:
    """Return when the Pacific month of a moment ends, or one of those after it."""
    if at > _FAR or months > 800:
        return at + 30.4 * DAY * months
    day = datetime.fromtimestamp(at, PACIFIC).date()
    years, month = divmod(day.month - 1 + months, 12)
    following = day.replace(year=day.year + years, month=month + 1, day=1)
    return datetime.combine(following, time(), PACIFIC).timestamp()
