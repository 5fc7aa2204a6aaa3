"""Finding and reading profiles: the built-in one, those beside the settings, any TOML file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.profile_text import parse_profile

if TYPE_CHECKING:
    from gemtag_tui.core.profile import Profile

DEFAULT = "default"


def default_profile_text() -> str:
    """Return the built-in profile's TOML, which is also the best example to start from."""
    return resources.files("gemtag_tui.core").joinpath("default_profile.toml").read_text("utf-8")


def profile_folder(config: Path) -> Path:
    """Return where named profiles lie: `profiles` beside the settings file."""
    return config.parent / "profiles"


def load_profile(name: str, config: Path) -> Profile:
    """Read a profile by its name or path.

    Args:
        name: "default", the name of a file in the profile folder, or a path ending in `.toml`.
        config: the settings file, beside which named profiles lie.

    Raises:
        ProfileError: when there is no such profile or it cannot be used.
    """
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
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    named = profile_folder(config) / f"{name}.toml"
    return named if named.is_file() else None
