"""Hanging up and being told to end: leave cleanly, even when the terminal no longer reads."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemtag_tui.tui.app import GemtagApp

_before: dict[int, Any] = {}
_SIGNALS = ("SIGHUP", "SIGTERM")
_PATIENCE = 3.0
"""Seconds for a clean end. A terminal that stopped reading blocks the event loop: then we just end,
which harms nothing, for the engine is another process and every write of ours is a transaction."""


def leave_on_hangup(app: GemtagApp) -> None:
    """End the app on SIGHUP and SIGTERM, with 128 + the signal as its exit code."""
    if app.is_headless or threading.current_thread() is not threading.main_thread():
        return

    loop = asyncio.get_running_loop()

    def leave(number: int, _: FrameType | None) -> None:
        watchdog = threading.Timer(_PATIENCE, os._exit, (128 + number,))
        watchdog.daemon = True
        watchdog.start()
        loop.call_soon_threadsafe(app.hang_up, 128 + number)

    for name in _SIGNALS:
        if hasattr(signal, name):
            number = getattr(signal, name)
            _before[number] = signal.signal(number, leave)


def restore_signals() -> None:
    """Put back what the signals did before."""
    while _before:
        number, handler = _before.popitem()
        signal.signal(number, handler)
