"""The kept sums of what images look like say what is in the tables, and agree with core's rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_kit import HandClock, add, opened, sha

from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.plan_shape import shrunk, tiles
from gemtag_tui.store import plan_facts, scans
from gemtag_tui.store.scans import Broken, Content, Seen

SIZES = [(0, 0), (384, 384), (385, 100), (736, 1104), (1536, 1152), (4000, 3000), (3000, 12000)]


def seen(name: str, width: int, height: int, size: int = 1000, kind: str = "jpeg", content=None):
    found = Content(sha(content or (name, size)), kind, width, height)
    return Seen(b"/pics", name.encode(), size, 1, found)


async def recounted(lib):
    return await lib.rows(
        "SELECT s.type, s.side, s.heavy, count(*), sum(s.bytes), sum(s.pixels), sum(s.tiles), "
        "sum(s.tiles_small) FROM asset a JOIN asset_shape s ON s.id = a.id "
        "WHERE a.files > 0 AND a.bad = 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


async def kept(lib):
    return await lib.rows("SELECT * FROM shape WHERE assets > 0 ORDER BY type, side, heavy")


async def test_sums_follow_files_that_come_change_break_and_go(tmp_path):
    lib = await opened(tmp_path, HandClock())
    async with lib:
        await add(lib, *(seen(f"{n}.jpg", w, h, 10**n) for n, (w, h) in enumerate(SIZES)))
        await add(lib, seen("copy.jpg", *SIZES[3], 10**3, content=("3.jpg", 10**3)))
        assert [tuple(r) for r in await kept(lib)] == [tuple(r) for r in await recounted(lib)]
        assert sum(one.assets for one in await plan_facts.shapes(lib)) == len(SIZES)
        await add(lib, seen("1.jpg", 5000, 100, 77))  # another content now
        broken = Broken(FailureKind.UNREADABLE, "cut", sha(2))
        await add(lib, Seen(b"/pics", b"2.jpg", 5, 9, broken))
        await add(lib, seen("png.png", 900, 900, 8_000_000, "png"))
        again = Content(sha(("png.png", 8_000_000)), "png", 901, 20)  # looked at better
        await scans.record(lib, [Seen(b"/pics", b"png.png", 8_000_000, 1, again)])
        assert [tuple(r) for r in await kept(lib)] == [tuple(r) for r in await recounted(lib)]
        assert sum(one.assets for one in await plan_facts.shapes(lib)) == len(SIZES)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_view_counts_tiles_as_core_does(tmp_path, width, height):
    lib = await opened(tmp_path, HandClock())
    async with lib:
        await add(lib, seen("a.jpg", width, height))
        (row,) = await lib.rows("SELECT tiles, tiles_small FROM asset_shape")
    assert row[0] == tiles(width, height)
    assert row[1] == tiles(*shrunk(width, height, 1536))


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_tiles_are_those_of_the_models_rule(width, height):
    rules = rules_for("gemini-2.5-flash-lite")
    assert tiles(width, height) * 258 == rules.image_tokens("default", width, height)
