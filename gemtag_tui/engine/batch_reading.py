"""Judging lines of results: pure work on bytes, done in children where there is much of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from gemtag_tui.core.batch_plan import asset_of
from gemtag_tui.core.calls import Answer, CallError, Usage
from gemtag_tui.core.judge import AttemptContext, judge
from gemtag_tui.core.normalise_fast import Swift, swift
from gemtag_tui.core.prices import price
from gemtag_tui.core.profile import ECHO_FIELD, Profile
from gemtag_tui.core.reading import read_json
from gemtag_tui.core.text import plain, storable
from gemtag_tui.core.verdicts import KnownBad, Retry, Tagged
from gemtag_tui.gemini.answers import parse_line
from gemtag_tui.gemini.batch_lines import Usual, key_of_line, usual_line
from gemtag_tui.store.commits import tags_json

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.prices import Price
    from gemtag_tui.core.verdicts import Verdict

UNPARSABLE, UNKNOWN = "unparsable", "unknown"
LATER, BAD = "later", "bad"


class Setup(NamedTuple):
    """What has to be known to judge a job's lines; pickles small.

    Attributes:
        profile: as JSON.
        model: as asked for.
        nonce: ends every key of the job.
        echo: answers repeat their keys.
        better: assets on their better try.
        at: Unix seconds, for prices.
        provider: who answered.
    """

    profile: str
    model: str
    nonce: str
    echo: bool
    better: frozenset[int]
    at: float
    provider: str


Good: TypeAlias = tuple[int, str, str, str, int, int, int, float, int]
"""A line that gave tags, ready to be stored: asset, summary, tags as JSON, served model, tokens of
prompt, image and output, US dollars, number of the line. A plain tuple, since those pickle fast."""


class Poor(NamedTuple):
    """A line that did not. `fate`: later, bad, unparsable or unknown."""

    asset: int
    fate: str
    status: str
    kind: str
    words: str
    key: str
    prompt: int
    output: int
    cost_usd: float
    line: int


class Swapped(NamedTuple):
    """An answer that stands under another picture's key."""

    line: int
    key: str
    echo: str


@lru_cache(maxsize=4)
def _profile(body: str) -> Profile:
    return msgspec.json.decode(body, type=Profile)


@lru_cache(maxsize=64)
def _price(served: str, model: str, day: int) -> Price | None:
    at = day * 86_400.0
    return price(served or model, "batch", at) or price(model, "batch", at)


def read_block(block: bytes, setup: Setup) -> list[Good | Poor]:
    """Judge whole lines; blank ones are left out. `line` counts from 0 within the block."""
    profile = _profile(setup.profile)
    reader = swift(profile)
    found: list[Good | Poor] = []
    for number, line in enumerate(block.split(b"\n")):
        if line and not line.isspace():
            usual = usual_line(line)
            good = None if usual is None else _good(usual, number, reader, setup)
            found.append(good or _read(line, number, profile, setup))
    return found


def _read(line: bytes, number: int, profile: Profile, setup: Setup) -> Good | Poor:
    read = parse_line(line, setup.provider)
    if read is None:
        return Poor(0, UNPARSABLE, UNPARSABLE, "", "", "", 0, 0, 0.0, number)
    outcome = read.outcome
    usage = (outcome.usage or _NO_USAGE) if isinstance(outcome, Answer) else _NO_USAGE
    cost = _cost(outcome, usage, setup) if usage.prompt else 0.0
    asset = asset_of(read.key, setup.nonce)
    if asset is None:
        spent = (usage.prompt, usage.output, cost, number)
        return Poor(0, UNKNOWN, UNKNOWN, "", "", plain(read.key, 200), *spent)
    better = asset in setup.better
    verdict = judge(outcome, profile, attempt=_attempt(better, read.key if setup.echo else ""))
    if isinstance(verdict, Tagged) and isinstance(outcome, Answer):
        tags = verdict.tags
        return (
            asset,
            storable(tags.summary),
            tags_json(tags.buckets),
            storable(outcome.model_version),
            usage.prompt,
            usage.image,
            usage.output,
            cost,
            number,
        )
    fate, kind, words = _poor(outcome, verdict)
    status = str(outcome.trouble) if isinstance(outcome, CallError) else kind
    spent = (usage.prompt, usage.output, cost, number)
    return Poor(asset, fate, status, kind, words, read.key, *spent)


def _good(usual: Usual, number: int, reader: Swift, setup: Setup) -> Good | None:
    """Judge an answer that came to its end: if it is whole and valid, the judge has no other word.

    `None` for whatever the judge has to look at.
    """
    asset = asset_of(usual.key, setup.nonce)
    if asset is None:
        return None
    stored = reader.read(usual.text, usual.key if setup.echo else "")
    if stored is None:
        return None
    found = _price(usual.served, setup.model, int(setup.at // 86_400))
    cost = 0.0
    if found is not None:
        fresh = (usual.prompt - usual.cached) * found.input + usual.cached * found.cached
        cost = (fresh + usual.output * found.output) / 1_000_000
    return (
        asset,
        *stored,
        storable(usual.served),
        usual.prompt,
        usual.image,
        usual.output,
        cost,
        number,
    )


_NO_USAGE = Usage()
LINE_ERROR = "batch_line_error"


def _cost(outcome: Outcome, usage: Usage, setup: Setup) -> float:
    served = outcome.model_version if isinstance(outcome, Answer) else ""
    found = _price(served, setup.model, int(setup.at // 86_400))
    return found.cost(usage) if found else 0.0


def _attempt(better: bool, echo: str) -> AttemptContext:
    return AttemptContext(
        tries=0,
        max_tries=1,
        better_tried=better,
        jitter=0.0,
        now=0.0,
        midnight=0.0,
        echo=echo,
    )


def _poor(outcome: Outcome, verdict: Verdict) -> tuple[str, str, str]:
    """Return fate, failure kind and words. A line's trouble never concerns our quotas."""
    match verdict:
        case KnownBad(kind, why):
            return BAD, str(kind), why
        case Retry(kind=kind, why=why, better=True):
            return LATER, str(kind), why
        case _:
            words = outcome.message if isinstance(outcome, CallError) else ""
            return LATER, LINE_ERROR, plain(words) or "The line carries an error without words."


def scan_block(block: bytes, nonce: str) -> list[Swapped]:
    """Look for answers under other pictures' keys, before anything of a job is stored.

    A line in which its own key stands a second time repeats it; only others are looked into.
    """
    ours = nonce.encode()
    found: list[Swapped] = []
    for number, line in enumerate(block.split(b"\n")):
        key = key_of_line(line) if ours in line else None
        if key is None or line.count(key.encode()) > 1:
            continue
        if (swapped := _swapped(line, number, key, nonce)) is not None:
            found.append(swapped)
    return found


def _swapped(line: bytes, number: int, key: str, nonce: str) -> Swapped | None:
    read = parse_line(line)
    if read is None or not isinstance(read.outcome, Answer) or asset_of(key, nonce) is None:
        return None
    data: Any = read_json(read.outcome.text)
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    echo = data.get(ECHO_FIELD) if isinstance(data, dict) else None
    if isinstance(echo, str) and echo != key:
        return Swapped(number, key, plain(echo, 200))
    return None
