"""Waiting for whichever comes first, without leaving anything behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

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
    if not event.is_set():
        await first(event.wait(), clock.sleep(seconds))
