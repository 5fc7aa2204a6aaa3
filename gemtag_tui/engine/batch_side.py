"""The batch lane's parts of a run, put together."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

from gemtag_tui.core.pacific import day_of, month_of
from gemtag_tui.engine.batch_build import Builder
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.batch_keeper import BatchKeeper
from gemtag_tui.engine.batch_lane import BatchLane
from gemtag_tui.engine.batch_lanes import BATCH, Lanes, take_back
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.engine.two_parts import TwoParts
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.gemini.files import FilesApi
from gemtag_tui.gemini.remote import Remote
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.store import batches, ledger, runs

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from gemtag_tui.engine.batch_ground import Landed
    from gemtag_tui.engine.lane import InteractiveLane
    from gemtag_tui.engine.preflight import Ready
    from gemtag_tui.engine.preparer import Preparer
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.engine.split import Split
    from gemtag_tui.engine.two_parts import Hand
    from gemtag_tui.engine.view import View
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track


@contextlib.asynccontextmanager
async def run_ground(
    lib: Library, request: RunRequest, ready: Ready, *, view: View, rng: random.Random
) -> AsyncIterator[Ground]:
    """Give what the batch lane of a run stands on."""
    remote = Remote.from_environ(ready.key.secret, os.environ)
    try:
        yield Ground(
            lib=lib,
            clock=view.clock,
            rng=rng,
            settings=request.settings,
            jobs=BatchApi(remote, request.settings.calls.timeout),
            files=FilesApi(remote, view.clock.sleep),
            provider=view.track.provider,
            run=view.run,
            own=own_prices(request.config),
            told=tell_view(view),
        )
    finally:
        await remote.close()


def tell_view(view: View) -> Callable[[Landed], None]:
    """Return what counts groups of results for a run."""

    def told(landed: Landed) -> None:
        tally = view.tally
        tally.done += landed.tagged
        for asset in landed.mended:
            tally.reopen(asset)
        for asset in landed.failed:
            tally.reopen(asset)  # its better try in the same run: one asset, counted once
            tally.failure(asset)
        count = landed.tagged + len(landed.failed)
        tally.on_disk += count
        tally.settled_calls += count
        tally.tries += count
        tally.cost_usd += landed.cost_usd
        view.admission.land(view.clock.now(), landed.cost_usd)
        tally.tokens_in += landed.tokens_in
        tally.tokens_out += landed.tokens_out
        tally.meter.add(view.clock.monotonic(), count)

    return told


async def left_to_commit(ground: Ground, view: View, max_cost: float | None) -> float | None:
    """Return the US dollars that further jobs may cost under all budgets, `None` without any."""
    lib, budget, now = ground.lib, ground.settings.budget, ground.clock.now()
    under_way = await batches.expected_usd(lib, ground.provider)
    caps = [cap - view.tally.cost_usd for cap in (budget.run, max_cost) if cap]
    if budget.day:
        caps.append(budget.day - await ledger.day_spend(lib, day_of(now), ground.provider))
    if budget.month:
        caps.append(budget.month - await ledger.month_spend(lib, month_of(now), ground.provider))
    return min(caps) - under_way if caps else None


def lanes(
    ground: Ground,
    request: RunRequest,
    ready: Ready,
    *,
    track: Track,
    view: View,
    preparer: Preparer,
    interactive: InteractiveLane,
    retire: Callable[[], Awaitable[None]],
    split: Split | None = None,
) -> Lanes:
    """Put the lanes of a run together."""
    pricing = Pricing(ready.model, "batch", ground.clock, own_prices(request.config))
    builder = Builder(ground, track, RequestForm(ready.profile, ready.rules), preparer, pricing)
    builder.selection = request.selection

    def say(words: str) -> None:
        if view.lane == BATCH:  # beside single calls, it is theirs that is told
            view.tally.waiting_for = words

    def lane_of(hand: Hand, limit: int | None, above: int) -> BatchLane:
        builder.above = above
        return BatchLane(
            ground,
            builder,
            hand,
            limit=limit,
            no_wait=request.no_wait,
            budget=lambda: left_to_commit(ground, view, request.max_cost),
            say=say,
            warn=view.tally.warn,
        )

    def batch() -> BatchLane:
        left = None if request.limit is None else request.limit - view.tally.settled
        return lane_of(view.control, left, 0)

    keeper = partial(BatchKeeper, ground, view.tally.warn)
    return Lanes(
        interactive=interactive,
        batch=batch,
        keeper=keeper,
        control=view.control,
        lane=ready.lane,
        retire=retire,
        take_back=lambda: take_back(ground, track),
        two=None if split is None else _two_parts(ground, view, split, keeper, lane_of),
    )


def _two_parts(
    ground: Ground,
    view: View,
    split: Split,
    keeper: Callable[[], BatchKeeper],
    lane_of: Callable[[Hand, int | None, int], BatchLane],
) -> TwoParts:
    """Return what runs both parts of a run at once."""

    async def first_done() -> None:
        view.lane = BATCH
        await runs.set_lane(ground.lib, view.run, BATCH)

    return TwoParts(
        view.control,
        rest=lambda hand: lane_of(hand, split.most, split.upto),
        keeper=keeper,
        warn=view.tally.warn,
        first_done=first_done,
        done=lambda: split.forget(ground.lib),
    )
