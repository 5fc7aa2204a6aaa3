"""Where gemtag keeps things. Folders it makes belong to their user alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

APP = "gemtag"
LIBRARY_NAME = "library.db"


def default_library() -> Path:
    """Return the library that is used when nobody names one."""
    import platformdirs  # noqa: PLC0415 - not needed when paths are given

    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / LIBRARY_NAME


def default_config() -> Path:
    """Return the settings file that is used when nobody names one."""
    import platformdirs  # noqa: PLC0415

    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


def library_path(given: str | Path | None, environ: Mapping[str, str]) -> Path:
    """Return the library's absolute path: as given, else `GEMTAG_LIBRARY`, else the default."""
    chosen = given or environ.get("GEMTAG_LIBRARY") or default_library()
    return Path(chosen).expanduser().absolute()


def config_path(given: str | Path | None, environ: Mapping[str, str]) -> Path:
    """Return the settings file's absolute path; same order with `GEMTAG_CONFIG`."""
    chosen = given or environ.get("GEMTAG_CONFIG") or default_config()
    return Path(chosen).expanduser().absolute()


def log_folder(library: Path) -> Path:
    """Return the folder of the logs: the platform's, or beside a library that lies elsewhere."""
    if library == default_library():
        import platformdirs  # noqa: PLC0415

        return Path(platformdirs.user_log_dir(APP, appauthor=False))
    return library.parent / f"{library.stem}-logs"


def make_private(folder: Path) -> Path:
    """Make a folder, and what is missing above it, for this user alone; return it."""
    missing = [folder, *folder.parents]
    missing = missing[: next((n for n, one in enumerate(missing) if one.exists()), len(missing))]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    return folder
