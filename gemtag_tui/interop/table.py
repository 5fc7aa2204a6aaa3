"""Results as CSV (RFC 4180) that no spreadsheet takes for formulas.

A text cell that a spreadsheet could run, or that begins with an apostrophe itself, gets an
apostrophe in front. So the way back is one rule: an apostrophe at the beginning of a cell is taken
away (`unguarded`). Characters that begin formulas, as OWASP lists them: `= + - @`, tab, CR, LF,
NUL, and the full-width forms of the first four; spaces before them make no difference.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import msgspec

from gemtag_tui.core.exported import Exported, path_text

COLUMNS = (
    "id",
    "path",
    "sha256",
    "provider",
    "model",
    "profile",
    "summary",
    "tags",
    "lane",
    "cost_usd",
    "tagged_at",
    "path_bytes",
    "tags_json",
    "profile_id",
    "served_model",
    "missing",
    "edited",
    "inherited_from",
    "made_with",
)
_FORMULA = re.compile(r"[\s\ufeff]*['=+\-@\t\r\n\0＝＋－＠]|[\t\r\n]")

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


def guarded(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text that `guarded` was given."""
    return cell.removeprefix("'")


class Table:
    """Writes results as rows of CSV in UTF-8, with a row of names first.

    `tags` is for people ("subject: car; colours: red"), `tags_json` has the same without loss.

    Args:
        file: where they go.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._put(lambda rows: rows.writerow(COLUMNS))

    def write(self, rows: Sequence[Exported]) -> None:
        """Write one row for each result."""
        self._put(lambda table: table.writerows(map(_cells, rows)))

    def close(self) -> None:
        """Nothing is held back."""

    def _put(self, write: object) -> None:
        text = io.StringIO(newline="")
        write(csv.writer(text))  # type: ignore[operator]
        self._file.write(text.getvalue().encode("utf-8", "replace"))


def _cells(row: Exported) -> tuple[object, ...]:
    path, odd = path_text(row.path)
    return (
        row.asset,
        guarded(path),
        "" if row.sha256 is None else row.sha256.hex(),
        guarded(row.provider),
        guarded(row.model),
        guarded(row.profile_name),
        guarded(row.summary),
        guarded(tags_words(_tags(row.tags))),
        guarded(row.lane),
        row.cost_usd,
        row.tagged_at,
        odd or "",
        row.tags,
        row.profile,
        guarded(row.served_model),
        int(bool(row.missing)),
        int(row.edited),
        "" if row.inherited_from is None else row.inherited_from,
        guarded(row.made_with),
    )


def tags_words(tags: Mapping[str, Sequence[str]]) -> str:
    """Return tags on one line for people: "subject: car; colours: red, dark blue"."""
    return "; ".join(f"{bucket}: {', '.join(names)}" for bucket, names in tags.items() if names)
