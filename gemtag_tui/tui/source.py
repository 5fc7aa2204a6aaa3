"""Where the screens get everything from: one interface, so tests need no engine and no library.

`LibrarySource` (see `library_source`) is the real one. Every method may raise a `GemtagError`,
whose words are shown to the person; nothing else is meant to come out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Gauge
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.wanted import Asks
from gemtag_tui.tui.wanted_failures import TriageAsks
from gemtag_tui.tui.wanted_tracks import TrackAsks

Row_co = TypeVar("Row_co", covariant=True)


class Pages(Protocol[Row_co]):
    """A long list, read a page at a time."""

    async def count(self) -> int:
        """How many rows there are."""

    async def page(self, start: int, limit: int) -> Sequence[Row_co]:
        """Rows from position `start` (0 is the first) on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """A line of a run's error log. `asset` is 0 when it is about no single image."""

    id: int
    at: float
    kind: str
    path: bytes
    message: str
    fate: str
    asset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What happened while nobody watched."""

    left_at: float
    done: int = 0
    bad: int = 0
    spent: float = 0.0
    new_kinds: tuple[tuple[str, int], ...] = ()
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLimit:
    """A limit that a 429 taught."""

    value: float
    at: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """All that the limits screen shows.

    Attributes:
        settings: what is in force now.
        origins: by setting name, where its value comes from: "default", "config",
            "environment" or "command line".
        key_where: the variable the key was found in, "" when there is none. Never the key.
        gauges: limits and budgets with what is used of them.
        learned: by gauge name (rpm, tpm, rpd, spend).
        profile_id: of the profile in force, "" when it cannot be read.
        model_note: what there is to say of the model (going away, unknown), "" when nothing.
        config_path: the file that edits are saved to.
    """

    settings: Settings
    origins: dict[str, str]
    key_where: str
    gauges: tuple[Gauge, ...]
    learned: dict[str, LearnedLimit]
    profile_id: str = ""
    model_note: str = ""
    config_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a start would do. `obstacle` says why it can't, "" when it can."""

    images: int
    cost: float | None
    lane: str
    obstacle: str = ""


class Source(Asks, TriageAsks, TrackAsks, Protocol):
    """Everything a screen may ask for or do."""

    @property
    def log_path(self) -> Path:
        """The log file's place."""

    async def look(self) -> Look:
        """The present state; cheap when nothing changed."""

    async def pref(self, name: str) -> str:
        """A small string kept in the library, "" when there is none."""

    async def keep_pref(self, name: str, value: str) -> None:
        """Keep a small string in the library."""

    async def command(self, verb: str, argument: str = "") -> str:
        """Tell the engine something and return its answer in words."""

    async def offer(self, lane: str = "") -> Offer:
        """What a start would do, in the lane of the settings when none is named."""

    async def start(self, args: Sequence[str] = ()) -> int:
        """Start the engine as a process of its own; returns its pid."""

    async def since(self, left_at: float) -> Since | None:
        """What happened since, None when nothing did."""

    def errors(self, run: int, text: str = "", faults_only: bool = False) -> Pages[ErrorEntry]:
        """A run's error log, newest first."""

    async def error_detail(self, entry: ErrorEntry) -> list[tuple[str, str]]:
        """An entry in full, as headed paragraphs: all that is known, the raw answer last."""

    async def holds(self) -> Holds:
        """What limits us and where each figure comes from."""

    async def note_leaving(self) -> None:
        """Note what `since` will compare with."""

    async def set_value(self, name: str, text: str) -> str:
        """Check and save a setting; a running engine is told. Returns what is worth saying."""

    async def reset_value(self, name: str) -> str:
        """Put a setting back to its default; a running engine is told."""

    async def forget(self, name: str) -> str:
        """Forget a learned limit; a running engine is told."""
