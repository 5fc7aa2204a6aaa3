"""Profiles from text, with messages that say where the mistake is and what to do."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.profile import Profile
from gemtag_tui.core.text import plain

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<place>\$[^`]*)`)?$", re.DOTALL)
_BUCKET = re.compile(r"\$\.buckets\[(\d+)\]\.?(.*)")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")


def parse_profile(text: str, source: str = "the profile") -> Profile:
    """Return the profile that some TOML text describes.

    Args:
        text: the TOML.
        source: where it came from, for messages (a path).

    Raises:
        ProfileError: naming the source, the place in it, and what to do.
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"{plain(source)} is not valid TOML: {plain(str(error))}. Correct it there."
        raise ProfileError(message) from None
    return _convert(data, source)


def profile_from_body(body: str, source: str = "the library's copy of a profile") -> Profile:
    """Return the profile that `Profile.body` was made from.

    Raises:
        ProfileError: the text is not such a body.
    """
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise ProfileError(f"{plain(source)} is not readable: choose a profile again.") from None
    return _convert(data, source)


def _convert(data: Any, source: str) -> Profile:
    try:
        return msgspec.convert(data, Profile)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{plain(source)}: {_explain(str(error), data)}") from None


def _explain(words: str, data: Any) -> str:
    match = _PLACE.match(words)
    what, place = (match["what"], match["place"] or "$") if match else (words, "$")
    where = _where(place, data)
    if unknown := _UNKNOWN.match(what):
        return f"{where}: there is no setting {plain(unknown[1])!r}. Remove it or correct its name."
    if missing := _MISSING.match(what):
        return f"{where}: {plain(missing[1])!r} is missing. Add it."
    if ": " in what:  # words of our own, which say what to do
        return f"{where}: {plain(what)}."
    return f"{where}: {plain(what)}. Correct it there."


def _where(place: str, data: Any) -> str:
    match = _BUCKET.match(place)
    if match is None:
        return place.removeprefix("$").removeprefix(".") or "top level"
    number = int(match[1])
    name = ""
    bucket = data["buckets"][number]
    if isinstance(bucket, dict) and isinstance(bucket.get("name"), str):
        name = f" ({plain(bucket['name'], 40)!r})"
    return f"bucket {number + 1}{name}" + (f", {match[2]}" if match[2] else "")
