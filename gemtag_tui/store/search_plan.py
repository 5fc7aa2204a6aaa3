"""A query made ready for the library: one expression for the index, and what is looked at after."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from gemtag_tui.core import search_keys
from gemtag_tui.core.edits import Rules
from gemtag_tui.core.query import Kind, Query, Term, parse
from gemtag_tui.store import search_spans, search_words
from gemtag_tui.store.search_docs import rules_from
from gemtag_tui.store.search_parts import is_rare, joined, loosened, notes, phrase
from gemtag_tui.store.search_spans import BLOCK
from gemtag_tui.store.tracks import list_tracks

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

END = 2**62
"""Above every id."""
_TEXT = frozenset({
    Kind.WORDS, Kind.BEGINNING, Kind.TAG, Kind.BUCKET, Kind.LANE, Kind.MODEL, Kind.PROFILE,
    Kind.BEFORE, Kind.AFTER,
})  # fmt: skip
"""What only a result can have."""
_WORD = re.compile(r"[^\W_]+")

BUCKETS = """
    WITH RECURSIVE b(track, bucket) AS (
        SELECT t.id, (SELECT min(bucket) FROM tag WHERE track = t.id) FROM track t
        UNION ALL
        SELECT b.track, (
            SELECT min(g.bucket) FROM tag g WHERE g.track = b.track AND g.bucket > b.bucket
        ) FROM b WHERE b.bucket IS NOT NULL
    ) SELECT track, bucket FROM b WHERE bucket IS NOT NULL
