"""Deciding which fault strikes a call."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gemtag_tui.simulator.config import Rule, Span


@dataclass(frozen=True, slots=True)
class Call:
    """What rules look at. ``attempt`` counts calls with the same first picture."""

    method: str
    number: int
    seconds: float
    model: str = ""
    images: tuple[str, ...] = ()
    attempt: int = 1
    contents: Callable[[], Sequence[bytes]] = field(default=tuple)


class FaultPicker:
    """Picks the first rule that fits a call.

    Args:
        rules: In the order they are tried.
        rng: For shares of calls.
    """

    def __init__(self, rules: Sequence[Rule], rng: random.Random) -> None:
        self._rules = tuple(rules)
        self._rng = rng
        self._struck: Counter[int] = Counter()

    def pick(self, call: Call) -> Rule | None:
        """The rule that strikes, or None."""
        for at, rule in enumerate(self._rules):
            if self._fits(at, rule, call) and self._drawn(rule, call):
                self._struck[at] += 1
                return rule
        return None

    def pick_for_line(self, model: str, images: tuple[str, ...]) -> Rule | None:
        """The rule that strikes a line of a batch: only rules that go by picture."""
        call = Call("generateContent", 0, 0.0, model, images)
        for rule in self._rules:
            by_picture = rule.by == "image" or rule.sha256
            timed = rule.calls or rule.attempts or rule.window or rule.marker
            if rule.batch and by_picture and not timed and _about(rule, call):
                return rule
        return None

    def _fits(self, at: int, rule: Rule, call: Call) -> bool:
        if call.method not in rule.methods:
            return False
        if rule.limit is not None and self._struck[at] >= rule.limit:
            return False
        if rule.calls and not _within(rule.calls, call.number):
            return False
        if rule.attempts and not _within(rule.attempts, call.attempt):
            return False
        if rule.window and not rule.window[0] <= call.seconds <= rule.window[1]:
            return False
        return _about(rule, call) and _marked(rule, call)

    def _drawn(self, rule: Rule, _call: Call) -> bool:
        return rule.by == "image" or rule.share >= 1 or self._rng.random() < rule.share


def _within(spans: Sequence[Span], number: float) -> bool:
    return any(low <= number <= high for low, high in spans)


def _about(rule: Rule, call: Call) -> bool:
    """Whether the rule is about this model and these pictures."""
    if rule.models and call.model not in rule.models:
        return False
    if rule.sha256 and not any(image.startswith(rule.sha256) for image in call.images):
        return False
    if rule.by == "image":
        return any(fraction(rule.seed, image) < rule.share for image in call.images)
    return True


def _marked(rule: Rule, call: Call) -> bool:
    marker = rule.marker.encode()
    return not marker or any(marker in content for content in call.contents())


def fraction(seed: int, digest: str) -> float:
    """A number from 0 to 1 that a picture's hash and a seed decide."""
    mixed = hashlib.sha256(f"{seed}:{digest}".encode()).digest()
    return int.from_bytes(mixed[:8]) / 2**64
