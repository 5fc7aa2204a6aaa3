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
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.control import CONFIGURATION, INTERRUPTED
from gemtag_tui.engine.orders import Orders
from gemtag_tui.engine.preflight import Ready, make_ready
from gemtag_tui.store import runs
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.snapshot import RunSnapshot
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.request import RunRequest

    Emit = Callable[[str, RunSnapshot], None]

_log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0
DONE, SOME_FAILED = 0, 1


async def run_engine(
    request: RunRequest, emit: Emit, *, clock: Clock | None = None, rng: random.Random | None = None
) -> int:
    """Tag what remains and return the exit code.

    Args:
        request: what to do.
        emit: called with "progress" about once a second and with "end" at the end.
        clock: the time; the system's when `None`.
        rng: for jitter; seeded by the system when `None`.

    Raises:
        GemtagError: when the run cannot begin: no key, a bad setting, a library in use.
    """
    clock = clock or SystemClock()
    ready = make_ready(request, os.environ)
    lock = EngineLock(request.library)
    lock.acquire()
    try:
        async with await Library.open(request.library, clock) as lib:
            return await _run_in(lib, request, ready, emit, clock, rng or random.Random())  # noqa: S311
    finally:
        lock.release()


async def _run_in(
    lib: Library,
    request: RunRequest,
    ready: Ready,
    emit: Emit,
    clock: Clock,
    rng: random.Random,
) -> int:
    async with assemble(lib, request, ready, clock, rng) as parts:
        with _signals(parts.control):
            error = await _work(parts, request, emit)
        code, message = _outcome(parts, request, error)
        parts.view.tally.message = message
        parts.view.ended_at = clock.now()
        await _close(parts, code, message)
        emit("end", parts.view.snapshot())
        if error is not None and not isinstance(error, GemtagError):
            raise error
        return code


async def _work(parts: Assembly, request: RunRequest, emit: Emit) -> BaseException | None:
    """Run the lane beside the writer, the command reader and the reporter."""
    orders = Orders(
        parts.lib,
        parts.control,
        parts.concurrency,
        parts.clock,
        reload=lambda: _reload(parts, request),
        change_lane=parts.change_lane,
    )
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
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
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


async def _report(parts: Assembly, emit: Emit) -> None:
    """Keep the counts fresh and tell whoever started the run."""
    while True:
        await parts.refresh()
        for warning in parts.admission.warnings(parts.clock.now()):
            parts.view.tally.warn(warning)
            _log.warning("%s", warning)
        emit("progress", parts.view.snapshot())
        await parts.clock.sleep(PROGRESS_SECONDS)


async def _reload(parts: Assembly, request: RunRequest) -> str:
    loaded = load_settings(request.config, os.environ, request.overrides)
    return await parts.apply(loaded.settings, dict(loaded.origins))


def _outcome(parts: Assembly, request: RunRequest, error: BaseException | None) -> tuple[int, str]:
    if error is not None:
        return CONFIGURATION, _words(error)
    ending = parts.control.ending
    if ending is not None:
        return ending.exit_code, ending.why
    tally, counts = parts.view.tally, parts.view.counts
    failed = tally.bad if request.limit is not None else counts.known_bad + counts.retry_later
    if tally.settled == 0:
        words = f"Nothing to do: {counts.tagged:,} of {counts.total:,} are tagged."
    else:
        words = f"Done: {tally.done:,} tagged by this run, {tally.bad:,} failed."
    if failed:
        words += f" {counts.known_bad:,} known bad, {counts.retry_later:,} to be tried later."
    return (SOME_FAILED if failed else DONE), words


async def _close(parts: Assembly, code: int, message: str) -> None:
    """Write the last rows and the run's end; a full disk is given some seconds to mend."""
    for pause in (0.5, 2.0, 5.0, 0.0):
        try:
            await parts.committer.flush()
            break
        except LibraryError as error:
            _log.error("the last rows are not written yet: %s", error.message)  # noqa: TRY400
            if not pause:
                raise
            await parts.clock.sleep(pause)
    await parts.refresh()
    state = "stopped" if code in {INTERRUPTED, CONFIGURATION} or parts.control.ending else "done"
    await runs.finish(parts.lib, parts.view.run, state, code, message)
    await parts.committer.flush(snapshot=True)


@contextlib.contextmanager
def _signals(control: Control) -> Iterator[None]:
    """Let stop signals drain the run, a second one cancel it."""
    loop = asyncio.get_running_loop()
    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    installed = []
    for name in names:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(getattr(signal, name), control.signal)
            installed.append(getattr(signal, name))
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
