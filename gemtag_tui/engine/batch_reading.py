"""Judging lines of results: pure work on bytes, done in children where there is much of it."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from gemtag_tui.core.batch_plan import asset_of
from gemtag_tui.core.calls import Answer, CallError, Usage
from gemtag_tui.core.judge import AttemptContext, judge
from gemtag_tui.core.normalise_fast import swift
from gemtag_tui.core.price_own import OwnPrice
from gemtag_tui.core.prices import price
from gemtag_tui.core.profile import ECHO_FIELD, Profile
from gemtag_tui.core.reading import read_json
from gemtag_tui.core.text import plain, storable
from gemtag_tui.core.verdicts import KnownBad, Retry, Tagged
from gemtag_tui.gemini.answers import parse_line
from gemtag_tui.gemini.batch_lines import Usual, key_of_line, usual_lines
from gemtag_tui.store.commits import tags_json

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.prices import Price
    from gemtag_tui.core.verdicts import Verdict

_AT_ONCE = 32
"""Lines that are decoded by one call, and judged before other threads have a turn."""
_MOST_MODELS = 64
_LONGEST_ASSET = 18
_TWICE = 2
_MOST_RAW = 16_000
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
        own: the user's own prices.
    """

    profile: str
    model: str
    nonce: str
    echo: bool
    better: frozenset[int]
    at: float
    provider: str
    own: tuple[OwnPrice, ...] = ()


Good: TypeAlias = tuple[int, str, str, str, int, int, int, float]
"""A line that gave tags, ready to be stored: asset, summary, tags as JSON, served model, tokens of
prompt, image and output, US dollars. A plain tuple, since those pickle fast."""


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


class Swapped(NamedTuple):
    """An answer that stands under another picture's key; `raw`: the line's beginning."""

    key: str
    echo: str
    raw: bytes


@lru_cache(maxsize=4)
def _profile(body: str) -> Profile:
    return msgspec.json.decode(body, type=Profile)


@lru_cache(maxsize=64)
def _price(served: str, model: str, day: int, own: tuple[OwnPrice, ...]) -> Price | None:
    at = day * 86_400.0
    return price(served or model, "batch", at, own) or price(model, "batch", at, own)


def lines_of(block: bytes) -> list[bytes]:
    """Return a block's lines without the blank ones."""
    return [line for line in block.split(b"\n") if line and not line.isspace()]


def read_block(block: bytes, setup: Setup) -> list[Good | Poor]:
    """Judge whole lines, one after the other as `lines_of` gives them."""
    lines = lines_of(block)
    found: list[Good | Poor] = []
    desk = _desk(setup)
    for at in range(0, len(lines), _AT_ONCE):
        part = lines[at : at + _AT_ONCE]
        for line, usual in zip(part, usual_lines(part), strict=True):
            good = None if usual is None else desk.good(usual)
            found.append(good or _read(line, desk.profile, setup))
        time.sleep(0)  # the thread that writes has a short turn to take after every statement
    return found


def _read(line: bytes, profile: Profile, setup: Setup) -> Good | Poor:
    read = parse_line(line, setup.provider)
    if read is None:
        return Poor(0, UNPARSABLE, UNPARSABLE, "", "", "", 0, 0, 0.0)
    outcome = read.outcome
    usage = (outcome.usage or _NO_USAGE) if isinstance(outcome, Answer) else _NO_USAGE
    cost = _cost(outcome, usage, setup) if usage.prompt else 0.0
    asset = asset_of(read.key, setup.nonce)
    if asset is None:
        spent = (usage.prompt, usage.output, cost)
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
        )
    fate, kind, words = _poor(outcome, verdict)
    status = str(outcome.trouble) if isinstance(outcome, CallError) else kind
    spent = (usage.prompt, usage.output, cost)
    return Poor(asset, fate, status, kind, words, read.key, *spent)


class _Desk:
    """What judges one job's usual lines, with everything at hand that they have in common."""

    def __init__(self, setup: Setup) -> None:
        self.profile = _profile(setup.profile)
        self._setup = setup
        self._read = swift(self.profile).read
        self._tail = f"-{setup.nonce}"
        self._served: dict[str, tuple[str, float, float, float]] = {}

    def good(self, usual: Usual) -> Good | None:
        """Judge an answer that came to its end: if it is whole and valid, it is good.

        `None` for whatever the judge has to look at.
        """
        key, text, served, prompt, image, output, cached = usual
        asset = self._asset(key)
        if asset is None:
            return None
        stored = self._read(text, key if self._setup.echo else "")
        if stored is None:
            return None
        model, fresh, again, said = self._served.get(served) or self._priced(served)
        cost = ((prompt - cached) * fresh + cached * again + output * said) / 1_000_000
        return (asset, stored[0], stored[1], model, prompt, image, output, cost)

    def _asset(self, key: str) -> int | None:
        """Return what `asset_of` does; nearly all keys are digits and the job's own ending."""
        digits = key.removesuffix(self._tail)
        if len(digits) + len(self._tail) == len(key) and digits.isdecimal() and digits.isascii():
            return int(digits) if digits[0] != "0" and len(digits) <= _LONGEST_ASSET else None
        return None

    def _priced(self, served: str) -> tuple[str, float, float, float]:
        """Return the model as it is stored, and its prices of a million tokens in US dollars."""
        setup = self._setup
        one = _price(served, setup.model, int(setup.at // 86_400), setup.own)
        prices = (one.input, one.cached, one.output) if one else (0.0, 0.0, 0.0)
        if len(self._served) < _MOST_MODELS:
            self._served[served] = (storable(served), *prices)
        return (storable(served), *prices)


@lru_cache(maxsize=4)
def _desk(setup: Setup) -> _Desk:
    return _Desk(setup)


_NO_USAGE = Usage()
LINE_ERROR = "batch_line_error"


def _cost(outcome: Outcome, usage: Usage, setup: Setup) -> float:
    served = outcome.model_version if isinstance(outcome, Answer) else ""
    found = _price(served, setup.model, int(setup.at // 86_400), setup.own)
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
    ours = f"-{nonce}".encode()
    if not nonce or _all_repeat(block, ours):
        return []
    found: list[Swapped] = []
    for line in lines_of(block):
        key = None if _all_repeat(line, ours) or ours not in line else key_of_line(line)
        if key is not None and line.count(key.encode()) < _TWICE:
            swapped = _swapped(line, key, nonce)
            found += [swapped] if swapped else []
    return found


def _all_repeat(lines: bytes, ours: bytes) -> bool:
    """Whether all keys stand in pairs, each pair within one line, and no line has two pairs.

    Keys end in `ours`, and begin after a quotation mark (an escaped one within an answer).
    """
    pieces = lines.split(ours)
    pairs, odd = divmod(len(pieces) - 1, 2)
    if odd or not pairs or lines.count(b"\n", 0, -1) != pairs - 1:
        return False
    if b"\n" in b"".join(pieces[1::2]):
        return False
    numbers = [piece[piece.rfind(b'"') + 1 :] for piece in pieces]
    return numbers[0:-1:2] == numbers[1::2] and all(map(bytes.isdigit, numbers[:-1]))


def _swapped(line: bytes, key: str, nonce: str) -> Swapped | None:
    read = parse_line(line)
    if read is None or not isinstance(read.outcome, Answer) or asset_of(key, nonce) is None:
        return None
    data: Any = read_json(read.outcome.text)
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    echo = data.get(ECHO_FIELD) if isinstance(data, dict) else None
    if isinstance(echo, str) and echo != key:
        return Swapped(key, plain(echo, 200), line[:_MOST_RAW])
    return None
