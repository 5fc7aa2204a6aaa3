"""CSV: no cell is a formula, and every cell can be read back."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.exported import Exported
from gemtag_tui.interop.jsonl import JsonLines
from gemtag_tui.interop.table import COLUMNS, Table, guarded, unguarded

STARTS = "=+-@\t\r\n＝＋－＠"
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


def row(**more) -> Exported:
    plain = Exported(
        7, 3, b"\x01" * 32, "google", "m", "p_1", "default", "a car", '{"subject":["car"]}',
        "batch", "m-001", 0.001, 1_790_000_000.5, 0, b"/pics/a.jpg",
    )  # fmt: skip
    return plain._replace(**more)


def written(form, rows) -> bytes:
    file = io.BytesIO()
    writer = form(file)
    writer.write(rows)
    writer.close()
    return file.getvalue()


@given(
    st.one_of(text, st.builds(str.__add__, st.sampled_from([*STARTS, "'", " =", "\ufeff="]), text))
)
def test_a_guarded_cell_is_no_formula_and_comes_back(cell):
    safe = guarded(cell)
    assert unguarded(safe) == cell
    assert safe.lstrip()[:1] not in set(STARTS)


@pytest.mark.parametrize(
    "start", ["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "\r=1", "  =1", "＝1", "'x"]
)
def test_what_a_spreadsheet_would_run_is_text(start):
    assert guarded(start) == "'" + start
    assert guarded("plain = " + start) == "plain = " + start


@given(st.lists(st.tuples(text, st.dictionaries(text, st.lists(text, max_size=3), max_size=3))))
def test_the_table_and_the_lines_read_back(results):
    rows = [row(summary=s, tags=json.dumps(t, ensure_ascii=False)) for s, t in results]
    table = list(csv.DictReader(io.StringIO(written(Table, rows).decode(), newline="")))
    lines = [json.loads(line) for line in written(JsonLines, rows).splitlines()]
    assert len(table) == len(lines) == len(rows)
    for cells, line, (summary, tags) in zip(table, lines, results, strict=True):
        assert tuple(cells) == COLUMNS
        assert unguarded(cells["summary"]) == line["summary"] == summary
        assert json.loads(cells["tags_json"]) == line["tags"] == tags


def test_a_path_that_is_no_utf8_is_whole_in_hex():
    odd = row(path=b"/pics/caf\xe9\n=1.jpg", sha256=None, missing=1)
    (line,) = [json.loads(one) for one in written(JsonLines, [odd]).splitlines()]
    assert bytes.fromhex(line["path_bytes"]) == odd.path
    assert (line["path"], line["sha256"], line["missing"]) == ("/pics/caf\\xe9\n=1.jpg", None, True)
    (cells,) = csv.DictReader(io.StringIO(written(Table, [odd]).decode(), newline=""))
    assert bytes.fromhex(cells["path_bytes"]) == odd.path


def test_tags_that_a_hand_put_on_two_lines_stay_one_line():
    data = written(JsonLines, [row(tags='{"a":\n ["b"]}')])
    assert data.count(b"\n") == 1
    assert json.loads(data)["tags"] == {"a": ["b"]}
