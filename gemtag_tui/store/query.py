"""What people type into a search, as an FTS5 expression that can never be a syntax error."""

from __future__ import annotations

import re

from gemtag_tui.core import search_keys
from gemtag_tui.core.text import storable

_LONGEST = 1_000
_MOST_TERMS = 24
_TERM = re.compile(
    r'(?P<minus>-?)(?P<tag>tag:)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE
)


def expression(query: str, track: int | None = None) -> str | None:
    """Return the expression for a query; `None` when it holds nothing that could be found.

    Words and "phrases" must all be there, in the summary or the tags; `tag:red` or
    `tag:"dark blue"` is one whole tag; `-` before any of these leaves it out. Beginnings of words
    are not looked for: over a million results that takes seconds.

    Args:
        query: anything.
        track: only results of this track.
    """
    wanted, unwanted = _terms(storable(query[:_LONGEST]))
    if not wanted and not unwanted:
        return None
    scope = search_keys.ALL if track is None else search_keys.track_key(track)
    if track is not None or not wanted:
        wanted.append(f'"{scope}"')
    found = " AND ".join(f"({term})" for term in wanted)
    return f"({found}) NOT ({' OR '.join(unwanted)})" if unwanted else found


def _terms(query: str) -> tuple[list[str], list[str]]:
    wanted: list[str] = []
    unwanted: list[str] = []
    for match in list(_TERM.finditer(query))[:_MOST_TERMS]:
        term = _term(match)
        if term is not None:
            (unwanted if match["minus"] else wanted).append(term)
    return wanted, unwanted


def _term(match: re.Match[str]) -> str | None:
    words = match["phrase"] if match["phrase"] is not None else match["word"]
    clean = words.replace("|", " ").replace('"', " ").strip()
    if not any(char.isalnum() for char in clean):
        return None
    if match["tag"]:
        return f'tags : "| {clean} |"'
    return f'{{summary tags}} : "{clean}"'
