"""What the screens look at: one value read at one moment, and what it means in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gemtag_tui.core.snapshot import RunSnapshot
from gemtag_tui.tui.paint import Tone
from gemtag_tui.tui.words import coarse

STALLED_AFTER = 15.0
"""Seconds without a beat after which a locked engine is called stalled; it beats every second."""


class Life(StrEnum):
    """How the engine stands, by its lock and its dated heartbeat, never by a process list."""

    IDLE = "idle"
    """The lock is free and no run is open."""
    STARTING = "starting"
    """The lock is held and nothing has been said yet."""
    RUNNING = "running"
    PAUSED = "paused"
    PARKED = "parked"
    STOPPING = "stopping"
    STALLED = "stalled"
    """The lock is held and the heartbeat is old."""
    DIED = "died"
    """The lock is free and the last run never ended."""


GLYPHS: dict[Life, tuple[str, Tone]] = {
    Life.IDLE: ("○", "muted"),
    Life.STARTING: ("◌", "accent"),
    Life.RUNNING: ("●", "good"),
    Life.PAUSED: ("‖", "warn"),
    Life.PARKED: ("‖", "warn"),
    Life.STOPPING: ("◌", "warn"),
    Life.STALLED: ("!", "bad"),
    Life.DIED: ("✗", "bad"),
}
"""A sign and a tone for each state; the word always stands beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest row of `run`: what is known of it when no engine lives."""

    id: int
    state: str
    lane: str
    started_at: float
    ended_at: float | None = None
    exit_code: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that the frame and the live screens show.

    Attributes:
        now: Unix seconds when it was read; not compared, so that a quiet library gives equal looks.
        snapshot: the engine's last word; all zero when there never was a run, except `counts`.
        engine: whether some process holds the engine's lock.
        run: the newest run.
        tabs: numbers for the tab line by screen name ("failures": 12).
        title: the library's name for the status line.
        cap: the run's budget in dollars, 0 for none.
    """

    now: float = field(default=0.0, compare=False)
    snapshot: RunSnapshot = field(default_factory=RunSnapshot)
    engine: bool = False
    run: LastRun | None = None
    tabs: dict[str, int] = field(default_factory=dict)
    title: str = ""
    cap: float = 0.0

    @property
    def age(self) -> float:
        """Seconds since the last heartbeat; 0 when there was none."""
        return max(0.0, self.now - self.snapshot.at) if self.snapshot.at else 0.0

    @property
    def life(self) -> Life:
        """How the engine stands."""
        if not self.engine:
            return Life.DIED if self._run_left_open() else Life.IDLE
        if not self.snapshot.at or self._snapshot_is_old_news():
            return Life.STARTING
        if self.age > STALLED_AFTER:
            return Life.STALLED
        return Life(self.snapshot.state) if self.snapshot.state in set(Life) else Life.RUNNING

    @property
    def active(self) -> bool:
        """Whether an engine lives that takes commands."""
        return self.engine

    def _run_left_open(self) -> bool:
        if self.run is None:
            return False
        return self.run.state == "died" or (
            self.run.ended_at is None and self.run.state not in {"done", "stopped"}
        )

    def _snapshot_is_old_news(self) -> bool:
        return (
            self.run is not None and self.run.ended_at is None and self.run.id > self.snapshot.run
        )


def life_words(look: Look) -> str:
    """The state in words, with its age when that is older than a second or two."""
    life = look.life
    if life is Life.STALLED:
        return f"stalled (no beat for {coarse(look.age)})"
    if life in {Life.RUNNING, Life.PAUSED, Life.PARKED, Life.STOPPING} and look.age > 2.5:
        return f"{life} ({coarse(look.age)} ago)"
    if life is Life.IDLE and look.run is not None and look.run.state in {"done", "stopped"}:
        return f"idle, last run {look.run.state}"
    return str(life)
