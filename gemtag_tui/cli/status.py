"""`gemtag status`: a look at library and run, at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gemtag_tui.cli.fields import eta_words, status_fields
from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, count, duration, money
from gemtag_tui.core.snapshot import RunSnapshot
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.store.glance import Glance

STALE_SECONDS = 90.0
"""A living engine writes its state far more often, parked or paused too."""
NO_LIBRARY = (
    "There is no library yet: `gemtag scan PATH` makes one, `gemtag demo` shows how it goes."
)


@click.command()
@common
@click.pass_obj
def status(shell: Shell) -> int:
    """Say how library and run stand."""
    return print_status(shell)


def print_status(shell: Shell) -> int:
    """Print the state and return the exit code."""
    snapshot = read_state(shell, time.time())
    if shell.json:
        json_line(status_fields(snapshot))
    else:
        _print(snapshot)
    return 0


def read_state(shell: Shell, now: float) -> RunSnapshot:
    """Return the library's state as of now.

    Args:
        shell: whose library.
        now: Unix seconds.

    Raises:
        LibraryError: the library cannot be read.
        SettingsError: a setting, or the profile, cannot be used.
    """
    settings = shell.load().settings
    if not shell.library.exists():
        return RunSnapshot(
            model=settings.model, profile=settings.profile, message=NO_LIBRARY, at=now
        )
    from gemtag_tui.store.glance import glance  # noqa: PLC0415

    seen = glance(shell.library)
    if not seen.engine_alive and (seen.run is None or seen.run.ended_at is not None):
        seen = glance(shell.library, _chosen(shell, settings))
    known = seen.snapshot or RunSnapshot(at=now)
    known = msgspec.structs.replace(known, counts=seen.counts, **_who(seen, settings))
    return _living(known, seen, now) if seen.engine_alive else _at_rest(known, seen, now)


def _chosen(shell: Shell, settings: Settings) -> tuple[str, str, str]:
    """Return what the next run would be about: any provider, the settings' model and profile."""
    from gemtag_tui.core.models import canonical_model  # noqa: PLC0415
    from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415

    profile = load_profile(settings.profile, shell.config)
    return "", canonical_model(settings.model), profile.id


def _who(seen: Glance, settings: Settings) -> dict[str, str]:
    if seen.track is None:
        return {"provider": "", "model": settings.model, "profile": settings.profile}
    track = seen.track
    return {"provider": track.provider, "model": track.model, "profile": track.profile_name}


def _living(snapshot: RunSnapshot, seen: Glance, now: float) -> RunSnapshot:
    if seen.run is None or snapshot.run != seen.run.id or snapshot.state == "idle":
        lane = seen.run.lane if seen.run and seen.run.ended_at is None else ""
        return _quiet(snapshot, state="running", lane=lane, message="The engine is starting.")
    if now - snapshot.at > STALE_SECONDS:
        age = duration(now - snapshot.at)
        words = f"The engine holds its lock and has said nothing for {age}: it may hang."
        return msgspec.structs.replace(snapshot, message=words)
    return snapshot


def _at_rest(snapshot: RunSnapshot, seen: Glance, now: float) -> RunSnapshot:
    message = snapshot.message
    if seen.run is not None and seen.run.ended_at is None:
        begun = clock(seen.run.started_at)
        message = f"The run of {begun} died; all it had written is kept. `gemtag run` goes on."
    elif seen.run is not None:
        own = message if snapshot.run == seen.run.id else ""  # also of who looked after jobs since
        message = own or seen.run.message or message
    if seen.locked and "batches rescue" not in message:
        from gemtag_tui.core.batch_words import quarantine_words  # noqa: PLC0415

        message = f"{message} {quarantine_words(seen.locked)}".strip()
    return _quiet(snapshot, state="idle", message=message, requests_today=_today(snapshot, now))


def _quiet(snapshot: RunSnapshot, **changes: Any) -> RunSnapshot:
    """Return a state in which nothing moves."""
    still: dict[str, Any] = {
        "in_flight": 0,
        "rate_per_min": 0.0,
        "eta_seconds": None,
        "concurrency": 0,
        "binding_limit": "",
        "waiting_for": "",
        "parked_until": 0.0,
    }
    return msgspec.structs.replace(snapshot, **(still | changes))


def _today(snapshot: RunSnapshot, now: float) -> int:
    """Return the day's requests, 0 when the day has changed since they were counted."""
    from gemtag_tui.core.pacific import day_of  # noqa: PLC0415

    return snapshot.requests_today if day_of(snapshot.at) == day_of(now) else 0


def _print(snapshot: RunSnapshot) -> None:
    counts = snapshot.counts
    line(_head(snapshot))
    line(
        f"Images   {counts.tagged:,} of {counts.total:,} tagged, {counts.remaining:,} remain"
        f"{f' ({counts.in_batches:,} in batch jobs)' if counts.in_batches else ''}, "
        f"{counts.known_bad:,} known bad, {counts.retry_later:,} to be tried later, "
        f"{counts.ignored:,} ignored"
    )
    doubles = count(counts.duplicates, "duplicate")
    line(f"Files    {counts.files:,}, {doubles}, {counts.missing:,} missing")
    limit = f" of {snapshot.rpd_limit:,}" if snapshot.rpd_limit else ""
    line(
        f"Run      {money(snapshot.cost_usd)}, {snapshot.tokens_in:,} tokens in, "
        f"{snapshot.tokens_out:,} out; {snapshot.requests_today:,}{limit} requests today (Pacific)"
    )
    if snapshot.message:
        say(plain(snapshot.message))


def _head(snapshot: RunSnapshot) -> str:
    where = "/".join(
        plain(part) for part in (snapshot.provider, snapshot.model, snapshot.profile) if part
    )
    if snapshot.state == "idle":
        return f"Idle     {where}"
    parts = [
        f"{snapshot.state.capitalize():<8} {where}, {snapshot.lane} lane",
        f"{snapshot.rate_per_min:.0f}/min",
        eta_words(snapshot),
        f"{snapshot.in_flight} in flight",
        plain(snapshot.waiting_for)
        or (f"limit: {snapshot.binding_limit}" if snapshot.binding_limit else ""),
    ]
    return ", ".join(part for part in parts if part)
