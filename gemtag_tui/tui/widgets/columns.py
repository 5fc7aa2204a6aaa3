"""Columns that give way to narrow terminals, and marks on rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gemtag_tui.tui.paint import Keep, Span

Row = TypeVar("Row")
BETWEEN = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        title: its heading.
        width: cells it takes, or at least takes when `grow` is set.
        cell: a row's text (anything from outside is safe to give) and tone.
        right: numbers stand right.
        keep: which end survives a cut; "tail" for paths.
        grow: its share of the room left over, 0 for none.
        rank: columns go in this order when room is short, the highest first; 0 never goes.
    """

    title: str
    width: int
    cell: Callable[[Row], Span]
    right: bool = False
    keep: Keep = "head"
    grow: int = 0
    rank: int = 0


def layout(columns: Sequence[Column[Row]], width: int) -> list[tuple[Column[Row], int]]:
    """Choose the columns that fit in `width` cells and give each its width."""
    kept = list(columns)
    while len(kept) > 1 and sum(c.width for c in kept) + BETWEEN * (len(kept) - 1) > width:
        rank = max(c.rank for c in kept)
        if rank == 0:
            break
        kept.remove(next(c for c in reversed(kept) if c.rank == rank))
    spare = max(0, width - sum(c.width for c in kept) - BETWEEN * (len(kept) - 1))
    shares = sum(c.grow for c in kept) or 1
    widths = [(c, c.width + spare * c.grow // shares) for c in kept]
    growing = [i for i, (c, _) in enumerate(widths) if c.grow]
    if growing:
        column, wide = widths[growing[-1]]
        total = sum(w for _, w in widths) + BETWEEN * (len(widths) - 1)
        widths[growing[-1]] = (column, wide + max(0, width - total))
    return widths


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked: the keys, or with `every` all rows shown but the keys."""

    every: bool = False
    keys: frozenset[Hashable] = frozenset()

    def __contains__(self, key: Hashable) -> bool:
        return (key in self.keys) != self.every

    def __bool__(self) -> bool:
        return self.every or bool(self.keys)
