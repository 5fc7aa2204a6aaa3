"""The query language: words, "phrases" and `field:value`, all of which must hold; `-` leaves out.

`parse` makes terms of text and says where a mistake is; `show` writes terms so that parsing them
again gives the same terms.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain, storable

LONGEST = 1_000
"""Characters of a query."""
MOST_TERMS = 24

_TERM = re.compile(
    r"""(?P<minus>-?)(?:(?P<field>[A-Za-z][A-Za-z0-9_]*):(?!//))?"""
    r"""(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]*))"""
)
_SPACES = re.compile(r"\s+")
_SAFE = re.compile(r"[^\s\"]+")


class Kind(StrEnum):
    """What a term asks for; the value is the field that people type."""

    WORDS = "words"
    """Adjoining words in the summary, a tag or the source's own words."""
    BEGINNING = "beginning"
    """A word there that begins so: `wor*`."""
    TAG = "tag"
    """A whole tag, in any bucket."""
    BUCKET = "bucket"
    """A whole tag in the bucket `Term.field`; `*`: any tag there."""
    PATH = "path"
    """Adjoining words of a path."""
    BOARD = "board"
    """A board (or album) that the source says the picture is on."""
    MODEL = "model"
    """A part of the model's name."""
    PROFILE = "profile"
    """A part of the profile's name."""
    LANE = "lane"
    """interactive, flex or batch."""
    BEFORE = "before"
    """Tagged before a day."""
    AFTER = "after"
    """Tagged on a day or later."""
    UNTAGGED = "untagged"
    """Without a result."""
    FAILED = "failed"
    """With a failure that stands."""
    EDITED = "edited"
    """With a person's corrections."""


FLAGS = frozenset({Kind.UNTAGGED, Kind.FAILED, Kind.EDITED})
"""Said by a word alone."""
FIELDS = frozenset(kind.value for kind in Kind) - {Kind.WORDS, Kind.BEGINNING, Kind.BUCKET} - FLAGS
LANES = ("interactive", "flex", "batch")
SHORTEST = 2
"""Letters from which on the last word is taken as a beginning while somebody types."""


class QueryError(UsageError):
    """A query has a mistake.

    Attributes:
        position: of the first character of the term that is wrong, from 0.
        end: after its last character.
    """

    title = "This search cannot be read"

    def __init__(self, message: str, position: int, end: int) -> None:
        super().__init__(message)
        self.position = position
        self.end = end


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        value: words, one space between them; a date as 2026-11-22; "" for flags.
        field: the bucket, for `Kind.BUCKET`.
        negated: it must not hold.
    """

    kind: Kind
    value: str = ""
    field: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all hold; none: everything tagged.

    Attributes:
        hopeless: a part that was typed can match nothing (only when parsed leniently).
    """

    terms: tuple[Term, ...] = ()
    hopeless: bool = False

    def has(self, kind: Kind, *, negated: bool = False) -> bool:
        """Whether there is such a term."""
        return any(term.kind is kind and term.negated is negated for term in self.terms)


def parse(text: str, buckets: Collection[str] | None = None, *, lenient: bool = False) -> Query:
    """Read a query.

    Args:
        text: anything.
        buckets: names of buckets that may stand before a colon; `None`: any name may.
        lenient: take what is not understood as words, as is right while somebody is typing.

    Raises:
        QueryError: saying what is wrong and where; never when `lenient`.
    """
    if len(text) > LONGEST and not lenient:
        words = f"The search is longer than {LONGEST:,} characters: leave something out."
        raise QueryError(words, LONGEST, len(text))
    clean, terms, hopeless = storable(text[:LONGEST]), [], False
    for match in _matches(clean):
        try:
            terms.append(_term(match, buckets))
        except QueryError:
            if not lenient:
                raise
            bare = _as_words(match)
            hopeless = hopeless or bare is None
            terms += [] if bare is None else [bare]
    if len(terms) > MOST_TERMS and not lenient:
        words = f"The search has more than {MOST_TERMS} parts: leave some out."
        raise QueryError(words, 0, len(clean))
    return Query(tuple(dict.fromkeys(terms[:MOST_TERMS])), hopeless)


def _matches(text: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TERM.match(text, at)
        if match is None or match.end() == at:
            at += 1
            continue
        found.append(match)
        at = match.end()
    return found


def _value(match: re.Match[str]) -> str:
    raw = match["phrase"] if match["phrase"] is not None else match["word"] or ""
    return _SPACES.sub(" ", raw).strip()


def _wrong(match: re.Match[str], words: str) -> QueryError:
    return QueryError(f"{words} (at character {match.start() + 1})", match.start(), match.end())


def _term(match: re.Match[str], buckets: Collection[str] | None) -> Term:
    value, negated = _value(match), bool(match["minus"])
    if match["phrase"] is not None and not match["closed"]:
        raise _wrong(match, 'A quotation mark is not closed: put another " behind the phrase.')
    if match["field"] is not None:
        return _of_field(match, match["field"].lower(), value, negated, buckets)
    if match["phrase"] is None and value.lower() in FLAGS:
        return Term(Kind(value.lower()), negated=negated)
    if match["phrase"] is None and value[-1:] == "*" and _is_word(value[:-1]):
        return Term(Kind.BEGINNING, value[:-1], negated=negated)
    if not _lettered(value):
        shown = plain(match[0], 40)
        raise _wrong(match, f"There is no word in {shown}: searches are for letters and digits.")
    return Term(Kind.WORDS, value, negated=negated)


def _of_field(
    match: re.Match[str],
    field: str,
    value: str,
    negated: bool,
    buckets: Collection[str] | None,
) -> Term:
    if field in FIELDS:
        return _checked(match, Term(Kind(field), value, negated=negated))
    if buckets is not None and field not in buckets:
        known = ", ".join([*sorted(buckets), *sorted(FIELDS)])
        words = f"Nothing is called {plain(field, 40)}: put the whole in quotes, or use one of"
        raise _wrong(match, f"{words} {known}.")
    if value == "*":
        return Term(Kind.BUCKET, value, field, negated)
    return _checked(match, Term(Kind.BUCKET, value, field, negated))


def _checked(match: re.Match[str], term: Term) -> Term:
    field = term.field or term.kind.value
    if term.kind in {Kind.BEFORE, Kind.AFTER}:
        day = _day(term.value)
        if day is None:
            raise _wrong(match, f"{field}: takes a day such as 2026-11-22.")
        return Term(term.kind, day, negated=term.negated)
    if term.kind is Kind.LANE:
        lane = term.value.lower()
        if lane not in LANES:
            raise _wrong(match, f"lane: is one of {', '.join(LANES)}.")
        return Term(term.kind, lane, negated=term.negated)
    if not _lettered(term.value):
        example = f'{field}:"two words"'
        raise _wrong(match, f"{field}: needs a word behind it, or {example}.")
    return term


def _day(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _lettered(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _is_word(text: str) -> bool:
    """Whether a text is one word to the index, and nothing else."""
    return text.isalnum()


def as_typed(text: str, query: Query) -> Query:
    """Return a query as it is meant while it is being typed.

    The last word may go on: it is a beginning until a space is put behind it.

    Args:
        text: as it was typed, with the space.
        query: what it was read as.
    """
    last = query.terms[-1] if query.terms else Term(Kind.FAILED)
    open_end = last.kind is Kind.WORDS and not last.negated and _ends_in(text, last.value)
    if not open_end or len(last.value) < SHORTEST or not _is_word(last.value):
        return query
    terms = (*query.terms[:-1], Term(Kind.BEGINNING, last.value))
    return Query(tuple(dict.fromkeys(terms)), query.hopeless)


def _ends_in(text: str, word: str) -> bool:
    """Whether a text ends in a word that is no part of anything longer."""
    return text.endswith(word) and text[: -len(word)][-1:] in {"", " "}


def _as_words(match: re.Match[str]) -> Term | None:
    value = _value(match)
    if match["field"] is not None:
        value = f"{match['field']} {value}".strip()
    if not _lettered(value):
        return None
    return Term(Kind.WORDS, value, negated=bool(match["minus"]))


def show(query: Query) -> str:
    """Write a query as a person would type it; parsing it gives the same terms."""
    return " ".join(_shown(term) for term in query.terms)


def _shown(term: Term) -> str:
    minus = "-" if term.negated else ""
    if term.kind in FLAGS:
        return minus + term.kind.value
    if term.kind is Kind.WORDS:
        bare = _SAFE.fullmatch(term.value) and _plain_word(term.value)
        return minus + (term.value if bare else f'"{term.value}"')
    if term.kind is Kind.BEGINNING:
        return f"{minus}{term.value}*"
    field = term.field if term.kind is Kind.BUCKET else term.kind.value
    value = term.value if _SAFE.fullmatch(term.value) else f'"{term.value}"'
    return f"{minus}{field}:{value}"


def _plain_word(value: str) -> bool:
    """Whether a word without quotes is read as itself again."""
    if value.startswith("-") or value.lower() in FLAGS:
        return False
    if value.endswith("*") and _is_word(value[:-1]):
        return False
    match = _TERM.match(value)
    return match is not None and match["field"] is None and match.end() == len(value)
