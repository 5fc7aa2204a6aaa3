"""What can be done about failures of one kind, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.failures import LOCAL_KINDS, TRANSIENT_KINDS, FailureKind, Standing
from gemtag_tui.core.prices import Overrides, price

WITHHELD = frozenset({FailureKind.BLOCKED, FailureKind.SAFETY, FailureKind.RECITATION})
UNREADY = frozenset({FailureKind.TRUNCATED, FailureKind.MALFORMED, FailureKind.EMPTY})
"""Answers that came but could not be used; their raw form is stored."""


class Way(StrEnum):
    """What is done."""

    RETRY = "retry"
    """Sent again as it was."""
    MORE_OUTPUT = "more_output"
    """Sent again with twice the room for the answer (`model.max_output_tokens` of the profile)."""
    RESOLUTION = "resolution"
    """Sent again in another `model.media_resolution` of the profile: another profile id."""
    MODEL = "model"
    """Sent to another model: `gemtag run` with `model` set, on a selection."""
    REENCODE = "reencode"
    """Sent as a picture made anew (`images.send_max_bytes` lowered)."""
    REJUDGE = "rejudge"
    """The stored answer judged again: nothing is sent."""
    RESCAN = "rescan"
    """The file is looked at again by the next scan: nothing is sent."""
    IGNORE = "ignore"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a call of this kind uses.

    Attributes:
        model: that answers.
        lane: interactive, flex or batch.
        prompt: input tokens without the image; `image`: the image's; `output`: the answer's.
        max_output: output tokens at which answers are cut off.
        at: Unix seconds, for the price.
        other_model: a model to escalate to, "" when there is none.
        overrides: the user's own prices.
    """

    model: str
    lane: str
    prompt: float
    image: float
    output: float
    max_output: int
    at: float
    other_model: str = ""
    overrides: Overrides = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do about some failures.

    Attributes:
        way: what is done.
        words: for people.
        each_usd: for one failure; `None`: the price is not known. 0: nothing is sent.
        total_usd: for all of them.
        likely: whether it is known to help in such a case; the first likely one is the best.
        model: the other model, for `Way.MODEL`.
    """

    way: Way
    words: str
    each_usd: float | None
    total_usd: float | None
    likely: bool = True
    model: str = ""


def remedies(
    kind: FailureKind, standing: Standing, count: int, basis: Basis, *, raw: int = 0
) -> tuple[Remedy, ...]:
    """Return what fits failures, the best first.

    Args:
        kind: why they failed.
        standing: how they stand.
        count: how many.
        basis: what a call uses.
        raw: of how many the answer is stored.
    """
    if standing is Standing.IGNORED:
        return (_free(Way.REOPEN, "Open them again"),)
    if kind in LOCAL_KINDS:
        return (*_local(kind), _free(Way.IGNORE, "Leave them alone for good"))
    found: list[Remedy] = []
    if raw and kind in UNREADY:
        words = f"Judge the {raw:,} stored answers again: nothing is sent"
        found.append(_free(Way.REJUDGE, words))
    found += _paid(kind, count, basis)
    found.append(_free(Way.IGNORE, "Leave them alone for good"))
    return tuple(found)


def _local(kind: FailureKind) -> list[Remedy]:
    words = {
        FailureKind.UNREADABLE: "Mend the files, then scan again",
        FailureKind.UNSUPPORTED: "Install what decodes this type, then scan again",
    }.get(kind, "Raise images.max_bytes, max_pixels or max_side, then scan again")
    return [_free(Way.RESCAN, words)]


def _paid(kind: FailureKind, count: int, basis: Basis) -> list[Remedy]:
    again = _priced(Way.RETRY, "Try again as it was", count, basis)
    if kind in TRANSIENT_KINDS:
        return [again]
    other = _other_model(count, basis)
    unlikely = _unlikely(again)
    if kind in WITHHELD:
        return [*other, unlikely]
    if kind is FailureKind.TRUNCATED:
        room = basis.max_output * 2
        words = f"Try again with room for {room:,} tokens"
        longer = _priced(Way.MORE_OUTPUT, words, count, basis, output=max(room * 0.5, basis.output))
        return [longer, *other, unlikely]
    if kind is FailureKind.REJECTED_IMAGE:
        made = _priced(Way.REENCODE, "Send a picture made anew", count, basis)
        return [made, _smaller(count, basis), *other, unlikely]
    if kind is FailureKind.TOO_LARGE:
        return [_smaller(count, basis), *other]
    return [again, *other]


def _smaller(count: int, basis: Basis) -> Remedy:
    image = min(basis.image, 258.0)
    return _priced(Way.RESOLUTION, "Try again in a lower resolution", count, basis, image=image)


def _other_model(count: int, basis: Basis) -> list[Remedy]:
    if not basis.other_model or basis.other_model == basis.model:
        return []
    words = f"Ask {basis.other_model} instead"
    return [_priced(Way.MODEL, words, count, basis, model=basis.other_model)]


def _priced(
    way: Way,
    words: str,
    count: int,
    basis: Basis,
    *,
    output: float | None = None,
    image: float | None = None,
    model: str = "",
) -> Remedy:
    known = price(model or basis.model, basis.lane, basis.at, basis.overrides)
    if known is None:
        return Remedy(way, words, None, None, model=model)
    said = basis.output if output is None else output
    seen = basis.image if image is None else image
    tokens = Usage(prompt=round(basis.prompt + seen), image=round(seen), output=round(said))
    each = known.cost(tokens)
    return Remedy(way, words, each, each * count, model=model)


def _unlikely(one: Remedy) -> Remedy:
    words = f"{one.words} (seldom helps)"
    return Remedy(one.way, words, one.each_usd, one.total_usd, likely=False, model=one.model)


def _free(way: Way, words: str) -> Remedy:
    return Remedy(way, words, 0.0, 0.0)
