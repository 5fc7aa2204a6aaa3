"""What "auto" comes to when a run begins: the same choice that the plan shows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gemtag_tui.core.lane_choice import INTERACTIVE, MUCH
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.paths import config_path
from gemtag_tui.engine.preflight import check_lane
from gemtag_tui.store import work

if TYPE_CHECKING:
    from gemtag_tui.engine.config import Origin
    from gemtag_tui.engine.preflight import Ready
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.store.library import Library

AUTO = "auto"


async def chosen(lib: Library, request: RunRequest, ready: Ready) -> tuple[Ready, str]:
    """Return what a run is made of with its lane settled, and why that lane in words.

    The words are "" when nothing is to be said: a person chose it, or it is the usual lane.

    Raises:
        LibraryError: the library cannot be read.
    """
    if request.lane != AUTO or not (_wishes(request) or await _much(lib, request)):
        return ready, ""
    from gemtag_tui.engine.planning import make_plan  # noqa: PLC0415 - not for a usual small run

    config = request.config or config_path(None, os.environ)
    loaded = Loaded(request.settings, cast("dict[str, Origin]", request.origins))
    plan = await make_plan(lib, loaded, config, os.environ)
    if plan.recommended == INTERACTIVE:
        return ready, ""
    check_lane(plan.recommended, request.settings, ready.rules)
    words = f"The {plan.recommended} lane was chosen: {plan.reason}"
    return replace(ready, lane=plan.recommended), words


def _wishes(request: RunRequest) -> bool:
    plan = request.settings.plan
    return bool(plan.prefer or plan.deadline_hours or plan.budget)


async def _much(lib: Library, request: RunRequest) -> bool:
    """Whether there may be enough for another lane than the usual to be worth it."""
    if request.limit is not None and request.limit < MUCH:
        return False
    return (await work.library_counts(lib)).total >= MUCH
