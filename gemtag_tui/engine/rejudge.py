"""Stored answers judged again, after a profile or a rule of gemtag's changed: nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer, Usage
from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.judge import AttemptContext, judge
from gemtag_tui.core.prices import price
from gemtag_tui.core.profile import ECHO_FIELD, Profile
from gemtag_tui.core.profile_text import profile_from_body
from gemtag_tui.core.verdicts import Tagged
from gemtag_tui.gemini.answers import parse_answer, parse_line
from gemtag_tui.store import failures, rejudged
from gemtag_tui.store.failures import Chosen, Stored
from gemtag_tui.store.rows import NewResult
from gemtag_tui.store.tracks import profile_body

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_PAGE = 200
_AGAIN = AttemptContext(tries=0, max_tries=1, better_tried=True, jitter=0.0, now=0.0, midnight=0.0)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What came of it: answers looked at, and those that are good now."""

    looked: int
    tagged: int


async def rejudge(
    lib: Library, track: Track, profile: Profile, selection: Chosen, *, dry: bool = False
) -> Rejudged:
    """Judge the stored answers of failures by a profile; the good ones become results of a track.

    `failures.undo` takes that back.

    An answer to another profile counts only when that one asked for the same buckets.

    Args:
        lib: the library.
        track: where results go; its provider and model are those of the failures.
        profile: the track's.
        selection: failures; its track is not looked at.
        dry: only count.

    Raises:
        LibraryError: when the library cannot be written.
    """
    looked = tagged = after = change = 0
    fitting: dict[str, bool] = {}
    while page := await failures.stored(lib, selection, after=after, limit=_PAGE):
        after = page[-1].id
        rows = []
        for one in page:
            if one.profile not in fitting:
                fitting[one.profile] = await _fits(lib, one.profile, profile)
            if fitting[one.profile]:
                looked += 1
                result = judged(one, track, profile, lib.clock.now())
                rows += [] if result is None else [(one.id, result)]
        tagged += len(rows)
        if rows and not dry:
            change = await rejudged.keep(lib, rows, change)
    return Rejudged(looked, tagged)


async def _fits(lib: Library, profile_id: str, profile: Profile) -> bool:
    if profile_id == profile.id:
        return True
    body = await profile_body(lib, profile_id)
    try:
        old = profile_from_body(body or "")
    except ProfileError:
        return False
    return {one.name for one in old.buckets} == {one.name for one in profile.buckets}


def judged(one: Stored, track: Track, profile: Profile, now: float) -> NewResult | None:
    """Judge one stored answer; `None` when it is still not good.

    A batch line must stand under its own picture's key, and repeat it where it repeats any.
    """
    line = parse_line(one.raw, track.provider)
    batch = line is not None and line.key != ""
    if line is not None and batch:
        if line.key.split("-")[0] != str(one.asset):
            return None
        outcome = line.outcome
    else:
        outcome = parse_answer(one.raw, {})
    if not isinstance(outcome, Answer):
        return None
    echo = line.key if line is not None and batch and ECHO_FIELD in outcome.text else ""
    verdict = judge(outcome, profile, attempt=_with_echo(echo))
    if not isinstance(verdict, Tagged):
        return None
    return NewResult(
        one.asset,
        track,
        verdict.tags,
        one.lane or "interactive",
        now,
        cost_usd=_cost(one, outcome, track),
        served_model=outcome.model_version,
        job=one.job,
        usage=outcome.usage or Usage(),
    )


def _with_echo(echo: str) -> AttemptContext:
    if not echo:
        return _AGAIN
    return AttemptContext(
        tries=0, max_tries=1, better_tried=True, jitter=0.0, now=0.0, midnight=0.0, echo=echo
    )


def _cost(one: Stored, outcome: Answer, track: Track) -> float:
    """Return what the answer cost when it came: it is not paid for a second time."""
    known = price(outcome.model_version or track.model, one.lane, one.last_seen)
    if known is None or outcome.usage is None:
        return one.cost_usd
    return min(known.cost(outcome.usage), one.cost_usd or known.cost(outcome.usage))
