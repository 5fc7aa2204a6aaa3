"""The words that a beginning can become: counted as results are indexed, or learnt from the index.

The index itself can look for a beginning, but it reads every occurrence of every such word before
it gives the first result: seconds over a million. The commonest words one by one take milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

MOST = 32
"""Words that a beginning stands for, where it could be more."""
FEW = 20_000
"""Occurrences up to which the index looks for a beginning by itself, which finds all its words."""
STEP = 100
"""Words of the index that are learnt at once."""
_LONGEST = 80
_SIGNS = "\ue000"
"""Where in the index's order the words begin that are no words (see core/search_keys.py)."""

_ASCII = re.compile(r"[0-9a-z]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_ADD = """
    INSERT INTO search_word VALUES (?, ?)
    ON CONFLICT (word) DO UPDATE SET results = results + excluded.results
"""
_INSIDE = "FROM search_word WHERE word >= ? AND word < ?"
_OFTEN = """
    SELECT coalesce(w.results, 0) FROM json_each(?) j
    LEFT JOIN search_word w ON w.word = j.value
"""
_AT = "SELECT value FROM setting WHERE name = 'words'"
_VOCABULARY = """
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_vocabulary
    USING fts5vocab('main', 'search', 'col')
"""
_NEXT = "SELECT term, col, doc FROM temp.search_vocabulary WHERE term > ? LIMIT ?"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The words that a beginning stands for.

    Attributes:
        expression: for the index, without columns.
        known: how many words begin so, `taken` how many of them are looked for.
    """

    expression: str
    known: int
    taken: int


def folded(text: str) -> str:
    """Return text as the index takes it: small letters, and Latin ones without accents."""
    if text.isascii():
        return text.lower()
    apart = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", apart)


def words_in(text: str) -> list[str]:
    """Return the words of a text as the index would take them."""
    if text.isascii():
        return _ASCII.findall(text.lower())
    return "".join(char if _letter(char) else " " for char in folded(text)).split()


def _letter(char: str) -> bool:
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")


async def count(db: aiosqlite.Connection, texts: Iterable[str]) -> None:
    """Count the words of texts that are being indexed. Inside a transaction."""
    found = Counter(words_in("\n".join(texts)))
    rows = sorted((word, number) for word, number in found.items() if len(word) <= _LONGEST)
    await db.executemany(_ADD, rows)


async def learn_some(db: aiosqlite.Connection, limit: int = STEP) -> bool:
    """Learn the next words from an index that was made before words were counted.

    Inside a transaction.

    Returns:
        Whether there is more to learn.
    """
    found = list(await db.execute_fetchall(_AT))
    if not found:
        return False
    await db.execute(_VOCABULARY)
    terms = list(await db.execute_fetchall(_NEXT, (found[0][0], limit)))
    more = len(terms) == limit and terms[-1][0] < _SIGNS
    if more:  # the last one may go on in other columns
        terms = [row for row in terms if row[0] != terms[-1][0]]
    await db.executemany(_ADD, sorted(_learnt(terms).items()))
    if more:
        await db.execute("UPDATE setting SET value = ? WHERE name = 'words'", (terms[-1][0],))
    else:
        await db.execute("DELETE FROM setting WHERE name = 'words'")
    return more


def _learnt(terms: Iterable[Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for term, column, results in terms:
        if term < _SIGNS and column not in {"keys", "path"} and len(term) <= _LONGEST:
            for word in words_in(term):
                found[word] += results
    return found


async def is_learning(lib: Library) -> bool:
    """Whether not all words are known yet."""
    return await lib.row(_AT) is not None


async def forget(db: aiosqlite.Connection) -> None:
    """Begin anew with an empty index. Inside a transaction."""
    await db.execute("DELETE FROM search_word")
    await db.execute("DELETE FROM setting WHERE name = 'words'")


async def beginning(lib: Library, text: str) -> Beginning:
    """Return what a beginning of a word stands for: the word itself, and what it can become.

    Args:
        lib: the library.
        text: letters and digits.
    """
    start = folded(text)
    inside = (start, start + "\U0010ffff")
    rows = await lib.rows(f"SELECT word {_INSIDE} ORDER BY results DESC LIMIT ?", (*inside, MOST))
    words = list(dict.fromkeys([start, *(str(row[0]) for row in rows)]))
    known = len(rows)
    if known == MOST:
        row = await lib.row(f"SELECT count(*), sum(results) {_INSIDE}", inside)
        known, occurrences = (int(row[0]), int(row[1])) if row else (0, 0)
        if occurrences <= FEW:
            return Beginning(f'"{start}" *', known, known)
    return Beginning(" OR ".join(f'"{word}"' for word in words), known, len(rows))


async def rarest(lib: Library, words: Sequence[str]) -> int:
    """Return about how often the rarest of some words occurs."""
    if await is_learning(lib):
        return FEW + 1
    listed = msgspec.json.encode(words).decode()
    return min(int(row[0]) for row in await lib.rows(_OFTEN, (listed,)))
