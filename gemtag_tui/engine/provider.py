"""Whose results a command is about, without asking the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.models import canonical_model
from gemtag_tui.engine.preflight import GOOGLE, PROVIDER_PREF
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.gemini.address import Address
from gemtag_tui.store import prefs, tracks

if TYPE_CHECKING:
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track


async def likely_provider(lib: Library, environ: Mapping[str, str]) -> str:
    """Return who answered last at the address in force; Google when nobody has been asked."""
    base, version = Address.named(environ)
    address = Address.of(base, version, environ)
    return await prefs.get(lib, PROVIDER_PREF + address.root, GOOGLE)


async def find_own_track(lib: Library, provider: str, model: str, profile_id: str) -> Track | None:
    """Return the track of a provider, model and profile, if anything was ever put into it."""
    return await tracks.find_track(lib, provider, model, profile_id)


async def ensure_first_track(
    lib: Library, settings: Settings, config: Path, environ: Mapping[str, str]
) -> None:
    """Give a library that has none its first track, so that counts and plans know what is unusable."""
    if await tracks.list_tracks(lib):
        return
    profile = load_profile(settings.profile, config)
    provider = await likely_provider(lib, environ)
    await tracks.ensure_track(
        lib, provider, canonical_model(settings.model), profile.id, profile.name, profile.body
    )
