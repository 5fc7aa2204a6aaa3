"""A source without engine or library, and literal states for it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gemtag_tui.core.errors import SettingsError, UsageError
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts, Gauge, LastResult, RunSnapshot
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.source import ErrorEntry, Holds, LearnedLimit, Offer, Since
from gemtag_tui.tui.state import LastRun, Look
from gemtag_tui.tui.widgets.listed import Listed

from .fakes import FakeAsks
from .fakes_triage import FakeTriage

NOW = 1_795_349_000.0
"""2026-11-22 11:23:20 UTC."""

HOSTILE = [
    b"h [/b].jpg",
    b"[red]x[/red].jpg",
    b"\x1b[2J\x1b]0;owned\x07.jpg",
    "\u202egpj.exe".encode(),
    b"two\nlines\r.jpg",
    b"\xff\xfe\x80.jpg",
    "家族 写真 👩‍👩‍👧.jpg".encode(),
    b"m" * 1_000_000,
]
HOSTILE_AT_ONCE = [
    b"[red]x[/red] h [/b].jpg",
    "\u202e\x1b[2J\x1b]0;owned\x07two\nlines\r.jpg".encode(),
    HOSTILE[5] + HOSTILE[6],
    HOSTILE[7],
]
"""The same in fewer names, for walks over many screens."""


def gauges() -> list[Gauge]:
    return [
        Gauge(name="rpm", used=586, limit=600, source="yours", peak=600, binding=True),
        Gauge(name="tpm", used=410_000, limit=4_000_000, peak=452_000),
        Gauge(name="rpd", used=41_796, limit=0),
        Gauge(name="spend", used=2.71, limit=10, peak=2.9, source="learned", refused=2),
    ]


def snapshot(**changes: object) -> RunSnapshot:
    """A run in full swing."""
    values: dict[str, object] = {
        "run": 7,
        "pid": 4711,
        "state": "running",
        "lane": "interactive",
        "provider": "google",
        "model": "gemini-3.5-flash-lite",
        "profile": "default",
        "profile_id": "p_0123456789ab",
        "at": NOW - 0.4,
        "started_at": NOW - 4_300,
        "counts": Counts(
            total=60_000,
            tagged=41_322,
            remaining=18_204,
            known_bad=474,
            files=60_411,
            duplicates=411,
        ),
        "goal": 60_000,
        "done": 41_322,
        "bad": 474,
        "tries": 42_010,
        "in_flight": 9,
        "rate_per_min": 586.0,
        "rate_overall": 571.0,
        "rate_history": [float(20 + (i * 7) % 31) for i in range(60)],
        "eta_seconds": 1_920.0,
        "cost_usd": 18.72,
        "cost_to_come": 8.24,
        "tokens_in": 28_600_000,
        "tokens_out": 4_900_000,
        "requests_today": 41_796,
        "concurrency": 9,
        "concurrency_cap": 0,
        "concurrency_why": "follows demand",
        "single_worker_times": 2,
        "binding_limit": "rpm",
        "gauges": gauges(),
        "last": [
            LastResult(
                asset=i,
                path=f"/pictures/boards/kitchen/4f2a{i}.jpg".encode(),
                summary="A narrow galley kitchen with oak fronts and brass taps.",
                tags={
                    "subject": ["kitchen", "tap"],
                    "setting": ["indoor"],
                    "colours": ["oak", "white"],
                },
                at=NOW - 1 - i,
            )
            for i in range(3)
        ],
        "errors": 3,
    }
    return RunSnapshot(**{**values, **changes})  # type: ignore[arg-type]


def look(**changes: object) -> Look:
    """The same as a whole state; `snapshot` fields are given to `snapshot()`."""
    values: dict[str, object] = {
        "now": NOW,
        "snapshot": snapshot(),
        "engine": True,
        "run": LastRun(id=7, state="running", lane="interactive", started_at=NOW - 4_300),
        "tabs": {"failures": 12},
        "title": "pinterest",
        "cap": 30.0,
    }
    return Look(**{**values, **changes})  # type: ignore[arg-type]


def entries(
    paths: Sequence[bytes] = (b"/p/boards/art/IMG_2291.jpg", b"/p/boards/old/cut.jpg"),
) -> list[ErrorEntry]:
    return [
        ErrorEntry(id=100 - i, at=NOW - 40 * i, kind=("safety", "rejected_image")[i % 2], path=path,
                   message="unable to process input image"
                   + (path[:80].decode("latin-1") if i > 1 else ""),
                   fate="known bad, never sent again", asset=i + 1)
        for i, path in enumerate(paths)
    ]  # fmt: skip


@dataclass
class FakeSource(FakeTriage, FakeAsks):
    """Answers from its fields and remembers what it was told."""

    state: Look = field(default_factory=look)
    log: list[ErrorEntry] = field(default_factory=entries)
    detail: list[tuple[str, str]] = field(
        default_factory=lambda: [("What happened", "It failed."), ("Raw answer", "{}")]
    )
    offered: Offer = field(
        default_factory=lambda: Offer(images=18_204, cost=8.24, lane="interactive")
    )
    away: Since | None = None
    told: list[tuple[str, ...]] = field(default_factory=list)
    prefs: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    held: Holds | None = None
    log_path: Path = Path("/var/log/gemtag.log")

    async def look(self) -> Look:
        return self.state

    async def pref(self, name: str) -> str:
        return self.prefs.get(name, "")

    async def keep_pref(self, name: str, value: str) -> None:
        self.prefs[name] = value

    async def command(self, verb: str, argument: str = "") -> str:
        self.told.append((verb, argument))
        return f"{verb} taken"

    async def offer(self, lane: str = "") -> Offer:
        return replace(self.offered, lane=lane or self.offered.lane)

    async def start(self, args: Sequence[str] = ()) -> int:
        if self.offered.obstacle:
            raise UsageError(self.offered.obstacle)
        self.told.append(("start", *args))
        return 4711

    async def since(self, left_at: float) -> Since | None:
        return self.away

    def errors(self, run: int, text: str = "", faults_only: bool = False) -> Listed[ErrorEntry]:
        return FakeLog(self, text, faults_only)

    async def error_detail(self, entry: ErrorEntry) -> list[tuple[str, str]]:
        return self.detail

    async def holds(self) -> Holds:
        return self.held or Holds(
            settings=self.settings,
            origins={"limits.rpm": "config.toml"},
            key_where="GEMINI_API_KEY",
            gauges=tuple(gauges()),
            learned={"spend": LearnedLimit(value=10.0, at=NOW - 3600, words="Quota exceeded")},
            profile_id="p_0123456789ab",
            config_path="/home/ada/.config/gemtag/config.toml",
        )

    async def note_leaving(self) -> None:
        self.told.append(("left",))

    async def set_value(self, name: str, text: str) -> str:
        if name == "limits.rpm" and not text.isdigit():
            raise SettingsError("limits.rpm wants a whole number, like 600; 0 for the tier's own")
        self.told.append(("set", name, text))
        return "Saved."

    async def reset_value(self, name: str) -> str:
        self.told.append(("reset", name))
        return "Saved."

    async def forget(self, name: str) -> str:
        self.told.append(("forget", name))
        return "Saved."


class FakeLog(Listed[ErrorEntry]):
    """The source's log as it is now."""

    def __init__(self, source: FakeSource, text: str, faults_only: bool) -> None:
        super().__init__([])
        self._source, self._text, self._faults = source, text, faults_only

    async def count(self) -> int:
        log = self._source.log
        self._rows = [e for e in log if self._text in e.message and (e.asset or not self._faults)]
        return len(self._rows)


@asynccontextmanager
async def shown(
    source: FakeSource, screen: str = "run", size: tuple[int, int] = (80, 24), **app_args: object
):
    """The app on a screen, with the beat off: use `beat(app)`."""
    app = GemtagApp(source, tick=3600, **{"first_screen": screen, **app_args})  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        if app.current_mode != screen:  # the sitting before had another one
            app.action_go(screen)
            await settle(pilot)
        yield app, pilot


async def settle(pilot) -> None:
    """Wait until nothing is under way."""
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()


async def beat(pilot, source: FakeSource, **changes: object) -> None:
    """Give the app another state, as a tick would."""
    source.state = replace(source.state, **changes)
    await pilot.app._beat()
    await settle(pilot)


def text_of(app: GemtagApp) -> str:
    """All that is on the screen, line by line."""
    strips = app.screen._compositor.render_strips(app.screen.size)
    return "\n".join("".join(part.text for part in strip).rstrip() for strip in strips)
