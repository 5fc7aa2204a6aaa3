"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from gemtag_tui.core.settings import Settings


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One `gemtag run`.

    Attributes:
        library: the library file.
        settings: all settings, command line included.
        origins: where each setting came from, by dotted name.
        config: the settings file, for reading it again while running.
        overrides: settings given on the command line, by dotted name; they stay on a reload.
        lane: "auto", "interactive", "flex" or "batch".
        limit: most assets to settle; `None` for all that remain.
        max_cost: cap on this run's cost in US dollars; `None` for the settings' budget alone.
        no_wait: end (exit code 3) instead of waiting for a new day's quota.
        split: so many go one by one while the rest goes through batch jobs; 0 for one lane.
        selection: id of a kept list of assets to settle, in any lane; 0 for all that remain.
    """

    library: Path
    settings: Settings
    origins: dict[str, str] = field(default_factory=dict)
    config: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    lane: str = "auto"
    limit: int | None = None
    max_cost: float | None = None
    no_wait: bool = False
    split: int = 0
    selection: int = 0
