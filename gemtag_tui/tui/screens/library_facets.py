"""The buckets with their tags and counts, beside the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from gemtag_tui.store.facets import Facet
from gemtag_tui.tui.paint import Line, Tone, fit, safe
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.words import short_number

SHOWN = 12
"""Tags of one bucket, until all of its are asked for."""


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A bucket's heading (`name` is "") or one of its tags."""

    bucket: str
    name: str = ""
    count: int = 0
    exact: bool = True
    chosen: bool = False
    more: int = 0


def facet_rows(
    facets: Sequence[Facet], chosen: frozenset[tuple[str, str]], whole: frozenset[str]
) -> list[FacetRow]:
    """Return the rows: buckets with their most frequent tags, those narrowed to always."""
    rows: list[FacetRow] = []
    for facet in sorted(facets, key=lambda one: one.bucket):
        values = [one for one in facet.values if (facet.bucket, one.name) in chosen]
        most = len(facet.values) if facet.bucket in whole else SHOWN
        values += [one for one in facet.values if one not in values][: max(0, most - len(values))]
        rows.append(FacetRow(facet.bucket, more=len(facet.values) - len(values)))
        rows += [
            FacetRow(facet.bucket, one.name, one.count, facet.exact,
                     (facet.bucket, one.name) in chosen)
            for one in values
        ]  # fmt: skip
    return rows


def facet_line(row: FacetRow, width: int) -> Line:
    """Write a row over the whole width."""
    if not row.name:
        more = f" +{row.more}" if row.more else ""
        return [(fit(safe(row.bucket.replace("_", " ")) + more, width), "head")]
    about = "" if row.exact else "~"
    count = about + short_number(row.count)
    room = max(4, width - len(count) - 3)
    sign = "✓ " if row.chosen else "  "
    tone: Tone = "accent" if row.chosen else ""
    return [(sign, "accent"), (fit(safe(row.name), room), tone), (f" {count}", "muted")]


class FacetList(PagedList[FacetRow]):
    """Tags to narrow by."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "narrow", id="facets.open",
                tooltip="Narrow to the tag, or not any more; a bucket: all its tags"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(
            [],
            lambda row: (row.bucket, row.name),
            empty="Nothing is tagged here.",
            marks=False,
            heading=False,
            whole=facet_line,
            id="library-facets",
        )
