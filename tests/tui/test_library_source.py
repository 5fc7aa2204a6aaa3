"""What the library's screens ask of a real library."""

from __future__ import annotations

import csv
import os

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.query import QueryError
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.imaging.thumb_cache import prune
from gemtag_tui.store import (
    facets,
    indexer,
    scans,
    search_gathered,
    search_outline,
    search_pages,
    tracks,
)
from gemtag_tui.store.commits import commit
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group, NewFailure, NewResult
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.tui import source_library_found
from gemtag_tui.tui.source_assets import AssetSource
from gemtag_tui.tui.wanted_library import AssetView, Order

NUMBER = 700
BODY = '{"buckets": [{"name": "subject"}, {"name": "colours"}]}'


def result(track, asset, **changes):
    tags = {"subject": ("kitchen",), "colours": ("red" if asset % 7 == 0 else "oak",)}
    summary = changes.get("summary", f"A kitchen, picture {asset}.")
    return NewResult(asset, track, Tags(summary, changes.get("tags", tags)), "interactive",
                     1_790_000_000.0 + asset, cost_usd=0.001 * (asset % 10))  # fmt: skip


class Own(AssetSource):
    """The part that is about assets, alone."""

    def __init__(self, lib):
        self.lib = lib

    async def shown_track(self):
        return (await tracks.list_tracks(self.lib))[0]


@pytest.fixture
async def source(tmp_path):
    """700 assets, the first 600 tagged."""
    async with await Library.open(tmp_path / "l.db", SystemClock()) as lib:
        made = Own(lib)
        track = await tracks.ensure_track(made.lib, "google", "m", "p_1", "p", BODY)
        seen = [
            Seen(b"/p", b"%04d.jpg" % ((i * 37) % NUMBER), 1000 + i, 1,
                 Content(i.to_bytes(32, "big"), "jpeg", 640, 480))
            for i in range(NUMBER)
        ]  # fmt: skip
        await scans.record(made.lib, seen)
        await commit(made.lib, Group(results=[result(track, i) for i in range(1, 601)]))
        await indexer.catch_up(made.lib)
        yield made


async def everything(pages):
    count, found = await pages.count(), []
    while len(found) < count and (rows := await pages.page(len(found), 97)):
        found += [row.asset for row in rows]
    return found


@pytest.mark.parametrize(
    ("view", "text", "expected"),
    [
        (AssetView.ALL, "", range(1, 701)),
        (AssetView.NEWEST, "", range(600, 0, -1)),
        (AssetView.WAITING, "", range(601, 701)),
        (AssetView.BAD, "", ()),
        (AssetView.ALL, "kitchen", range(600, 0, -1)),
        (AssetView.ALL, "colours:red", range(595, 0, -7)),
        (AssetView.ALL, "colours:red -picture", ()),
        (AssetView.ALL, "untagged", range(700, 600, -1)),
    ],
)
async def test_every_list_and_its_reverse_are_whole(source, view, text, expected):
    assert await everything(source.assets(view, text)) == list(expected)
    back = source.assets(view, text, Order.BACK)
    assert await everything(back) == list(expected)[::-1]
    assert sorted(await source.assets(view, text).assets(10_000)) == sorted(expected)


@pytest.mark.parametrize("walk", [4_000, 5])
@pytest.mark.parametrize("about", [False, True])
async def test_any_place_is_reached_from_anywhere(source, monkeypatch, walk, about):
    monkeypatch.setattr(source_library_found, "WALK", walk)
    pages = source.assets(AssetView.NEWEST)
    await pages.count()
    pages.about = about
    for start in (400, 0, 590, 100, 300):
        rows = await pages.page(start, 20)
        assert len(rows) == min(20, 600 - start)
        if not about or walk > 600 or start in {0, 590}:
            assert rows[0].asset == 600 - start
        assert [row.asset for row in rows] == list(
            range(rows[0].asset, rows[0].asset - len(rows), -1)
        )


