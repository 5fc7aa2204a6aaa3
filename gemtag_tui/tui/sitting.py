"""What is kept from one sitting to the next: screen, filters, rows."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

from textual.screen import Screen

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.source import Source

log = logging.getLogger("gemtag.tui")
PREF = "tui"


class Sitting:
    """The last sitting, as it was kept.

    Attributes:
        left_at: Unix seconds of its end, 0 when there was none.
        screen: the screen that was shown.
    """

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        kept = kept or {}
        at, screen, screens = kept.get("at"), kept.get("screen"), kept.get("screens")
        self.left_at = float(at) if isinstance(at, int | float) else 0.0
        self.screen = screen if isinstance(screen, str) else ""
        self._screens: dict[str, Any] = dict(screens) if isinstance(screens, dict) else {}

    @classmethod
    async def read(cls, source: Source) -> Self:
        """Read the last sitting; what cannot be read was none."""
        try:
            kept = json.loads(await source.pref(PREF) or "{}")
        except (GemtagError, ValueError):
            kept = {}
        return cls(kept if isinstance(kept, dict) else {})

    def take(self, name: str) -> dict[str, Any]:
        """Return what a screen kept, once."""
        found = self._screens.pop(name, {})
        return found if isinstance(found, dict) else {}

    async def keep(
        self, source: Source, screen: str, stacks: Mapping[str, Sequence[Screen[Any]]]
    ) -> None:
        """Keep this sitting; screens that were not opened keep what they had."""
        screens = dict(self._screens)
        for name, stack in stacks.items():
            if stack and isinstance(stack[0], GemtagScreen):
                screens[name] = {"filter": stack[0].filter_text, **stack[0].keep()}
        kept = {"at": time.time(), "screen": screen, "screens": screens}
        try:
            await source.keep_pref(PREF, json.dumps(kept))
            await source.note_leaving()
        except GemtagError:
            log.warning("the sitting could not be kept", exc_info=True)
