"""What "auto" comes to when a run begins: the same choice that the plan shows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gemtag_tui.core.lane_choice import INTERACTIVE, MUCH
from gemtag_tui.engine import split
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.paths import config_path
from gemtag_tui.engine.preflight import check_lane
from gemtag_tui.engine.provider import likely_provider
from gemtag_tui.store import parts, work
from gemtag_tui.store.parts import Part
from gemtag_tui.store.tracks import find_track

if TYPE_CHECKING:
    from gemtag_tui.core.plan_values import Plan
    from gemtag_tui.engine.config import Origin
    from gemtag_tui.engine.preflight import Ready
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

AUTO = "auto"


async def chosen(lib: Library, request: RunRequest, ready: Ready) -> tuple[RunRequest, Ready, str]:
    """Return a run with its lane settled, in two parts where these are best, and why in words.

    The words are "" when nothing is to be said: a person chose it, or it is the usual lane. What
    was begun in two parts goes on in them.

    Raises:
        LibraryError: the library cannot be read.
    """
    provider = await likely_provider(lib, os.environ)
    track = await find_track(lib, provider, ready.model, ready.profile.id)
    if (begun := await split.kept(lib, track, request)) is not None:
        return request, replace(ready, lane=begun.lane), ""
    usual = request.lane != AUTO or request.split
    if usual or not (_wishes(request) or await _much(lib, request)):
        return request, ready, ""
    plan = await _plan(lib, request, track)
    parted = plan.advice is not None and len(plan.advice.parts) > 1
    if plan.recommended == INTERACTIVE and not parted:
        return request, ready, ""
    check_lane("batch" if parted else plan.recommended, request.settings, ready.rules)
    words = f"The {plan.recommended} lane was chosen: {plan.reason}"
    if parted and plan.advice is not None:
        request = replace(request, split=plan.advice.parts[0].images)
        words = plan.reason
    return request, replace(ready, lane=plan.recommended), words


async def _plan(lib: Library, request: RunRequest, track: Track | None) -> Plan:
    """Return the plan for the images that the run is for."""
    from gemtag_tui.engine.planning import make_plan  # noqa: PLC0415 - not for a usual small run

    config = request.config or config_path(None, os.environ)
    loaded = Loaded(request.settings, cast("dict[str, Origin]", request.origins))
    most = [request.limit] if request.limit else []
    if request.selection and track is not None:
        most.append(await parts.remaining(lib, track.id, Part(selection=request.selection)))
    return await make_plan(lib, loaded, config, os.environ, first=min(most, default=0))


def _wishes(request: RunRequest) -> bool:
    plan = request.settings.plan
    return bool(plan.prefer or plan.deadline_hours or plan.budget)


async def _much(lib: Library, request: RunRequest) -> bool:
    """Whether there may be enough for another lane than the usual to be worth it."""
    if request.limit is not None and request.limit < MUCH:
        return False
    return (await work.library_counts(lib)).total >= MUCH