@pytest.fixture
def slowly(monkeypatch):
    """Everything takes long, and is taken for seldom."""
    for name, value in (("_WINDOW", 50), ("_LEAST", 50), ("_MOST", 50), ("_CANDIDATES", 50)):
        monkeypatch.setattr(search_pages, name, value)
    for name, value in (("_PROBE", 0.0), ("_ASSETS", 0.0), ("PIECE", 1)):
        monkeypatch.setattr(search_outline, name, value)
    monkeypatch.setattr(facets, "FEW", 1_000)
    monkeypatch.setattr(search_outline, "FEW", 1_000)
    for name, value in (("STEP", 0.0), ("_SWIFT", 0.0), ("_MOST", 30), ("_REST", 1e9)):
        monkeypatch.setattr(search_gathered, name, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("after:2020-01-01 colours:red", range(595, 0, -7)),
        ("-failed after:2020-01-01 colours:red", range(595, 0, -7)),
    ],
)
async def test_what_is_seldom_comes_step_by_step_and_whole(source, slowly, text, expected):
    pages = source.assets(AssetView.ALL, text)
    counts = [await pages.count()]
    assert pages.looked < 1.0
    while pages.looked < 1.0:
        await pages.look_on()
        counts.append(await pages.count())
        assert len(await everything(pages)) == counts[-1]
    assert counts == sorted(counts)
    assert len(set(counts)) > 3
    assert await everything(pages) == await pages.assets(10_000) == list(expected)
    assert not pages.about
    await only_whole(source, text, expected)


async def test_assets_without_results_come_step_by_step_too(source, slowly, monkeypatch):
    monkeypatch.setattr(search_outline, "FEW", 30)
    text = f"untagged path:{609 * 37 % NUMBER:04}"
    pages = source.assets(AssetView.ALL, text)
    assert await pages.count() == 0
    assert pages.looked < 1.0
    while pages.looked < 1.0:
        await pages.look_on()
    assert await everything(pages) == [610]
    await only_whole(source, text, [610])


async def only_whole(source, text, expected):
    """What is turned round or sorted is shown when it is whole."""
    assert await everything(source.assets(AssetView.ALL, text, Order.BACK)) == list(expected)[::-1]
    source.forget_found()
    by_size = source.assets(AssetView.ALL, text, Order.SIZE)
    assert await by_size.count() == len(expected)


async def test_what_comes_meanwhile_is_found_too(source, slowly):
    pages = source.assets(AssetView.ALL, "after:2020-01-01 colours:oak")
    await pages.count()
    while pages.looked < 0.5:
        await pages.look_on()
    await commit(source.lib, Group(results=[result(await source.shown_track(), 650)]))
    await indexer.catch_up(source.lib)
    while pages.looked < 1.0:
        await pages.count()
        await pages.look_on()
    assert (await everything(pages))[:2] == [650, 600]
    tags = {one.bucket: one for one in await source.facets("after:2020-01-01 colours:oak")}
    assert tags["colours"].values[0].count == await pages.count() == 516


async def test_tags_of_a_part_are_said_to_be_about(source, slowly):
    pages = source.assets(AssetView.ALL, "after:2020-01-01 colours:red")
    while not await pages.count():
        await pages.look_on()
    assert not any(one.exact for one in await source.facets("after:2020-01-01 colours:red"))
    for one in await facets.narrowed(source.lib, "after:2020-01-01 colours:red"):
        assert one.exact
        assert one.values[0].count == 85


async def test_failures_are_counted_where_they_lie(source, monkeypatch):
    track = await source.shown_track()
    bad = [NewFailure(n, track, FailureKind.SAFETY, "no", Standing.KNOWN_BAD, 9.0)
           for n in range(601, 701)]  # fmt: skip
    await commit(source.lib, Group(failures=bad))
    monkeypatch.setattr(search_outline, "FEW", 50)
    shape = await search_outline.outline(source.lib, "failed", track)
    assert (shape.total, shape.exact) == (100, False)


async def test_short_lists_are_sorted_and_long_ones_say_why_not(source, monkeypatch):
    by_name = source.assets(AssetView.ALL, "", Order.NAME)
    await by_name.count()
    names = [row.path for row in await by_name.page(0, 700)]
    assert names == sorted(names)
    by_cost = source.assets(AssetView.ALL, "kitchen", Order.COST)
    assert await by_cost.count() == 600
    costs = [row.cost_usd for row in await by_cost.page(0, 600)]
    assert costs == sorted(costs, reverse=True)
    by_size = source.assets(AssetView.WAITING, "", Order.SIZE)
    await by_size.count()
    assert [row.asset for row in await by_size.page(0, 3)] == [700, 699, 698]
    assert len(await by_cost.assets(50)) == 50
    monkeypatch.setattr(source_library_found, "MOST_SORTED", 100)
    with pytest.raises(UsageError, match="search or narrow"):
        await source.assets(AssetView.ALL, "", Order.NAME).count()


