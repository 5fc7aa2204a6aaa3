"""The engine's side: images are read in children, so that none can kill or stall the engine."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Final

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process, to_thread

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.imaging.fastpath import passthrough
from gemtag_tui.imaging.guard import HAS_ALARM, Confines, leave, ping, run_task
from gemtag_tui.imaging.values import (
    MIB,
    Changed,
    Limits,
    Prepared,
    PrepareRules,
    Probed,
    Refused,
    RefusedError,
)

BATCH: Final = 64
"""Files probed by one child in one go."""

_STARTUP_SECONDS: Final = 30.0
"""How much longer than the deadline the engine waits: a child has to start first."""

_SECONDS_PER_FILE: Final = 1.0
"""What each file adds to a batch's deadline: slow disks are no one file's fault."""

_EXIT_SECONDS: Final = 5.0


class ImagingUnavailableError(GemtagError):
    """Children can't be run at all, so that no file is to blame."""

    title = "Images can't be read"


class ChildFailedError(Exception):
    """A child died, ran over its deadline or out of memory."""

    def __init__(self, refused: RefusedError, *, again: bool) -> None:
        super().__init__(refused.message)
        self.refused = refused
        self.again = again
        """Whether a second try may end otherwise."""


class ImagingPool:
    """Children that probe and prepare images.

    Args:
        workers: how many run at once; one a processor when not given.
        deadline: seconds that one file may take.
        memory_bytes: address space of each child; ``None``: not limited.
        limits: what a file may ask of us when it is probed.
    """

    probe_task = "gemtag_tui.imaging.probe:probe_many"
    prepare_task = "gemtag_tui.imaging.prepare:prepare"
    thumbnail_task = "gemtag_tui.imaging.thumb:thumbnail"

    def __init__(
        self,
        workers: int | None = None,
        *,
        deadline: float = 20.0,
        memory_bytes: int | None = 1536 * MIB,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._deadline = deadline
        self._memory_bytes = memory_bytes
        self._places = CapacityLimiter(workers or os.cpu_count() or 2)
        self._children: set[int] = set()

    async def probe_many(self, paths: Sequence[bytes]) -> list[Probed | Refused]:
        """Probe files, in batches spread over the children.

        Returns:
            One outcome for each path, in order.

        Raises:
            ImagingUnavailableError: when no child can be run.
        """
        found: dict[int, list[Probed | Refused]] = {}

        async def one(start: int) -> None:
            found[start] = await self._probe_batch(list(paths[start : start + BATCH]))

        starts = range(0, len(paths), BATCH)
        if len(starts) == 1:
            await one(0)
        else:
            async with anyio.create_task_group() as group:
                for start in starts:
                    group.start_soon(one, start)
        return [outcome for start in starts for outcome in found[start]]

    async def prepare(
        self, path: bytes, expected_sha256: bytes, rules: PrepareRules
    ) -> Prepared | Refused | Changed:
        """Make a picture ready to send: in a thread where its bytes pass, else in a child.

        Raises:
            ImagingUnavailableError: when no child can be run.
        """
        passed = await to_thread.run_sync(passthrough, path, expected_sha256, rules)
        if passed is not None:
            return passed
        return await self.reencode(path, expected_sha256, rules)

    async def reencode(
        self, path: bytes, expected_sha256: bytes, rules: PrepareRules
    ) -> Prepared | Refused | Changed:
        """Prepare a picture in a child; for those that :func:`passthrough` gave ``None`` for.

        Raises:
            ImagingUnavailableError: when no child can be run.
        """
        outcome: Prepared | Refused | Changed = await self._alone(
            self.prepare_task, (path, expected_sha256, rules)
        )
        return outcome

    async def thumbnail(self, path: bytes, side: int) -> bytes | Refused:
        """Make a small upright JPEG of a picture.

        Raises:
            ImagingUnavailableError: when no child can be run.
        """
        outcome: bytes | Refused = await self._alone(
            self.thumbnail_task, (path, side, self._limits)
        )
        return outcome

    async def aclose(self) -> None:
        """End the children; to be called when none is at work any more."""
        count = min(len(self._children), int(self._places.total_tokens))
        self._children.clear()
        for _ in range(count):
            try:
                with anyio.move_on_after(_EXIT_SECONDS, shield=True):
                    await to_process.run_sync(leave, cancellable=True)
            except (BrokenWorkerProcess, OSError):
                continue

    async def _probe_batch(self, paths: list[bytes]) -> list[Probed | Refused]:
        """Probe in one child; if that ends badly, each file alone, so that one is to blame."""
        if len(paths) > 1:
            try:
                seconds = self._deadline + len(paths) * _SECONDS_PER_FILE
                return await self._probe(paths, seconds)
            except ChildFailedError:
                pass
        return [await self._probe_alone(path) for path in paths]

    async def _probe(self, paths: list[bytes], seconds: float) -> list[Probed | Refused]:
        found: list[Probed | Refused] = await self._run(
            self.probe_task, (paths, self._limits), seconds
        )
        return found

    async def _probe_alone(self, path: bytes) -> Probed | Refused:
        outcome = await self._alone(self.probe_task, ([path], self._limits))
        if isinstance(outcome, Refused):
            return _with_status(outcome, path)
        found: Probed | Refused = outcome[0]
        return found

    async def _alone(self, task: str, args: tuple[Any, ...]) -> Any:
        """Run a task of one file; blame the file only if it fails while children can run.

        A child that died is given a second chance, as anything may have killed it.
        """
        try:
            return await self._run(task, args, self._deadline)
        except ChildFailedError as failure:
            if not failure.again:
                return _blame(failure)
        try:
            return await self._run(task, args, self._deadline)
        except ChildFailedError as failure:
            await self._check_children()
            return _blame(failure)

    async def _run(self, task: str, args: tuple[Any, ...], seconds: float) -> Any:
        async with self._places:
            began = time.monotonic()
            with anyio.move_on_after(seconds + (_STARTUP_SECONDS if HAS_ALARM else 0)):
                try:
                    return await self._call(task, args, seconds)
                except BrokenWorkerProcess as error:
                    late = time.monotonic() - began >= seconds
                    raise (self._over_time() if late else _crashed()) from error
                except MemoryError as error:
                    raise _out_of_memory() from error
            raise self._over_time()

    async def _call(self, task: str, args: tuple[Any, ...], seconds: float) -> Any:
        confines = Confines(deadline=seconds, memory_bytes=self._memory_bytes)
        try:
            # The wait for a place is over: the library's own limit would only wait again.
            child, outcome = await to_process.run_sync(
                run_task, task, args, confines, cancellable=True, limiter=CapacityLimiter(1)
            )
        except OSError as error:
            raise ImagingUnavailableError(
                f"No child process can be started ({error}). Free some memory or processes."
            ) from error
        self._children.add(child)
        return outcome

    async def _check_children(self) -> None:
        """Make sure that children can run.

        Raises:
            ImagingUnavailableError: when they can't.
        """
        try:
            with anyio.fail_after(_STARTUP_SECONDS):
                await to_process.run_sync(ping, cancellable=True, limiter=CapacityLimiter(1))
        except (BrokenWorkerProcess, OSError) as error:
            words = "Child processes end as soon as they start. Is there memory left for them?"
            raise ImagingUnavailableError(words) from error

    def _over_time(self) -> ChildFailedError:
        words = f"could not be decoded within {self._deadline:g} s"
        return ChildFailedError(RefusedError("unreadable", words), again=False)


def _crashed() -> ChildFailedError:
    return ChildFailedError(RefusedError("unreadable", "it crashes the decoder"), again=True)


def _out_of_memory() -> ChildFailedError:
    words = "decoding it takes more memory than is allowed"
    return ChildFailedError(RefusedError("too_large", words), again=False)


def _blame(failure: ChildFailedError) -> Refused:
    return Refused(failure.refused.kind, failure.refused.message, image=True)


def _with_status(refused: Refused, path: bytes) -> Refused:
    """Add size and time, without which the file would look changed at the next scan."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return refused
    return Refused(
        refused.kind,
        refused.message,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        image=refused.image,
    )
