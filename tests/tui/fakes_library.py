"""What the library's screens ask of a source, from literal values."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gemtag_tui.core.context import Context
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import parse, show
from gemtag_tui.imaging.pixels import Pixels
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.facets import Facet, Value
from gemtag_tui.store.library_pages import Said
from gemtag_tui.store.search import AssetDetail, FilePlace, Found
from gemtag_tui.store.tags import Renaming
from gemtag_tui.tui.wanted_library import AssetView, Order, Picture
from gemtag_tui.tui.widgets.listed import Listed

NOW = 1_795_349_000.0
BUCKETS = ["colours", "setting", "subject"]


class FakePages(Listed[AssetRow]):
    about = False
    notes = ()
    looked = 1.0
    turn: asyncio.Event | None = None
    """Set: another part is looked through."""

    async def look_on(self) -> None:
        if self.turn is not None:
            await self.turn.wait()
            self.turn.clear()
        self.looked += 0.5

    async def assets(self, most: int) -> list[int]:
        return [row.asset for row in self._rows][:most]


def said(model: str = "gemini-3.5-flash-lite", **changes: object) -> Said:
    values: dict[str, object] = {
        "result": 1,
        "provider": "google",
        "model": model,
        "profile_name": "default",
        "summary": "A narrow galley kitchen.",
        "tags": {"subject": ["kitchen", "tap"], "setting": ["indoor"]},
        "lane": "interactive",
        "cost_usd": 0.0005,
        "tagged_at": NOW,
    }
    return Said(**{**values, **changes})  # type: ignore[arg-type]


def picture(width: int = 4, height: int = 4) -> Picture:
    return Picture(pixels=Pixels(width, height, bytes([200, 40, 0] * (width * height))))


@dataclass(kw_only=True)
class FakeLibrary:
    """Answers from its fields and remembers what it was told."""

    rows: list[AssetRow] = field(default_factory=list)
    asked: list[tuple[AssetView, str]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    corrected: list[tuple[object, ...]] = field(default_factory=list)
    facet_list: list[Facet] = field(
        default_factory=lambda: [
            Facet("subject", (Value("kitchen", 1_204), Value("tap", 12)), more=False),
            Facet("colours", (Value("oak", 30),), more=False),
        ]
    )
    told_by: list[Said] = field(default_factory=lambda: [said()])
    there: list[Context] = field(default_factory=list)
    shown_picture: Picture = field(default_factory=picture)
    pictures_mode: str = "blocks"
    looked: float = 1.0
    turn: asyncio.Event | None = None
    pictured: list[tuple[int, int]] = field(default_factory=list)

    def assets(self, view: AssetView, text: str = "", order: Order = Order.NATURAL) -> FakePages:
        self.asked.append((view, text))
        self.orders.append(order)
        words = [t.value for t in parse(text, lenient=True).terms]
        kept = [row for row in self.rows if all(w in f"{row.summary} {row.tags}" for w in words)]
        pages = FakePages(kept)
        pages.looked, pages.turn = self.looked, self.turn
        return pages

    async def asset(self, number: int) -> AssetDetail | None:
        row = next(row for row in self.rows if row.asset == number)
        places = [FilePlace(row.path, row.size, 1, None), FilePlace(b"/p/copy.jpg", 1, 1, None)]
        found = Found(row.result, row.asset, b"\1" * 32, "google", "gemini-3.5-flash-lite", "p_1",
                      "default", row.summary, row.tags, row.lane, row.served_model, row.cost_usd,
                      row.tagged_at, False, row.path)  # fmt: skip
        return AssetDetail(row.asset, b"\1" * 32, row.type, row.width, row.height, row.size, NOW,
                           places[: row.files], [found], [], {1: row.state})  # fmt: skip

    async def track_names(self) -> dict[int, str]:
        return {1: "gemini-3.5-flash-lite · default · google"}

    async def check_search(self, text: str) -> str:
        return show(parse(text, BUCKETS))

    async def facets(self, text: str) -> list[Facet]:
        return self.facet_list

    async def buckets(self) -> list[str]:
        return BUCKETS

    async def set_summary(self, asset: int, summary: str) -> int:
        self.corrected.append(("summary", asset, summary))
        return 1

    async def change_tags(
        self, verb: str, assets: Sequence[int], bucket: str, names: Sequence[str]
    ) -> int:
        self.corrected.append((verb, list(assets), bucket, list(names)))
        return len(assets)

    async def preview_rename(self, names: Sequence[str], target: str) -> list[Renaming]:
        if "nothing" in names[0]:
            raise UsageError("No tag is called 'nothing'.")
        bucket, _, name = names[0].partition(":")
        return [Renaming(bucket, (name,), target, 1_204, merged=False)]

    async def rename(self, names: Sequence[str], target: str) -> list[Renaming]:
        self.corrected.append(("rename", list(names), target))
        return await self.preview_rename(names, target)

    async def undo_edit(self) -> str:
        if not self.corrected:
            raise UsageError("Nothing to undo: no correction stands.")
        return f"Undone: {self.corrected.pop()[0]}."

    async def export_path(self, typed: str) -> Path:
        path = Path(typed)
        if path.suffix not in {".jsonl", ".csv"}:
            raise UsageError("End the name with .jsonl or .csv (or .parquet).")
        return path

    async def export(self, path: str, query: str, assets: Sequence[int] | None) -> str:
        self.corrected.append(("export", path, query, assets))
        return f"3 results written to {path}."

    async def said(self, asset: int) -> list[Said]:
        return self.told_by

    async def accept(self, asset: int, said: Said, bucket: str = "") -> int:
        self.corrected.append(("accept", asset, said.model, bucket))
        return 1

    async def picture(self, row: AssetRow, side: int) -> Picture:
        self.pictured.append((row.asset, side))
        return self.shown_picture

    async def picture_file(self, row: AssetRow, side: int) -> Path | None:
        return None

    async def context(self, asset: int) -> list[Context]:
        return self.there
