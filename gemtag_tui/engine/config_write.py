"""Changing config.toml without losing a comment, a broken file or a half-written byte."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.text import plain
from gemtag_tui.engine.config import Value, check_text, read_text
from gemtag_tui.engine.config_fields import (
    convert,
    did_you_mean,
    field_types,
    plain_value,
    sections,
    type_words,
)
from gemtag_tui.engine.paths import make_private

if TYPE_CHECKING:
    import tomlkit


def set_value(path: Path, name: str, text: str) -> Value:
    """Write one setting into config.toml and return its value.

    Args:
        path: config.toml; made with its folder when it is not there.
        name: dotted name of the setting.
        text: its value as a person types it.

    Raises:
        SettingsError: no such setting or value, or a broken file (it is then left as it is).
    """
    if name not in field_types():
        raise SettingsError(f"There is no setting {plain(name, 60)!r}. {did_you_mean(name)}")
    try:
        value = plain_value(convert(name, text))
    except ValueError:
        right = type_words(field_types()[name])
        raise SettingsError(f"{name} = {plain(text, 60)!r} is not {right}.") from None
    document = _parse(path)
    _table_of(document, name)[name.rpartition(".")[2]] = value
    _save(path, document)
    return value


def reset_value(path: Path, name: str) -> bool:
    """Take a setting, or a table of settings, out of config.toml so that its default holds again.

    Returns:
        Whether it stood there.

    Raises:
        SettingsError: no such setting, or the file is broken (it is then left as it is).
    """
    if name not in field_types() and name not in sections():
        raise SettingsError(f"There is no setting {plain(name, 60)!r}. {did_you_mean(name)}")
    document = _parse(path)
    removed = _remove(document, name)
    if removed:
        _save(path, document)
    return removed


def reset_all(path: Path) -> int:
    """Take every setting out of config.toml, comments stay; return how many there were."""
    document = _parse(path)
    count = sum(_remove(document, name) for name in field_types())
    if count:
        _save(path, document)
    return count


def _parse(path: Path) -> tomlkit.TOMLDocument:
    import tomlkit  # noqa: PLC0415 - only who writes needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(read_text(path))
    except TOMLKitError as error:
        raise SettingsError(
            f"{plain(str(path))} is not valid TOML: {error}. It was left as it is: "
            "correct it first."
        ) from None


def _table_of(document: tomlkit.TOMLDocument, name: str) -> Any:
    import tomlkit  # noqa: PLC0415

    section = name.rpartition(".")[0]
    if not section:
        return document
    if section not in document:
        document[section] = tomlkit.table()
    return document[section]


def _remove(document: tomlkit.TOMLDocument, name: str) -> bool:
    section, _, key = name.rpartition(".")
    holder: Any = document.get(section, {}) if section else document
    if not hasattr(holder, "remove") or key not in holder:
        return False
    if name in sections():
        return (
            sum(_remove(document, full) for full in field_types() if full.startswith(name + "."))
            > 0
        )
    holder.remove(key)
    return True


def _save(path: Path, document: tomlkit.TOMLDocument) -> None:
    import tomlkit  # noqa: PLC0415

    text = tomlkit.dumps(document)
    check_text(text, path)
    try:
        _replace(path.resolve(), text.encode())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(f"{plain(str(path))} cannot be written: {why}.") from error


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file, then put it in its place: a reader sees the old text or the new."""
    make_private(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can sync a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
