"""`--model` and `--profile`: whose results and failures a command is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

F = TypeVar("F", bound=Callable[..., object])

model_option = click.option(
    "--model", default="", metavar="MODEL", help="Of this model; the last run's when not given."
)
profile_option = click.option(
    "--profile", default="", metavar="NAME|ID", help="Of this profile; the last run's as well."
)


def of_track(command: F) -> F:
    """Give a command the options by which a track is named."""
    return model_option(profile_option(command))


async def the_track(library: Library, model: str, profile: str) -> Track | None:
    """Return the track that is meant: of those that fit, the last run's; `None`: there is none yet.

    Raises:
        UsageError: there are tracks, and none fits.
    """
    from gemtag_tui.store.tracks import list_tracks, named_track  # noqa: PLC0415

    found = await named_track(library, model, profile)
    if found is None and (model or profile):
        known = sorted({f"{one.model} · {one.profile_name}" for one in await list_tracks(library)})
        words = ", ".join(plain(one, 80) for one in known) or "none"
        raise UsageError(f"Nothing was asked of such a model and profile. Known: {words}.")
    return found
