"""What people type on the library's screens, read and made. Pure."""

from __future__ import annotations

import re

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import Kind, Query, QueryError, Term, as_typed, parse, show
from gemtag_tui.store.tags import Renaming
from gemtag_tui.tui.paint import Line
from gemtag_tui.tui.words import number, plural

_ARROW = re.compile(r"\s*(?:→|->|=>)\s*")
_PLACE = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*%")


def read_tags(typed: str) -> tuple[str, list[str]]:
    """Read "bucket: tag, tag".

    Raises:
        UsageError: it is something else.
    """
    bucket, colon, names = typed.partition(":")
    found = [name.strip() for name in names.split(",") if name.strip()]
    if not colon or not bucket.strip() or not found:
        raise UsageError("Type a bucket, a colon and tags: subject: kitchen, tap")
    return bucket.strip().lower(), found


def read_rename(typed: str) -> tuple[list[str], str]:
    """Read "bucket:old, other → new".

    Raises:
        UsageError: it is something else.
    """
    parts = _ARROW.split(typed.strip())
    names = [name.strip() for name in parts[0].split(",") if name.strip()]
    if len(parts) != 2 or not names or not parts[1].strip():
        raise UsageError("Type the tag, an arrow and its new name: subject:tap -> faucet")
    return names, parts[1].strip()


def rename_words(made: list[Renaming]) -> str:
    """What a rename does, as a question."""
    names = ", ".join(f"{one.bucket}:{name}" for one in made for name in one.names)
    results = sum(one.results for one in made)
    verb = "Merge" if any(one.merged for one in made) else "Rename"
    into = "into" if verb == "Merge" else "to"
    return f"{verb} {names} {into} {made[0].target}: {plural(results, 'result')}?"


def read_place(typed: str, count: int) -> int:
    """Read "37 %" or a row's number (from 1) as a position.

    Raises:
        UsageError: it is something else.
    """
    share = _PLACE.fullmatch(typed.strip())
    if share:
        part = min(100.0, float(share[1].replace(",", "."))) / 100
        return min(count - 1, round(part * count)) if count else 0
    digits = typed.strip().replace(",", "")
    if digits.isascii() and digits.isdigit() and len(digits) < 12:
        return max(0, min(int(digits), count) - 1)
    raise UsageError(f"Type a share such as 37%, or a row from 1 to {number(count)}.")


def term_of(bucket: str, name: str) -> Term:
    """Return the term that narrows to a tag."""
    return Term(Kind.BUCKET, " ".join(name.replace('"', " ").split()), bucket)


def toggled(text: str, bucket: str, name: str) -> str:
    """Return a search with a tag in it, or without the one it had."""
    term, terms = term_of(bucket, name), as_typed(text, parse(text, lenient=True)).terms
    kept = tuple(one for one in terms if one != term)
    return show(Query(kept if len(kept) < len(terms) else (*terms, term)))


def chosen_in(text: str) -> frozenset[tuple[str, str]]:
    """Return the tags that a search narrows to."""
    terms = parse(text, lenient=True).terms
    return frozenset((t.field, t.value) for t in terms if t.kind is Kind.BUCKET and not t.negated)


def mistake_line(text: str, error: QueryError) -> Line:
    """Show a search's mistake where it is, and in words."""
    before, wrong = text[: error.position], text[error.position : error.end] or "…"
    return [("search ", "muted"), (before[-24:], ""), (wrong[:24], "bad"),
            ("  ", ""), (error.message, "warn")]  # fmt: skip
