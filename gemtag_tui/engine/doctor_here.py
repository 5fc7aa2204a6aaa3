"""The doctor's checks of this machine: settings, profile, library, disk, log, terminal."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.text import plain
from gemtag_tui.engine.checks import Check
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.store.glance import Glance, glance
from gemtag_tui.store.health import Health, examine, sqlite_version
from gemtag_tui.store.lock import is_held_by_someone

SMALLEST = (60, 15)
DESIGNED = (80, 24)
LITTLE_DISK = 1_000_000_000
NO_DISK = 50_000_000


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal; `present` is `False` off one."""

    present: bool
    columns: int = 0
    lines: int = 0
    term: str = ""
    encoding: str = ""
    no_color: bool = False


def settings_check(loaded: Loaded, path: Path, *, named: bool = False) -> Check:
    """Say where settings come from."""
    if named and not path.exists():
        fix = "Check --config and GEMTAG_CONFIG, or make it: gemtag config set NAME VALUE"
        return Check.warn("settings", f"{plain(str(path))} is not there: defaults hold.", fix)
    changed = sum(origin != "default" for origin in loaded.origins.values())
    there = "" if path.exists() else " (not there: defaults hold)"
    return Check.ok("settings", f"{plain(str(path))}{there}; {changed} not at their default.")


def profile_check(loaded: Loaded, config: Path) -> Check:
    """Read the profile."""
    try:
        profile = load_profile(loaded.settings.profile, config)
    except GemtagError as error:
        fix = "Correct it, or: gemtag config reset profile"
        return Check.fail("profile", error.message, fix)
    name = plain(profile.name)
    return Check.ok("profile", f"{name} ({profile.id}), {len(profile.buckets)} buckets.")


def library_checks(path: Path, seconds: float = 5.0) -> list[Check]:
    """Open the library and look for damage, for so many seconds at most."""
    shown = plain(str(path))
    if not path.exists():
        words = f"There is none yet at {shown}."
        return [Check.warn("library", words, "gemtag scan PATH makes it.")]
    try:
        seen, health = glance(path), examine(path, seconds)
    except GemtagError as error:
        fix = "Name another file with --library, or put back a backup."
        return [Check.fail("library", error.message, fix)]
    return [_library_check(shown, seen, health)]


def _library_check(shown: str, seen: Glance, health: Health) -> Check:
    if health.problem:
        words = f"{shown} is damaged: {plain(health.problem, 200)}"
        return Check.fail("library", words, "Put back a backup (they lie beside it).")
    whole = "sound" if health.whole else "no damage found in the time given"
    counts = seen.counts
    return Check.ok(
        "library",
        f"{shown}, {health.size / 1e6:,.1f} MB, shape {health.version}, {whole}; "
        f"{counts.total:,} images, {counts.tagged:,} tagged.",
    )


def engine_check(library: Path) -> Check:
    """Say whether an engine runs, or died."""
    if is_held_by_someone(library):
        return Check.ok("engine", "An engine is running; `gemtag status` shows what it does.")
    if not library.exists():
        return Check.ok("engine", "No engine is running.")
    try:
        run = glance(library).run
    except GemtagError:
        return Check.ok("engine", "No engine is running.")
    if run is not None and run.ended_at is None:
        words = "The last run died; all it had written is kept."
        return Check.warn("engine", words, "gemtag run goes on with what remains.")
    return Check.ok("engine", "No engine is running.")


def disk_check(library: Path) -> Check:
    """Look at the room where the library lies."""
    folder = next(one for one in library.absolute().parents if one.is_dir())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check.warn("disk", f"The room left cannot be told: {error.strerror}.")
    words = f"{free / 1e9:,.1f} GB free where the library lies."
    if free < NO_DISK:
        return Check.fail("disk", words, "Free some space: results could not be written.")
    if free < LITTLE_DISK:
        return Check.warn("disk", words, "Free some space before a long run.")
    if not os.access(folder, os.W_OK):
        fix = "Check its permissions, or name another library with --library."
        return Check.fail("disk", f"{plain(str(folder))} cannot be written.", fix)
    return Check.ok("disk", words)


def log_check(folder: Path) -> Check:
    """Say where the log is."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    if not os.access(there, os.W_OK):
        fix = "Check its permissions; gemtag works, and keeps no log."
        return Check.warn("log", f"{plain(str(there))} cannot be written.", fix)
    return Check.ok("log", f"engine.log and shell.log in {plain(str(folder))}.")


def terminal_check(terminal: Terminal) -> Check:
    """Judge the terminal as a place for the full-screen view."""
    if not terminal.present:
        return Check.ok("terminal", "None here; every command works without one.")
    seen = f"{terminal.columns}×{terminal.lines}, TERM={plain(terminal.term) or '(not set)'}"
    if (terminal.columns, terminal.lines) < SMALLEST or terminal.lines < SMALLEST[1]:
        return Check.warn("terminal", f"{seen}: too small to show much.", "Enlarge it to 80×24.")
    if terminal.term in {"", "dumb"}:
        return Check.warn("terminal", f"{seen}.", "Set TERM, for example to xterm-256color.")
    if "utf" not in terminal.encoding.lower():
        fix = "Use a UTF-8 locale, or: gemtag config set screen.ascii true"
        return Check.warn("terminal", f"{seen}, {plain(terminal.encoding)}.", fix)
    colour = "without colour (NO_COLOR)" if terminal.no_color else "in colour"
    return Check.ok("terminal", f"{seen}, UTF-8, {colour}.")


def sqlite_check() -> Check:
    """Name SQLite's version."""
    version, usable = sqlite_version()
    words = f"SQLite {version}."
    if not usable:
        return Check.fail("sqlite", words, "gemtag needs 3.38 or newer: use a newer Python.")
    return Check.ok("sqlite", words)


def heic_check() -> Check:
    """Say what happens to HEIC pictures."""
    if importlib.util.find_spec("pillow_heif") is not None:
        return Check.ok("heic", "HEIC pictures are sent as they are, or re-encoded when too large.")
    words = "HEIC pictures are sent as they are; those that must be re-encoded fail."
    return Check.warn("heic", words, "Install gemtag with its heic extra: gemtag[heic].")
