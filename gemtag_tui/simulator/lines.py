"""Working off the requests of a batch job: what each line of the result says."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from gemtag_tui.simulator.config import Rule
from gemtag_tui.simulator.errors import ApiError
from gemtag_tui.simulator.jsonl import InputLine
from gemtag_tui.simulator.models import Model
from gemtag_tui.simulator.pictures import Picture, check
from gemtag_tui.simulator.refusals import refusal
from gemtag_tui.simulator.replies import Answer, render
from gemtag_tui.simulator.request import reduce_request
from gemtag_tui.simulator.world import World

DEGENERATE = '{"": ""}'
"""What a responseJsonSchema in a batch line yields (seen 2026-08)."""


@dataclass(frozen=True, slots=True)
class Bill:
    """One answered line to be paid for."""

    answer: Answer
    output_tokens: int
    pictures: tuple[Picture, ...]


@dataclass(slots=True)
class Outcome:
    """What became of a job's requests."""

    results: list[dict[str, Any]] = field(default_factory=list)
    """``{key?, response | error, metadata?}`` in the order of the input."""
    bills: list[Bill] = field(default_factory=list)
    failed: int = 0

    @property
    def succeeded(self) -> int:
        """Lines with a response."""
        return len(self.results) - self.failed


class LineWorker:
    """Answers the lines of one job.

    Args:
        world: Pictures, faults and prices.
        model: The job's model; what a request says of its own is ignored.
        rng: Chance, of this job alone.
    """

    def __init__(self, world: World, model: Model, rng: random.Random) -> None:
        self._world = world
        self._model = model
        self._rng = rng

    def work(self, lines: Iterable[InputLine]) -> Outcome:
        """Answer every line.

        Raises:
            LineError: A line is no request; the whole job fails.
        """
        outcome = Outcome()
        share = self._world.config.batches.failing
        for line in lines:
            if self._world.closed:
                break
            result, bill = self._result(line, fails=self._rng.random() < share)
            named: dict[str, Any] = {} if line.key is None else {"key": line.key}
            if line.metadata is not None:
                named["metadata"] = line.metadata
            outcome.results.append({**named, **result})
            outcome.failed += bill is None
            if bill is not None:
                outcome.bills.append(bill)
        return outcome

    def _result(self, line: InputLine, *, fails: bool) -> tuple[dict[str, Any], Bill | None]:
        try:
            if fails:
                raise ApiError(500, "Internal error encountered.")
            return self._answer(line)
        except ApiError as error:
            return {self._world.config.batches.error_field: error.rpc()}, None

    def _answer(self, line: InputLine) -> tuple[dict[str, Any], Bill]:
        world = self._world
        asked = reduce_request(line.request, self._model)
        pictures = tuple(world.see_part(part) for part in asked.images)
        rule = world.picker.pick_for_line(
            self._model.name, tuple(picture.sha256 for picture in pictures)
        )
        self._refuse(rule)
        for picture in pictures:
            check(picture)
        answer = world.answer(asked, pictures, batch=True)
        if asked.json_schema and world.config.batches.json_schema_bug:
            answer = replace(answer, text=DEGENERATE)
        swapped = rule is not None and rule.fault == "swapped"
        output = render(answer, rule, world.other_text(asked, pictures) if swapped else "")
        return {"response": output.body}, Bill(answer, output.output_tokens, pictures)

    def _refuse(self, rule: Rule | None) -> None:
        if rule is None:
            return
        error = refusal(rule.fault, self._model, self._world.config.limits)
        if error is not None:
            raise error


def spoiled(results: list[dict[str, Any]], world: World, rng: random.Random) -> list[bytes]:
    """The lines of the result file: swapped, doubled, missing, cut and shuffled as configured."""
    own = world.config.batches
    lines = [dict(result) for result in results]
    _swap([at for at in range(len(lines)) if rng.random() < own.swapped], lines)
    written: list[bytes] = []
    for line in lines:
        if rng.random() < own.missing:
            continue
        text = msgspec.json.encode(line)
        if rng.random() < own.unparsable:
            text = text[: len(text) // 2]
        written += [text, text] if rng.random() < own.doubled else [text]
    if own.shuffle:
        rng.shuffle(written)
    return written


def _swap(places: list[int], lines: list[dict[str, Any]]) -> None:
    """Hand the answers of some lines round, each to the next."""
    keys = [lines[at].get("key") for at in places]
    for at, key in zip(places, keys[1:] + keys[:1], strict=True):
        if key is not None:
            lines[at]["key"] = key
