"""The parts of a query's expression for the index, and what is known of them beforehand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemtag_tui.core.edits import Rules
from gemtag_tui.core.query import Kind, Query, Term
from gemtag_tui.store import search_words

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

NO_BOARDS = "No picture here has a board: boards come from the sidecars of a source."
LEARNING = "Beginnings of words are still being learnt: whole words are found."
RARE = 20_000
"""Occurrences of a word up to which the index is done with its whole list in some milliseconds."""
_WORD = re.compile(r"[^\W_]")


def joined(wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    """Return one expression for what must hold and what must not."""
    found = " AND ".join(f"({one})" for one in wanted)
    return f"({found}) NOT ({' OR '.join(f'({one})' for one in unwanted)})" if unwanted else found


def loosened(query: Query, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what must hold with the words of phrases anywhere, for a look that ends in time.

    The index looks for a phrase's words together before it minds anything else.
    """
    phrases = {
        phrase(term): [word for word in term.value.split() if _WORD.search(word)]
        for term in query.terms
        if term.kind in {Kind.WORDS, Kind.PATH} and not term.negated
    }
    if all(len(words) < 2 for words in phrases.values()):
        return ()
    loose = []
    for part in wanted:
        words = phrases.get(part, [])
        column = part.partition(":")[0]
        loose += [f'{column}: "{word}"' for word in words] if len(words) > 1 else [part]
    return tuple(loose)


def phrase(term: Term) -> str:
    """Return the expression for words that follow each other in a text, or in a path."""
    columns = "path" if term.kind is Kind.PATH else "{summary tags context}"
    words = term.value.replace('"', " ").replace("|", " ")
    return f'{columns} : "{words}"'


async def is_rare(lib: Library, query: Query, rules: Rules) -> bool:
    """Whether a word must hold that is rare: then the index is quickest when it is asked once."""
    if rules or query.has(Kind.BEGINNING):  # each of these stands for several words
        return False
    plainly = {Kind.WORDS, Kind.TAG, Kind.BUCKET}
    said = [term.value for term in query.terms if term.kind in plainly and not term.negated]
    words = search_words.words_in(" ".join(said))
    if not words:
        return False
    return await search_words.rarest(lib, words) <= RARE


async def notes(lib: Library, query: Query) -> tuple[str, ...]:
    """Say what a query cannot find, or not all of."""
    said = []
    starts = dict.fromkeys(t.value for t in query.terms if t.kind is Kind.BEGINNING)
    for value in starts:
        found = await search_words.beginning(lib, value)
        if found.taken < found.known:
            words = f"{value}* stands for the {found.taken} commonest of {found.known:,} words"
            said.append(f"{words} that begin so: type more of it.")
    if starts and await search_words.is_learning(lib):
        said.append(LEARNING)
    if any(term.kind is Kind.BOARD for term in query.terms):
        known = await lib.row("SELECT 1 FROM search_context WHERE board <> '' LIMIT 1")
        said += [] if known else [NO_BOARDS]
    return tuple(said)
