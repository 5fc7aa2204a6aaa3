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


async def likely_provider(lib: Library, environ: Mapping[str, str]) -> str:
    """Return who answered last at the address in force; Google when nobody has been asked."""
    base, version = Address.named(environ)
    address = Address.of(base, version, environ)
    return await prefs.get(lib, PROVIDER_PREF + address.root, GOOGLE)


async def ensure_first_track(
    lib: Library, settings: Settings, config: Path, environ: Mapping[str, str]
) -> None:
    """Give a library without a track its first, so that counts know what cannot be used."""
    if await tracks.list_tracks(lib):
        return
    profile = load_profile(settings.profile, config)
    provider = await likely_provider(lib, environ)
    await tracks.ensure_track(
        lib, provider, canonical_model(settings.model), profile.id, profile.name, profile.body
    )
