"""Settings from files, the environment and the command line, with where each came from.

Order of strength: default < config.toml < `GEMTAG_*` < command line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.text import plain
from gemtag_tui.engine.config_fields import (
    Field,
    Value,
    convert,
    describe,
    did_you_mean,
    field_types,
    get_value,
    sections,
    type_words,
)

__all__ = [
    "Field",
    "Loaded",
    "Origin",
    "Value",
    "check_text",
    "describe",
    "environment_name",
    "get_value",
    "load_settings",
    "read_text",
]

Origin = Literal["default", "config", "environment", "command line"]

PREFIX = "GEMTAG_"
NOT_SETTINGS = frozenset({"GEMTAG_LIBRARY", "GEMTAG_CONFIG"})
MAX_BYTES = 1_000_000


class Given(NamedTuple):
    """One value as somebody gave it, and words for the place where it stands."""

    name: str
    raw: object
    origin: Origin
    place: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and who decided each of them.

    Attributes:
        origins: every dotted name with "default", "config", "environment" or "command line".
        path: the settings file that was looked for, whether it is there or not.
    """

    settings: Settings = field(default_factory=Settings)
    origins: dict[str, Origin] = field(default_factory=dict)
    path: Path | None = None

    def origin(self, name: str) -> Origin:
        """Return where the value of a setting comes from."""
        return self.origins.get(name, "default")


def load_settings(
    path: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """Return all settings.

    Args:
        path: config.toml; `None` reads no file, and one that is not there yet says nothing.
        environ: the process's environment.
        overrides: from the command line, by dotted name; `None` values mean "not said".

    Raises:
        SettingsError: a file or a value cannot be used; says which, where and what would be right.
    """
    given: dict[str, Given] = {}
    for layer in (
        _from_file(path),
        _from_environ(environ),
        _from_line(overrides or {}),
    ):
        given.update({one.name: one for one in layer})
    values = {name: _judged(one) for name, one in given.items()}
    origins: dict[str, Origin] = dict.fromkeys(field_types(), "default")
    origins |= {name: one.origin for name, one in given.items()}
    return Loaded(_build(values), origins, path)


def environment_name(name: str) -> str:
    """Return the variable that sets a setting: limits.rpm → GEMTAG_LIMITS__RPM."""
    return PREFIX + name.upper().replace(".", "__")


def read_text(path: Path) -> str:
    """Return the file's text, "" when there is no file.

    Raises:
        SettingsError: it cannot be read as text.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(f"{plain(str(path))} cannot be read: {why}.") from error
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{plain(str(path))} is larger than 1 MB: that is no settings file.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{plain(str(path))} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from None


def check_text(text: str, path: Path) -> None:
    """Judge a whole settings file.

    Raises:
        SettingsError: it could not be loaded.
    """
    _build({one.name: _judged(one) for one in _in_text(text, path)})


def _from_file(path: Path | None) -> Iterator[Given]:
    if path is None:
        return iter(())
    return _in_text(read_text(path), path)


def _in_text(text: str, path: Path) -> Iterator[Given]:
    shown = plain(str(path))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{shown} is not valid TOML: {error}. Correct that line.") from None
    for name, raw in _flat(document):
        yield Given(name, raw, "config", f"{shown}{_line_of(text, name)}")


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if key in sections() and isinstance(value, dict):
            yield from ((f"{key}.{inner}", deep) for inner, deep in value.items())
        else:
            yield key, value


def _line_of(text: str, name: str) -> str:
    """Return ", line 7" for the line that sets a name, "" when it cannot be told."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            table = header[1] + "."
        elif (key := re.match(r"\s*([\w.\-]+)\s*=", line)) and table + key[1] == name:
            return f", line {number}"
    return ""


def _from_environ(environ: Mapping[str, str]) -> Iterator[Given]:
    for variable, raw in sorted(environ.items()):
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS and raw.strip():
            name = variable[len(PREFIX) :].lower().replace("__", ".")
            yield Given(name, raw, "environment", f"The environment variable {plain(variable)}")


def _from_line(overrides: Mapping[str, object]) -> Iterator[Given]:
    for name, raw in overrides.items():
        if raw is not None:
            yield Given(name, raw, "command line", "The command line")


def _judged(given: Given) -> Any:
    if given.name not in field_types():
        raise SettingsError(f"{given.place}: {_no_such(given)} {_hint(given)}")
    try:
        return convert(given.name, given.raw)
    except ValueError:
        right = type_words(field_types()[given.name])
        shown = plain(repr(given.raw), 60)
        raise SettingsError(f"{given.place}: {given.name} = {shown} is not {right}.") from None


def _no_such(given: Given) -> str:
    if given.name in sections():
        return f"{given.name} is a table of settings, not a setting."
    return f"there is no setting {plain(given.name, 60)!r}."


def _hint(given: Given) -> str:
    if given.name in sections():
        first = next(name for name in field_types() if name.startswith(given.name + "."))
        return f"Write for example {first}."
    hint = did_you_mean(given.name)
    if given.origin == "environment" and hint.startswith("Did you mean "):
        return f"Did you mean {environment_name(hint[len('Did you mean ') : -1])}?"
    return hint


def _build(values: Mapping[str, Any]) -> Settings:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        table, _, inner = name.rpartition(".")
        (nested.setdefault(table, {}) if table else nested)[inner or name] = value
    try:
        return msgspec.convert(nested, Settings, from_attributes=False)
    except msgspec.ValidationError as error:  # each value has been judged; this is about the whole
        raise SettingsError(f"The settings do not fit together: {error}.") from None