"""
"""The buckets that results hold, by track; reads one row for each."""
STANDS = "b.live = 1 AND b.standing <> 'resolved'"
_FAILED = f"EXISTS (SELECT 1 FROM failure b WHERE b.asset = {{asset}} AND {STANDS}{{own}})"
_WITHOUT = (
    "NOT EXISTS (SELECT 1 FROM asset_ai r CROSS JOIN search ON search.rowid = r.id "
    "WHERE r.asset = a.id AND search MATCH ?)"
)


@dataclass(slots=True)
class Plan:
    """How a query is answered.

    Attributes:
        assets: rows are assets without a look at their results (keys: asset ids); else results.
        match: for the index; `None`: all results.
        wanted: its parts that must hold, and `unwanted` ones that must not.
        loose: `wanted` with the words of phrases anywhere; empty when there are no phrases.
        spans: the index is to be kept `within` blocks, as it may be asked for common words alone.
        low: lowest result id, `high`: highest.
        checks: conditions on a result `r`, with their `values`.
        untagged: only assets without a result, `failed`: only with a failure that stands.
        paths: words that must follow each other in a path of the asset (or must not: `True`).
        boards: the same for boards.
        edited: only with (or without) a person's edit.
        nothing: no row can fit.
        notes: words for people on why something finds nothing.
    """

    track: Track | None
    assets: bool = False
    match: str | None = None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    spans: bool = False
    low: int = 0
    high: int = END
    checks: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    untagged: bool = False
    failed: bool | None = None
    paths: list[tuple[list[str], bool]] = field(default_factory=list)
    boards: list[tuple[list[str], bool]] = field(default_factory=list)
    edited: bool | None = None
    nothing: bool = False
    notes: tuple[str, ...] = ()

    def within(self, first: int, last: int, *, loose: bool = False) -> str:
        """Return the expression for the index, kept within the blocks of some ids."""
        if not self.spans or self.match is None:
            return self.match or ""
        wanted = self.loose if loose else self.wanted
        return joined([search_spans.inside(first, last), *wanted], [] if loose else self.unwanted)


async def known_buckets(lib: Library) -> list[str]:
    """Return the names of all buckets that profiles have or results hold."""
    rows = await lib.rows(
        "SELECT DISTINCT json_extract(b.value, '$.name') FROM profile p, "
        "json_each(p.body, '$.buckets') b WHERE json_valid(p.body) "
        f"UNION SELECT bucket FROM ({BUCKETS})"
    )
    return sorted(row[0] for row in rows if row[0])


async def plan(lib: Library, query: Query | str, track: Track | None = None) -> Plan:
    """Make a query ready.

    Args:
        lib: the library.
        query: a query, or text as people type it.
        track: only of this track.

    Raises:
        QueryError: the text has a mistake.
    """
    if isinstance(query, str):
        query = parse(query, await known_buckets(lib))
    made = Plan(track, nothing=query.hopeless)
    only_results = any(
        t.kind in _TEXT and (not t.negated or t.kind in {Kind.BEFORE, Kind.AFTER})
        for t in query.terms
    )
    made.untagged = query.has(Kind.UNTAGGED)
    made.nothing |= made.untagged and (only_results or query.has(Kind.UNTAGGED, negated=True))
    made.assets = made.untagged or (query.has(Kind.FAILED) and not only_results)
    if made.assets:
        await _of_assets(lib, made, query)
    else:
        await _of_results(lib, made, query)
    made.notes = await notes(lib, query)
    return made


async def _of_assets(lib: Library, made: Plan, query: Query) -> None:
    rules = rules_from(await lib.rows("SELECT bucket, name, target FROM tag_rule"))
    for term in query.terms:
        if term.kind in _TEXT:  # to be left out
            expression = await _expression(lib, term, rules)
            if expression is not None:
                made.checks.append(_WITHOUT)
                made.values.append(expression)
        if term.kind is Kind.FAILED:
            made.nothing |= made.failed is term.negated
            made.failed = not term.negated
        elif term.kind is Kind.EDITED:
            made.nothing |= made.edited is term.negated
            made.edited = not term.negated
        elif term.kind is Kind.PATH:
            made.paths.append((words_of(term.value), term.negated))
        elif term.kind is Kind.BOARD:
            made.boards.append((words_of(term.value), term.negated))
    if query.has(Kind.UNTAGGED, negated=True):
        own = _own(made.track, "r", local=False)
        made.checks.append(f"EXISTS (SELECT 1 FROM asset_ai r WHERE r.asset = a.id{own})")
        made.values += _owner(made.track)


async def _of_results(lib: Library, made: Plan, query: Query) -> None:
    rules = rules_from(await lib.rows("SELECT bucket, name, target FROM tag_rule"))
    wanted: list[str] = []
    unwanted: list[str] = []
    for term in query.terms:
        if term.kind in {Kind.BEFORE, Kind.AFTER}:
            _date(made, term)
        elif term.kind is Kind.FAILED:
            _failed(made, term)
        elif term.kind is not Kind.UNTAGGED:
            expression = await _expression(lib, term, rules)
            if expression is not None:
                (unwanted if term.negated else wanted).append(expression)
            elif not term.negated:
                made.nothing = True
    _match(made, wanted, unwanted)
    made.loose = loosened(query, made.wanted)
    made.spans = not await is_rare(lib, query, rules) and await search_spans.are_marked(lib)
    await _bounds(lib, made, query)


def _match(made: Plan, wanted: list[str], unwanted: list[str]) -> None:
    """Join expressions; an index cannot be asked for what is missing alone."""
    if made.track is not None and (wanted or unwanted):
        wanted = [*wanted, f'"{search_keys.track_key(made.track.id)}"']
    if unwanted and not wanted:
        wanted = [f'"{search_keys.ALL}"']
    made.wanted, made.unwanted = tuple(wanted), tuple(unwanted)
    made.match = joined(wanted, unwanted) or None


async def _expression(  # noqa: PLR0911 - one line a kind
    lib: Library, term: Term, rules: Rules
) -> str | None:
    """Return what a term is to the index, `None` when nothing can fit it."""
    match term.kind:
        case Kind.WORDS:
            return " OR ".join([phrase(term), *_synonyms(term.value, rules)])
        case Kind.BEGINNING:
            return await _beginning(lib, term, rules)
        case Kind.PATH:
            return phrase(term)
        case Kind.TAG | Kind.BUCKET:
            return _tag(term, rules)
        case Kind.EDITED:
            return f'"{search_keys.EDITED}"'
        case Kind.LANE:
            return f'"{search_keys.lane_key(term.value)}"'
        case Kind.BOARD:
            return " AND ".join(f'"{key}"' for key in search_keys.board_keys(term.value)) or None
        case _:
            return await _tracks(lib, term)


def _tag(term: Term, rules: Rules) -> str | None:
    if term.kind is Kind.BUCKET and term.value == "*":
        return f'"{search_keys.has_key(term.field)}"'
    names = {term.value}
    others: list[str] = []
    for bucket, known in rules.items():
        if term.kind is Kind.BUCKET and bucket != term.field:
            continue
        group = _group(term.value, known)
        others += [search_keys.bucket_key(bucket, name) for name in sorted(group)]
        names |= {known[name] for name in group}
    make = search_keys.tag_key
    if term.kind is Kind.BUCKET:
        own = [search_keys.bucket_key(term.field, name) for name in sorted(names)]
    else:
        own = [make(name) for name in sorted(names)]
    found = [f'"{key}"' for key in dict.fromkeys([*own, *others]) if key]
    return " OR ".join(found) or None


async def _beginning(lib: Library, term: Term, rules: Rules) -> str:
    """Return the words that a beginning stands for, and the tags that are shown by such a name."""
    found = await search_words.beginning(lib, term.value)
    own = [f"{{summary tags context}} : ({found.expression})"]
    start = search_keys.folded(term.value)
    targets = {target for known in rules.values() for target in known.values()}
    named = [t for t in targets if any(w.startswith(start) for w in words_of(t))]
    return " OR ".join([*own, *(one for name in sorted(named) for one in _synonyms(name, rules))])


def _group(value: str, known: Any) -> list[str]:
    """Return the stored names that are shown as what somebody typed, by either name."""
    wanted = search_keys.folded(value)
    targets = {
        target
        for name, target in known.items()
        if wanted in {search_keys.folded(name), search_keys.folded(target)}
    }
    return [name for name, target in known.items() if target in targets]


def _synonyms(value: str, rules: Rules) -> list[str]:
    """Return the words for tags that are shown by this name."""
    wanted = search_keys.folded(value)
    return [
        f'"{search_keys.bucket_key(bucket, name)}"'
        for bucket, known in rules.items()
        for name, target in known.items()
        if search_keys.folded(target) == wanted and search_keys.bucket_key(bucket, name)
    ]


async def _tracks(lib: Library, term: Term) -> str | None:
    wanted = term.value.casefold()
    keys = [
        f'"{search_keys.track_key(one.id)}"'
        for one in await list_tracks(lib)
        if wanted in (one.model if term.kind is Kind.MODEL else one.profile_name).casefold()
    ]
    return " OR ".join(keys) or None


def _date(made: Plan, term: Term) -> None:
    below = (term.kind is Kind.BEFORE) is not term.negated
    made.checks.append("r.tagged_at < ?" if below else "r.tagged_at >= ?")
    made.values.append(start_of(term.value))


def start_of(day: str) -> float:
    """Return when a day begins here (Unix seconds)."""
    whole = date.fromisoformat(day)
    try:
        return datetime(whole.year, whole.month, whole.day).timestamp()  # noqa: DTZ001 - local
    except (OverflowError, OSError, ValueError):  # year 1 east of Greenwich
        return -62_135_596_800.0 if whole.year < 1970 else 253_402_300_800.0


def _failed(made: Plan, term: Term) -> None:
    check, owner = failed_check(made.track, "r.asset")
    made.checks.append(f"NOT {check}" if term.negated else check)
    made.values += owner


def failed_check(track: Track | None, asset: str) -> tuple[str, list[Any]]:
    """Return the condition that a failure of an asset stands, and its values."""
    return _FAILED.format(asset=asset, own=_own(track, "b")), _owner(track)


def _own(track: Track | None, name: str, *, local: bool = True) -> str:
    if track is None:
        return ""
    same = f"{name}.provider = ? AND {name}.model = ? AND {name}.profile = ?"
    return f" AND ({same} OR {name}.provider = '')" if local else f" AND {same}"


def _owner(track: Track | None) -> list[Any]:
    return [] if track is None else [track.provider, track.model, track.profile]


async def _bounds(lib: Library, made: Plan, query: Query) -> None:
    """Narrow the ids to the blocks that have results of the days asked for."""
    start, end = -1e18, 1e18
    for term in query.terms:
        if term.kind in {Kind.BEFORE, Kind.AFTER}:
            below = (term.kind is Kind.BEFORE) is not term.negated
            at = start_of(term.value)
            start, end = (start, min(end, at)) if below else (max(start, at), end)
    if start == -1e18 and end == 1e18:
        return
    if start >= end:
        made.nothing = True
        return
    row = await lib.row(
        "SELECT min(block), max(block), (SELECT max(block) FROM search_block) FROM search_block "
        "WHERE last_at >= ? AND first_at < ? AND results > 0",
        (start, end),
    )
    if row is None or row[0] is None:  # what is not indexed yet is above all blocks
        last = await lib.row("SELECT coalesce(max(block) + 1, 0) FROM search_block")
        made.low = int(last[0]) * BLOCK if last else 0
        return
    made.low = int(row[0]) * BLOCK
    made.high = END if row[1] == row[2] else (int(row[1]) + 1) * BLOCK - 1


def words_of(text: str) -> list[str]:
    """Return the words of a path or a name as the index would take them."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return _WORD.findall("".join(char for char in apart if not unicodedata.combining(char)))


def follows(words: list[str], wanted: list[str]) -> bool:
    """Whether some words stand one after the other among others."""
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def conditions(checks: Iterable[str]) -> str:
    """Join conditions behind others."""
    return "".join(f" AND {check}" for check in checks)