async def test_facets_follow_the_search(source):
    whole = {facet.bucket: facet.values for facet in await source.facets("")}
    assert whole["subject"][0].count == 600
    narrowed = {facet.bucket: facet.values for facet in await source.facets("colours:red")}
    assert [(value.name, value.count) for value in narrowed["colours"]] == [("red", 85)]
    with pytest.raises(QueryError, match="Nothing is called"):
        await source.check_search("nosuch:red")
    assert await source.check_search('  kitchen  colours:"red" ') == "kitchen colours:red"


async def test_corrections_are_found_and_taken_back(source):
    assert await source.change_tags("add", [1, 2], "subject", ["Sink"]) == 2
    assert await everything(source.assets(AssetView.ALL, "subject:sink")) == [2, 1]
    assert await everything(source.assets(AssetView.ALL, "edited")) == [2, 1]
    made = await source.preview_rename(["subject:kitchen"], "cuisine")
    assert made[0].results == 600
    await source.rename(["subject:kitchen"], "cuisine")
    assert (await source.facets(""))[-1].values[0].name in {"cuisine", "oak"}
    assert "kitchen" in await source.undo_edit()
    assert "add subject: sink" in await source.undo_edit()
    with pytest.raises(UsageError, match="Nothing to undo"):
        await source.undo_edit()
    assert await everything(source.assets(AssetView.ALL, "subject:sink")) == []
    await source.set_summary(3, "Mine")
    assert await everything(source.assets(AssetView.ALL, "mine")) == [3]


async def test_one_model_s_word_is_accepted_over_another_s(source):
    other = await tracks.ensure_track(source.lib, "google", "m2", "p_1", "p", BODY)
    tags = {"subject": ("sink",), "mood": ("calm",)}
    new = result(other, 5, summary="A sink.", tags=tags)
    await commit(source.lib, Group(results=[new], index=100))
    newest, oldest = await source.said(5)
    assert (newest.model, newest.tags["subject"]) == ("m2", ["sink"])
    await source.accept(5, newest, "subject")
    detail = await source.asset(5)
    assert all(found.tags["subject"] == ["sink"] for found in detail.results)
    await source.accept(5, oldest)
    detail = await source.asset(5)
    assert {found.summary for found in detail.results} == {"A kitchen, picture 5."}
    assert all(not found.tags.get("mood") for found in detail.results)
    await source.undo_edit()
    assert (await source.said(5))[0].summary == "A sink."


async def test_exports_hold_what_was_asked_for(source, tmp_path):
    words = await source.export(str(tmp_path / "a.csv"), "", [3, 1, 650])
    assert words.startswith("2 results written to ")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["3", "1"]
    await source.export(str(tmp_path / "b.jsonl"), "colours:red", None)
    assert (tmp_path / "b.jsonl").read_text().count("\n") == 85
    for wrong in ("a.txt", str(tmp_path / "none" / "a.csv")):
        with pytest.raises(UsageError):
            await source.export_path(wrong)


async def test_a_picture_is_made_once_and_a_missing_one_says_why(source, tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    place = tmp_path / "in" / "a.png"
    place.parent.mkdir()
    pillow.new("RGB", (300, 200), (250, 10, 20)).save(place)
    content = Content(b"\7" * 32, "png", 300, 200)
    folder = os.fsencode(place.parent)
    await scans.record(source.lib, [Seen(folder, b"a.png", place.stat().st_size, 1, content)])
    (row,) = await source.assets(AssetView.ALL).page(700, 1) or [None]
    assert row is not None
    shown = await source.picture(row, 32)
    assert (shown.pixels.width, shown.pixels.height) == (32, 21)
    assert shown.pixels.rgb[:3] == bytes([250, 10, 20])
    place.unlink()
    assert await source.picture(row, 32) == shown
    assert (await source.picture(row, 64)).why
    gone = await source.assets(AssetView.ALL).page(0, 1)
    assert (await source.picture(gone[0], 32)).pixels is None


def test_the_cache_keeps_to_its_bound(tmp_path):
    for i in range(20):
        place = tmp_path / f"{i:02}" / "x"
        place.parent.mkdir()
        place.write_bytes(bytes(1000))
        os.utime(place, (i, i))
    assert prune(tmp_path, 20_000) == 0
    assert prune(tmp_path, 10_000) == 12
    left = sorted(path.parent.name for path in tmp_path.glob("??/x"))
    assert left == [f"{i:02}" for i in range(12, 20)]
