"""What can be done about failures of one kind, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.failures import LOCAL_KINDS, TRANSIENT_KINDS, FailureKind, Standing
from gemtag_tui.core.next_try import REENCODE
from gemtag_tui.core.prices import Overrides, price

WITHHELD = frozenset({FailureKind.BLOCKED, FailureKind.SAFETY, FailureKind.RECITATION})
UNREADY = frozenset({FailureKind.TRUNCATED, FailureKind.MALFORMED, FailureKind.EMPTY})
"""Answers that came but could not be used; their raw form is stored."""


class Way(StrEnum):
    """What is done."""

    RETRY = "retry"
    """Sent again as it was."""
    MORE_OUTPUT = "more_output"
    """Sent again with more room for the answer than its better try had."""
    RESOLUTION = "resolution"
    """Sent again in another media resolution than the profile's."""
    MODEL = "model"
    """Sent to another model: `gemtag run` with `model` set, on a selection."""
    REENCODE = "reencode"
    """Sent as a picture made anew."""
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
        more_output: room for the answer of a try with more of it; 0: four times `max_output`.
        resolution: another media resolution, and `resolution_image`: its tokens of an image.
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
    more_output: int = 0
    resolution: str = "low"
    resolution_image: float = 258.0

    @property
    def room(self) -> int:
        """Room for the answer of a try with more of it, in tokens."""
        return self.more_output or 4 * self.max_output


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
        wish: what `gemtag failures retry --with` takes for it, "" where that is not the way.
    """

    way: Way
    words: str
    each_usd: float | None
    total_usd: float | None
    likely: bool = True
    model: str = ""
    wish: str = ""


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
        return [_longer(count, basis), *other, unlikely]
    if kind is FailureKind.REJECTED_IMAGE:
        made = _priced(Way.REENCODE, "Send a picture made anew", count, basis, wish=REENCODE)
        return [made, _coarser(count, basis), *other, unlikely]
    if kind in UNREADY:
        return [again, _longer(count, basis), *other]
    return [again, *other]


def _longer(count: int, basis: Basis) -> Remedy:
    words = f"Try again with room for {basis.room:,} tokens"
    output = likely_output(basis, basis.room)
    return _priced(Way.MORE_OUTPUT, words, count, basis, output=output, wish="more-output")


def _coarser(count: int, basis: Basis) -> Remedy:
    words, wish = f"Try again in {basis.resolution} resolution", f"resolution={basis.resolution}"
    image = basis.resolution_image
    return _priced(Way.RESOLUTION, words, count, basis, image=image, wish=wish)


def _other_model(count: int, basis: Basis) -> list[Remedy]:
    if not basis.other_model or basis.other_model == basis.model:
        return []
    words = f"Ask {basis.other_model} instead"
    model = basis.other_model
    return [_priced(Way.MODEL, words, count, basis, model=model, wish=f"model={model}")]


def likely_output(basis: Basis, room: float) -> float:
    """Return the output tokens that a call with so much room is thought to use: half of it."""
    return max(room * 0.5, basis.output)


def each_usd(
    basis: Basis, *, output: float | None = None, image: float | None = None, model: str = ""
) -> float | None:
    """Return what one call costs, with other tokens or of another model; `None`: not known."""
    known = price(model or basis.model, basis.lane, basis.at, basis.overrides)
    if known is None:
        return None
    said = basis.output if output is None else output
    seen = basis.image if image is None else image
    tokens = Usage(prompt=round(basis.prompt + seen), image=round(seen), output=round(said))
    return known.cost(tokens)


def _priced(
    way: Way,
    words: str,
    count: int,
    basis: Basis,
    *,
    output: float | None = None,
    image: float | None = None,
    model: str = "",
    wish: str = "",
) -> Remedy:
    each = each_usd(basis, output=output, image=image, model=model)
    total = None if each is None else each * count
    return Remedy(way, words, each, total, model=model, wish=wish)


def _unlikely(one: Remedy) -> Remedy:
    words = f"{one.words} (seldom helps)"
    return replace(one, words=words, likely=False)


def _free(way: Way, words: str) -> Remedy:
    return Remedy(way, words, 0.0, 0.0)
