"""The six screens by key, and where each is found; a screen is imported when it is first shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gemtag_tui.tui.screens.base import GemtagScreen


@dataclass(frozen=True, slots=True)
class Place:
    """One screen: the key it has, its mode's name, its title, and `module:Class`."""

    key: str
    name: str
    title: str
    where: str

    def open(self) -> GemtagScreen:
        """Make the screen."""
        return self.load()()

    def load(self) -> type[GemtagScreen]:
        """Import its code, from any thread."""
        module, _, name = self.where.partition(":")
        found = getattr(import_module(f"gemtag_tui.tui.screens.{module}"), name)
        return cast("type[GemtagScreen]", found)


SCREENS: tuple[Place, ...] = (
    Place("1", "plan", "Plan", "plan:PlanScreen"),
    Place("2", "run", "Run", "run:RunScreen"),
    Place("3", "batches", "Batches", "batches:BatchesScreen"),
    Place("4", "failures", "Failures", "failures:FailuresScreen"),
    Place("5", "library", "Library", "library:LibraryScreen"),
    Place("6", "limits", "Limits", "limits:LimitsScreen"),
)
