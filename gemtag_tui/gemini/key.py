"""The API key: found, kept out of sight, and cut out of anything that is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from gemtag_tui.core.errors import KeyMissingError

NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""Where a key is looked for; the first wins, as in google-genai."""

_HIDDEN = "[key]"
_KEY_LIKE = re.compile(
    r"AIza[0-9A-Za-z_-]{16,}|\bAQ\.[0-9A-Za-z_-]{16,}|\bya29\.[0-9A-Za-z._-]{16,}"
)
_NAMED = re.compile(
    r"(?i)((?:x-goog-api-key|api[_-]?key|access_token|authorization|[?&]key)[\"']?\s*[=:]\s*[\"']?"
    r"(?:bearer\s+)?)([^\s\"'&,;}<>]{6,})"
)
_USABLE = re.compile(r"^[\x21-\x7e]+$")


class Secret:
    """A string that is never shown by accident: not by print, repr, format, copy or pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself: only for the header of a request."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and the name of the variable that held it."""

    secret: Secret
    where: str


def find_key(environ: Mapping[str, str]) -> FoundKey | None:
    """Return the key that the environment holds, or `None`.

    Raises:
        KeyMissingError: there is one, but it holds characters that no header can carry.
    """
    for name in NAMES:
        value = environ.get(name, "").strip()
        if not value:
            continue
        if not _USABLE.match(value):
            raise KeyMissingError(
                f"{name} holds spaces, line breaks or letters that no key has: copy the key anew"
                " from aistudio.google.com/apikey."
            )
        return FoundKey(Secret(value), name)
    return None


def redact(text: str, *secrets: Secret) -> str:
    """Return text without the given secrets, and without anything that looks like a key."""
    for secret in secrets:
        if value := secret.reveal():
            text = text.replace(value, _HIDDEN)
    return _NAMED.sub(rf"\g<1>{_HIDDEN}", _KEY_LIKE.sub(_HIDDEN, text))
