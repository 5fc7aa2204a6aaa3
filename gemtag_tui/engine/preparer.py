"""From assets to pictures ready to send, ahead of admission."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec

from gemtag_tui.core.next_try import REENCODE, SIDE
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.fastpath import passthrough
from gemtag_tui.imaging.values import Changed, Limits, Prepared, PrepareRules, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from contextlib import AsyncExitStack

    from gemtag_tui.core.settings import Images
    from gemtag_tui.engine.attempts import Attempt
    from gemtag_tui.store.work import Candidate

_READERS = 2
_MOST_DECODERS = 4

Picture = Prepared | Refused | Changed
T = TypeVar("T")
P = ParamSpec("P")


def image_limits(images: Images) -> Limits:
    """Return the limits on files that the settings set."""
    return Limits(
        max_bytes=images.max_bytes, max_pixels=images.max_pixels, max_side=images.max_side
    )


def prepare_rules(images: Images) -> PrepareRules:
    """Return how pictures are prepared under these settings."""
    return PrepareRules(
        passthrough_max_bytes=images.send_max_bytes,
        reencode_side=images.shrink_side,
        limits=image_limits(images),
    )


class Preparer:
    """Reads files in a thread where their bytes may pass, and decodes in child processes else.

    Args:
        pool: the child processes.
        rules: sizes and quality.
        executor: the threads that read files; the loop's own when `None`.
    """

    def __init__(
        self, pool: ImagingPool, rules: PrepareRules, executor: Executor | None = None
    ) -> None:
        self._pool = pool
        self.rules = rules
        self._executor = executor

    async def passed(self, attempts: Sequence[Attempt]) -> list[tuple[Attempt, Picture | None]]:
        """Read some files at once; `None` for those that have to be decoded.

        One hop to a thread serves them all.
        """
        loop = asyncio.get_running_loop()
        pictures = await loop.run_in_executor(self._executor, self._pass_all, attempts)
        return list(zip(attempts, pictures, strict=True))

    async def beside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something that blocks in one of the threads that read files."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(work, *args, **kwargs))

    async def decoded(self, attempt: Attempt) -> Picture:
        """Decode one file in a child."""
        candidate = attempt.candidate
        rules = anew(self.rules) if candidate.setting == REENCODE else self.rules
        return await self._pool.reencode(candidate.path, candidate.sha256, rules)

    def _pass_all(self, attempts: Sequence[Attempt]) -> list[Picture | None]:
        return [self._pass(attempt.candidate) for attempt in attempts]

    def _pass(self, candidate: Candidate) -> Picture | None:
        if candidate.setting == REENCODE:
            return None
        return passthrough(candidate.path, candidate.sha256, self.rules)


def anew(rules: PrepareRules) -> PrepareRules:
    """Return rules by which every picture is made anew, and otherwise than by those given.

    One that was re-encoded already and refused must come out differently, so it gets smaller too.
    """
    side = min(SIDE, max(1, rules.target_side * 2 // 3))
    return msgspec.structs.replace(rules, passthrough_max_bytes=0, reencode_side=side)


def open_preparer(stack: AsyncExitStack, images: Images) -> Preparer:
    """Return a preparer under these settings, whose threads and children end with the stack."""
    pool = ImagingPool(
        images.workers or min(_MOST_DECODERS, os.cpu_count() or 1),
        deadline=images.decode_seconds,
        limits=image_limits(images),
    )
    stack.push_async_callback(pool.aclose)
    readers = ThreadPoolExecutor(_READERS, thread_name_prefix="gemtag-read")
    stack.callback(readers.shutdown, wait=False, cancel_futures=True)
    return Preparer(pool, prepare_rules(images), readers)
