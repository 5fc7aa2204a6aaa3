"""Finding and reading profiles: the built-in one, those beside the settings, any TOML file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.profile import RESOLUTIONS
from gemtag_tui.core.profile_text import parse_profile

if TYPE_CHECKING:
    from gemtag_tui.core.profile import Profile

DEFAULT = "default"
AT = "@"
"""Between a profile's name and a media resolution that is taken in place of its own."""


def default_profile_text() -> str:
    """Return the built-in profile's TOML, which is also the best example to start from."""
    return resources.files("gemtag_tui.core").joinpath("default_profile.toml").read_text("utf-8")


def profile_folder(config: Path) -> Path:
    """Return where named profiles lie: `profiles` beside the settings file."""
    return config.parent / "profiles"


def load_profile(name: str, config: Path) -> Profile:
    """Read a profile by its name or path.

    Args:
        name: "default", the name of a file in the profile folder, or a path ending in `.toml`;
            with "@low", "@medium", "@high" or "@default" behind it at that media resolution.
        config: the settings file, beside which named profiles lie.

    Raises:
        ProfileError: when there is no such profile or it cannot be used.
    """
    plain_name, resolution = parted(name)
    if not resolution or _find(name, config) is not None:
        return _load(name, config)
    profile = _load(plain_name, config)
    options = msgspec.structs.replace(profile.model, media_resolution=resolution)
    return msgspec.structs.replace(profile, model=options)


def parted(name: str) -> tuple[str, str]:
    """Return a profile's name and the media resolution behind it, "" for its own."""
    first, at, last = name.rpartition(AT)
    return (first, last) if at and first and last in RESOLUTIONS else (name, "")


def at_resolution(name: str, resolution: str) -> str:
    """Return the name of a profile at a media resolution."""
    return f"{parted(name)[0]}{AT}{resolution}"


def _load(name: str, config: Path) -> Profile:
    path = _find(name, config)
    if path is None and name == DEFAULT:
        return parse_profile(default_profile_text(), DEFAULT)
    if path is None:
        known = ", ".join([DEFAULT, *names(config)])
        raise ProfileError(
            f"There is no profile {name!r}. Known: {known}. "
            f"Give the path of a TOML file, or put one into {profile_folder(config)}."
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"The profile {path} cannot be read: {error}.") from error
    return parse_profile(text, str(path))


def names(config: Path) -> list[str]:
    """Return the names of the profiles beside the settings, sorted."""
    try:
        return sorted(p.stem for p in profile_folder(config).glob("*.toml") if p.stem != DEFAULT)
    except OSError:
        return []


def _find(name: str, config: Path) -> Path | None:
    path = Path(name).expanduser()
    if path.suffix == ".toml" or (len(path.parts) > 1 and not parted(name)[1]):
        return path
    named = profile_folder(config) / f"{name}.toml"
    return named if named.is_file() else None
