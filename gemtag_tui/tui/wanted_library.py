"""What the library's screens ask of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from gemtag_tui.imaging.pixels import Pixels
from gemtag_tui.store.facets import Facet
from gemtag_tui.store.library_pages import Said
from gemtag_tui.store.tags import Renaming

if TYPE_CHECKING:
    from gemtag_tui.core.context import Context
    from gemtag_tui.store.browse import AssetRow
    from gemtag_tui.store.search import AssetDetail

MOST_CHANGED = 100_000
"""Images that one correction can be made to."""
MOST_SORTED = 20_000
"""Rows that can be put in an order that is not the library's own."""

Verb = Literal["add", "remove"]


class AssetView(StrEnum):
    """Which assets a list shows."""

    ALL = "everything"
    NEWEST = "newest tagged"
    WAITING = "not tagged yet"
    BAD = "known bad and ignored"


class Order(StrEnum):
    """How a list is put in order."""

    NATURAL = "as it comes"
    BACK = "turned round"
    NAME = "by name"
    COST = "by cost"
    SIZE = "by size"


class AssetPages(Protocol):
    """A list of assets."""

    @property
    def about(self) -> bool:
        """Whether its count is an estimate."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Words on why it finds nothing."""

    @property
    def looked(self) -> float:
        """How much of the library was looked through, from 0 to 1 (all)."""

    async def look_on(self) -> None:
        """Look through a little more of it, while `looked` is below 1."""

    async def count(self) -> int:
        """How many rows there are."""

    async def page(self, start: int, limit: int) -> Sequence[AssetRow]:
        """Rows from a position on."""

    async def assets(self, most: int) -> list[int]:
        """Return the assets of the whole list, at most so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A thumbnail: `pixels`, or why there are none."""

    pixels: Pixels | None = None
    why: str = ""


class LibraryAsks(Protocol):
    """For searching, correcting, comparing and looking at pictures."""

    def assets(self, view: AssetView, text: str = "", order: Order = Order.NATURAL) -> AssetPages:
        """Return a part of the library, or what a search finds in all that is tagged."""

    async def asset(self, number: int) -> AssetDetail | None:
        """Return everything known of an asset."""

    async def track_names(self) -> dict[int, str]:
        """Return the tracks by id, in words."""

    async def check_search(self, text: str) -> str:
        """Return a search as it is read, written again; raises `QueryError` for a mistake."""

    async def facets(self, text: str) -> list[Facet]:
        """Return the buckets with their tags, in all that is tagged or what a search finds."""

    async def buckets(self) -> list[str]:
        """Return the buckets' names."""

    async def set_summary(self, asset: int, summary: str) -> int:
        """Correct a summary ("": the model's again); returns how many assets that changed."""

    async def change_tags(
        self, verb: Verb, assets: Sequence[int], bucket: str, names: Sequence[str]
    ) -> int:
        """Add or remove tags; returns how many assets that changed."""

    async def preview_rename(self, names: Sequence[str], target: str) -> list[Renaming]:
        """Return what renaming tags everywhere would do."""

    async def rename(self, names: Sequence[str], target: str) -> list[Renaming]:
        """Rename or merge tags everywhere."""

    async def undo_edit(self) -> str:
        """Take the newest correction, rename or merge back; returns what that was."""

    async def export(self, path: str, query: str, assets: Sequence[int] | None) -> str:
        """Write what a search finds, or some assets' results, to a file; returns words."""

    async def export_path(self, typed: str) -> Path:
        """Return where a typed path leads; raises `UsageError` when it cannot be exported to."""

    async def said(self, asset: int) -> list[Said]:
        """Return what each track's model said of an asset, the newest first."""

    async def accept(self, asset: int, said: Said, bucket: str = "") -> int:
        """Let a bucket be as one model said it; without a bucket all of them and the summary."""

    async def picture(self, row: AssetRow, side: int) -> Picture:
        """Return a thumbnail, made in a child process when it is not kept already."""

    async def picture_file(self, row: AssetRow, side: int) -> Path | None:
        """Return a thumbnail as a JPEG file of our own making; `None` when there is none."""

    async def context(self, asset: int) -> list[Context]:
        """Return what the pictures' sources say of an asset."""

    @property
    def pictures_mode(self) -> str:
        """The setting: auto, blocks or off."""
