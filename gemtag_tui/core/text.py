"""Outside text made safe to show. Names, model text and server messages all come through here."""

from __future__ import annotations

import os
import unicodedata

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_MAX = 100_000


def _shown(char: str) -> str:
    code = ord(char)
    if char in "\t\n\r":
        return " "
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, kept by os.fsdecode
        return f"\\x{code - 0xDC00:02x}"
    if code in _BIDI or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return "\N{REPLACEMENT CHARACTER}" if code != 0x200D else char
    return char


def plain(text: str | bytes, limit: int = 2000) -> str:
    """Return one line of harmless text: no controls, escapes, bidi overrides or lone surrogates.

    Markup signs are left as they are: show the result through `Text`/`Content` or with markup off.

    Args:
        text: anything from outside; bytes are taken as a file name.
        limit: most characters returned; an ellipsis ends what was cut.
    """
    words = os.fsdecode(text) if isinstance(text, bytes) else text
    cut = len(words) > limit
    words = words[: min(limit, _MAX)]
    if not (words.isascii() and words.isprintable()):
        words = "".join(map(_shown, words))
    return words[: limit - 1] + "…" if cut else words


def storable(text: str) -> str:
    """Return text that SQLite and JSON can hold: lone surrogates and NULs replaced."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode("utf-8")


def tail(path: str, width: int) -> str:
    """Shorten a path in its middle so that its last part stays readable."""
    if len(path) <= width:
        return path
    if width <= 1:
        return "…"[:width]
    head = max(0, (width - 1) // 4)
    return path[:head] + "…" + path[len(path) - (width - 1 - head) :]


def usd(value: float) -> str:
    """Return US dollars with as many digits as say something: "$12.40", "$0.0031"."""
    if value == 0:
        return "$0"
    return f"${value:,.2f}" if abs(value) >= 0.995 else f"${value:.4f}"
