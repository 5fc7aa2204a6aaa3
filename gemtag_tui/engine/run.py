"""One run from its first check to its last row: this process is the engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError, LibraryError
from gemtag_tui.engine.assembly import Assembly, assemble
from gemtag_tui.engine.batch_orders import BatchOrders
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.control import CONFIGURATION, INTERRUPTED, Control
from gemtag_tui.engine.lane_choosing import chosen
from gemtag_tui.engine.orders import Orders
from gemtag_tui.engine.outcome import Facts, summed_up
from gemtag_tui.engine.preflight import make_ready
from gemtag_tui.engine.turns import be_smooth
from gemtag_tui.engine.waits import cancelled
from gemtag_tui.store import batch_holders, runs
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.snapshot import RunSnapshot
    from gemtag_tui.engine.request import RunRequest

    Emit = Callable[[str, RunSnapshot], None]

_log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0


async def run_engine(
    request: RunRequest,
    emit: Emit,
    *,
    clock: Clock | None = None,
    rng: random.Random | None = None,
    alone: bool = False,
) -> int:
    """Tag what remains and return the exit code.

    Args:
        request: what to do.
        emit: called with "progress" about once a second and with "end" at the end.
        clock: the time; the system's when `None`.
        rng: for jitter; seeded by the system when `None`.
        alone: whether this process is there for the run only, and may be set up for it.

    Raises:
        GemtagError: when the run cannot begin (no key, a bad setting, a library in use), or its
            last rows cannot be written.
    """
    clock = clock or SystemClock()
    rng = rng or random.Random()  # noqa: S311
    ready = make_ready(request, os.environ)
    control = Control()
    with EngineLock(request.library), _signals(control):
        async with (
            await Library.open(request.library, clock) as lib,
        ):
            request, ready, why = await chosen(lib, request, ready)
            made = assemble(lib, request, ready, control=control, clock=clock, rng=rng)
            async with made as parts:
                if why:
                    parts.view.tally.warn(why)
                if alone:
                    be_smooth()
                return await _run_in(parts, request, emit)


async def _run_in(parts: Assembly, request: RunRequest, emit: Emit) -> int:
    orders = _orders(parts, request)
    error = await _work(parts, orders, emit)
    code = CONFIGURATION
    try:
        await _write_the_rest(parts)
        code, parts.view.tally.message = await _outcome(parts, request, error)
        parts.view.ended_at = parts.clock.now()
        await _close(parts, orders, code)
    except LibraryError as trouble:
        parts.view.tally.message = _lost(parts, trouble)
        parts.view.ended_at = parts.clock.now()
        raise LibraryError(parts.view.tally.message) from trouble
    finally:
        emit("end", parts.view.snapshot())
    if error is not None and not isinstance(error, GemtagError):
        raise error
    return code


def _orders(parts: Assembly, request: RunRequest) -> Orders:
    return Orders(
        parts.lib,
        parts.control,
        parts.concurrency,
        parts.clock,
        reload=lambda: _reload(parts, request),
        change_lane=parts.change_lane,
        nudge=parts.lane.nudge,
        batches=BatchOrders(parts.batch, lambda: parts.view.lane).obey,
    )


async def _work(parts: Assembly, orders: Orders, emit: Emit) -> BaseException | None:
    """Run the lane beside the writer, the command reader and the reporter."""
    keeping = asyncio.ensure_future(parts.committer.keep())
    helpers = [
        asyncio.ensure_future(orders.follow()),
        asyncio.ensure_future(_report(parts, emit)),
    ]
    lane = asyncio.ensure_future(parts.lane.run())
    error: BaseException | None = None
    try:
        await asyncio.wait({lane, keeping, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        error = _first_error(keeping, *helpers)
        if error is not None:
            parts.control.end(CONFIGURATION, _words(error))
        await asyncio.wait({lane})
        error = error or _first_error(lane)
    finally:
        await cancelled(lane, *helpers)
        parts.committer.close()
        await asyncio.gather(keeping, return_exceptions=True)
    return error


def _first_error(*tasks: asyncio.Future[None]) -> BaseException | None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the engine stops: %s", _words(error), exc_info=error)
            return error
    return None


def _words(error: BaseException) -> str:
    if isinstance(error, GemtagError):
        return f"{error.title}: {error.message}"
    return f"Something unexpected went wrong ({type(error).__name__}); see the log. All is kept."


def _lost(parts: Assembly, trouble: LibraryError) -> str:
    lost = parts.committer.unwritten
    if not lost:
        return f"{trouble.message} All results are kept; only the run's last words are missing."
    return f"{trouble.message} {lost:,} answers could not be written and will be asked for again."


async def _report(parts: Assembly, emit: Emit) -> None:
    """Keep the figures fresh and tell whoever started the run."""
    while True:
        try:
            await parts.refresh()
        except LibraryError as error:  # whoever writes the results judges how bad that is
            _log.warning("what was learned is not written yet: %s", error.message)
        parts.compare()
        for warning in parts.admission.warnings(parts.clock.now()):
            parts.view.tally.warn(warning, about="day")
            _log.warning("%s", warning)
        emit("progress", parts.view.snapshot())
        await parts.clock.sleep(PROGRESS_SECONDS)


async def _reload(parts: Assembly, request: RunRequest) -> str:
    loaded = load_settings(request.config, os.environ, request.overrides)
    return await parts.apply(loaded.settings, dict(loaded.origins))


async def _outcome(
    parts: Assembly, request: RunRequest, error: BaseException | None
) -> tuple[int, str]:
    if error is not None:
        return CONFIGURATION, _words(error)
    ending = parts.control.ending
    if ending is not None:
        return ending.exit_code, ending.why
    tally = parts.view.tally
    return summed_up(
        Facts(
            run=parts.view.run,
            done=tally.done,
            bad=tally.bad,
            counts=parts.view.counts,
            limited=request.limit is not None or bool(request.selection),
            left_out=parts.shelf.passed_over,
            holders=await batch_holders.holders(parts.lib, parts.track.id),
        )
    )


async def _write_the_rest(parts: Assembly) -> None:
    """Write the last rows and read the counts; a full disk is given some seconds to mend.

    Raises:
        LibraryError: when it was not enough.
    """
    for pause in (0.5, 2.0, 5.0, 0.0):
        try:
            await parts.committer.flush(snapshot=True)
            return
        except LibraryError as error:
            _log.error("the last rows are not written yet: %s", error.message)
            if not pause:
                raise
            await parts.clock.sleep(pause)


async def _close(parts: Assembly, orders: Orders, code: int) -> None:
    """Write the run's end.

    Raises:
        LibraryError: when it cannot be written.
    """
    await parts.refresh()
    parts.compare()
    state = "stopped" if code in {INTERRUPTED, CONFIGURATION} or parts.control.ending else "done"
    await orders.finish()
    await runs.finish(parts.lib, parts.view.run, state, code, parts.view.tally.message)
    await parts.committer.flush(snapshot=True)


@contextlib.contextmanager
def _signals(control: Control) -> Iterator[None]:
    """Let stop signals drain the run, a second one cancel it."""
    loop = asyncio.get_running_loop()
    installed = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue  # nohup asks for just that
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, control.signal)
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
