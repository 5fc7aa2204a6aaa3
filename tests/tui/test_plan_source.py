"""What a start from the plan's screen takes along of a real library."""

from __future__ import annotations

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.plan_values import Selection
from gemtag_tui.store import scans
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.tui.library_source import LibrarySource
from gemtag_tui.tui.wanted import PlanOrder

CATS, DOGS = b"/pics/cats", b"/pics/dogs"


@pytest.fixture
async def source(tmp_path, monkeypatch):
    environ = {"GEMINI_API_KEY": "any", "GEMTAG_CONFIG": str(tmp_path / "config.toml")}
    async with LibrarySource.open(tmp_path / "l.db", None, environ) as made:
        for first, folder in ((1, CATS), (41, DOGS)):
            content = [
                Content(n.to_bytes(32, "big"), "jpeg", 64, 48) for n in range(first, first + 40)
            ]
            files = [Seen(folder, b"%d.jpg" % n, 100, 1, one) for n, one in enumerate(content)]
            await scans.record(made.lib, files)
        made.asked = []

        async def start(args, environ=None) -> int:
            made.asked.append(list(args))
            return 4711

        monkeypatch.setattr(made, "start", start)
        yield made


async def chosen(source, order: PlanOrder) -> list[int]:
    assert await source.start_plan(["--lane", "flex"], order) == 4711
    words = source.asked[-1]
    assert words[:3] == ["--lane", "flex", "--selection"]
    sql = "SELECT asset FROM selection_item WHERE selection = ? ORDER BY asset"
    return [row[0] for row in await source.lib.rows(sql, (int(words[3]),))]


async def test_all_that_remains_needs_no_list(source):
    await source.start_plan(["--lane", "flex"], PlanOrder())
    assert source.asked == [["--lane", "flex"]]


async def test_a_folder_is_kept_as_a_list(source):
    assert await chosen(source, PlanOrder(selection=Selection(folder=DOGS))) == [*range(41, 81)]


async def test_a_random_sample_is_kept_as_a_list(source):
    some = await chosen(source, PlanOrder(size=12, seed=3))
    assert len(some) == len(set(some)) <= 12
    assert some != [*range(1, 13)]
    of_dogs = await chosen(source, PlanOrder(selection=Selection(folder=DOGS), size=12, seed=3))
    assert len(of_dogs) == 12
    assert set(of_dogs) <= {*range(41, 81)}


async def test_nothing_chosen_is_said(source):
    order = PlanOrder(selection=Selection(folder=b"/elsewhere"))
    with pytest.raises(UsageError, match="Nothing that is chosen remains"):
        await source.start_plan([], order)
