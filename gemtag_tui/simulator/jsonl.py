"""Reading the lines of a batch input file as strictly as the service does.

Source: gemini-facts §5.3: one bad line fails the whole job, with the line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gemtag_tui.simulator.errors import ApiError
from gemtag_tui.simulator.proto import Reader
from gemtag_tui.simulator.schema import GENERATE

UNKNOWN = re.compile(r'Unknown name "(?P<name>[^"]*)".*?: (?P<why>.*)')


@dataclass(frozen=True, slots=True)
class InputLine:
    """One request of a job. ``raw`` is the request before its fields are read."""

    key: str | None
    request: dict[str, Any]
    metadata: Any = None


class LineError(Exception):
    """A line that fails the whole job, in Google's words."""


def count_lines(path: Path) -> int:
    """Lines that hold anything."""
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def read_lines(path: Path, version: str) -> Iterator[InputLine]:
    """Read a JSONL file.

    Raises:
        LineError: At the first line that is not a keyed request.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _read_line(line, number, version)


def _read_line(line: bytes, number: int, version: str) -> InputLine:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise LineError(f"Error on line {number}: invalid JSON, near column 1") from None
    if not isinstance(value, dict) or not isinstance(value.get("request"), dict):
        raise LineError(
            f"Error on line {number}: invalid JSON, near column 1: no such field: 'request'"
        )
    key = value.get("key")
    try:
        request = Reader(version).read(value["request"], GENERATE)
    except ApiError as error:
        raise LineError(_placed(error, line, number)) from None
    return InputLine(None if key is None else str(key), request, value.get("metadata"))


def _placed(error: ApiError, line: bytes, number: int) -> str:
    """Google words the same fault otherwise here, and says the column."""
    first = error.message.split("\n", 1)[0]
    found = UNKNOWN.match(first.removeprefix("Invalid JSON payload received. "))
    if found is None:
        return f"Error on line {number}: {first}"
    name = found["name"]
    column = line.find(f'"{name}"'.encode()) + 1
    if "cannot start list" in found["why"]:
        at = line.find(b"[", column) + 1
        return (
            f"Error on line {number}: invalid JSON, near column {at}: "
            "unexpected character: '['; expected '{'"
        )
    return f"Error on line {number}: invalid JSON, near column {column}: no such field: '{name}'"
