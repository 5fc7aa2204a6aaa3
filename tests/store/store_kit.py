"""A small library for tests, filled by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store import scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import NewResult
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.store.tracks import Track


class HandClock:
    """A clock that a test turns."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.at = now

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += max(0.0, seconds)


def sha(word: object) -> bytes:
    return hashlib.sha256(str(word).encode()).digest()


def image(name: str | bytes, content: object = None, folder: bytes = b"/pics") -> Seen:
    raw = name.encode() if isinstance(name, str) else name
    found = Content(sha(name if content is None else content), "jpeg", 640, 480)
    return Seen(folder, raw, 1000, 1, found)


async def add(lib: Library, *seen: Seen) -> None:
    await scans.record(lib, list(seen))


async def a_track(lib: Library, model: str = "m", profile: str = "p_1") -> Track:
    return await tracks.ensure_track(lib, "google", model, profile, "default", "{}")


def result(
    track: Track, asset: int, summary: str = "a red car", **buckets: tuple[str, ...]
) -> NewResult:
    tags = Tags(summary, dict(buckets) or {"subject": ("car",), "colours": ("red",)})
    return NewResult(asset, track, tags, "interactive", 1_790_000_000.0, cost_usd=0.001)


async def opened(path: Path, clock: HandClock | None = None) -> Library:
    return await Library.open(path / "library.db", clock or HandClock())
