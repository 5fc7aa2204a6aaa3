"""Waiting for whichever comes first, without leaving anything behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gemtag_tui.engine.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from gemtag_tui.core.clock import Clock


async def first(*things: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of several waits is over and cancel the others."""
    tasks = [asyncio.ensure_future(thing) for thing in things]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def event_or_time(event: asyncio.Event, clock: Clock, seconds: float) -> None:
    """Wait for an event, but no longer than some seconds."""
    if event.is_set():
        return
    if not isinstance(clock, SystemClock):
        await first(event.wait(), clock.sleep(seconds))
        return
    try:
        async with asyncio.timeout(max(0.0, seconds)):  # the loop's own timer: no tasks to make
            await event.wait()
    except TimeoutError:
        return


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait for their end, whatever that is."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
