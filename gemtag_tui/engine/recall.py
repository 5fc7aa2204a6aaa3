"""What a run takes over from the library: the day's count, the last minutes, learned limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.pacific import day_of, month_of
from gemtag_tui.core.quota_values import Lesson, Past, PastCall
from gemtag_tui.store import ledger, limits, live

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_SPEND_SECONDS = 600.0


async def past(lib: Library, track: Track) -> Past:
    """Return everything that admission has to know of earlier runs."""
    now = lib.clock.now()
    who = (track.provider, track.model)
    today = day_of(now)
    calls = await ledger.recent(lib, *who, now - _SPEND_SECONDS)
    served = await ledger.requests_today(lib, *who, today)
    refused = await ledger.refused_today(lib, *who, today)
    return Past(
        calls=[PastCall(*call) for call in calls],
        # Whether refused calls count against the day is not known: better to think that they do.
        requests_today=max(served + refused, await _last_count(lib, track, today)),
        refused_today=refused,
        day_usd=await ledger.day_spend(lib, today, track.provider),
        month_usd=await ledger.month_spend(lib, month_of(now), track.provider),
        learned=await kept_limits(lib, track),
    )


async def _last_count(lib: Library, track: Track, today: str) -> int:
    """Return the day's count as the last engine told it: with the calls in flight when it died."""
    last = await live.read(lib)
    if last is None or day_of(last.at) != today:
        return 0
    same = (last.provider, last.model) == (track.provider, track.model)
    return last.requests_today if same else 0


async def kept_limits(lib: Library, track: Track) -> list[Lesson]:
    """Return the limits that earlier 429s taught."""
    found = await limits.learned(lib, track.provider, track.model)
    return [
        Lesson(one.name, 0.0, one.value, one.words, one.named, one.learned_at)
        for one in found.values()
    ]
