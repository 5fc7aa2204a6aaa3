"""The shorter update must put the same signs in the same styles on a terminal as Textual's own."""

from __future__ import annotations

import re
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from gemtag_tui.tui.narrow import NarrowUpdate

WIDTH = 24
CONSOLE = SimpleNamespace(_color_system=ColorSystem.TRUECOLOR)
TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\n|([^\x1b\n])")
STYLES = [
    Style.parse(words)
    for words in (
        "#ff0000 on #000010",
        "bold #00ff00 on #000010",
        "#0000ff",
        "reverse",
        "on #222222",
        "",
    )
]
segments = st.tuples(st.text("ab█● 家", min_size=1, max_size=6), st.sampled_from(STYLES)).map(
    lambda pair: Segment(*pair)
)


def played(written: str, screen: dict[tuple[int, int], tuple[str, str]]) -> dict:
    """What a terminal shows after this was written to it."""
    x = y = 0
    state = {"attributes": "", "38": "", "48": ""}
    for row, column, sgr, char in TOKEN.findall(written):
        if row:
            x, y = int(column) - 1, int(row) - 1
        elif char:
            screen[x, y] = (char, str(sorted(state.items())))
            x += cell_len(char)
        elif sgr:
            take(sgr.split(";"), state)
    return screen


def take(codes: list[str], state: dict[str, str]) -> None:
    while codes:
        code = codes.pop(0)
        if code in {"38", "48"}:
            state[code] = ";".join(codes[:4])
            del codes[:4]
        elif code == "0":
            state.update({"attributes": "", "38": "", "48": ""})
        else:
            state["attributes"] += code


@given(st.lists(st.lists(segments, min_size=1, max_size=6), min_size=1, max_size=4), st.data())
def test_the_same_picture_in_no_more_bytes(rows, data):
    chops, ends, whole = [], [], {}
    for row in rows:
        strip = Strip(row).adjust_cell_length(WIDTH, STYLES[0])
        cut = data.draw(st.integers(1, WIDTH - 1))
        parts = strip.divide([cut, WIDTH])
        chops.append({0: parts[0], cut: parts[1]})
        ends.append([cut, WIDTH])
    everything = ChopsUpdate(chops, [(y, 0, WIDTH) for y in range(len(rows))], ends)
    played(everything.render_segments(CONSOLE), whole)
    spans = []
    for y in range(len(rows)):
        first = data.draw(st.integers(0, WIDTH - 1))
        spans.append((y, first, data.draw(st.integers(first + 1, WIDTH))))
    update = ChopsUpdate(chops, spans, ends)
    narrow = NarrowUpdate(update).render_segments(CONSOLE)
    drawn = played(narrow, {})
    for (x, y), cell in drawn.items():
        first, last = spans[y][1:]
        assert first <= x < last
        if (x, y) in whole and cell[0] != " ":
            assert cell == whole[x, y]
    for y, first, last in spans:
        covered = {
            x + i for (x, row), (c, _) in drawn.items() if row == y for i in range(cell_len(c))
        }
        assert covered == set(range(first, last))
    *_, (sign, style) = played(narrow + "Z", {}).values()
    assert (sign, style) == ("Z", *played("a", {})[0, 0][1:])
