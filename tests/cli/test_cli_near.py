"""Near-duplicates from the files to the exports, against the simulator."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

import pytest
from PIL import Image, ImageDraw

from gemtag_tui.cli import demo_parts

PICTURES, COPIES = 10, 3
ON = "[images]\nnear_duplicates = true\n[batch]\npoll_seconds = 0.05\nlookup_seconds = 0.2\n"


def scene(seed):
    """Blobs of colour, as different by seed as photographs are."""
    chance = random.Random(seed)

    def colour():
        return tuple(chance.randrange(256) for _ in range(3))

    picture = Image.new("RGB", (480, 320), colour())
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y, w, h = (chance.randrange(40, most) for most in (480, 320, 240, 160))
        draw.ellipse((x - w, y - h, x + w, y + h), fill=colour())
    return picture


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Ten pictures, each with three copies: smaller, in another format, and encoded anew."""
    folder = tmp_path_factory.mktemp("album")
    for number in range(PICTURES):
        picture = scene(number)
        picture.save(folder / f"{number}.png")
        picture.resize((240, 160)).save(folder / f"{number}-small.jpg", quality=80)
        picture.resize((360, 240)).save(folder / f"{number}-web.webp", quality=70)
        picture.resize((420, 280)).save(folder / f"{number}-again.jpg", quality=60)
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    faults = tmp_path_factory.mktemp("near") / "faults.json"
    batches = {"pending_seconds": 0.2, "running_seconds": 0.4}
    faults.write_text(json.dumps({"batches": batches}), "utf-8")
    with demo_parts.simulator(faults) as found:
        yield found


@pytest.fixture
def near(gemtag, address, tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", address)
    monkeypatch.setenv("GEMINI_API_KEY", "any-key-will-do")
    (tmp_path / "config.toml").write_text(ON)
    return gemtag


def calls(tmp_path):
    with closing(sqlite3.connect(tmp_path / "library.db")) as db:
        return db.execute("SELECT coalesce(sum(requests), 0) FROM request_ledger").fetchone()[0]


def adds_up(state):
    return state["total"] == sum(state[n] for n in ("tagged", "remaining", "known_bad", "ignored"))


@pytest.mark.parametrize("lane", ["interactive", "batch"])
def test_one_of_each_group_is_paid_for_and_all_are_tagged(near, album, tmp_path, lane):
    scan = near("scan", album, "--json").json
    assert (scan["near_groups"], scan["near_duplicates"]) == (PICTURES, PICTURES * COPIES)
    plan = near("plan", "--json").json
    assert (plan["total"], plan["remaining"], plan["to_send"]) == (40, 40, PICTURES)
    assert (plan["near_duplicates"], plan["near_waiting"]) == (30, 30)
    assert plan["near_saves_usd"] > 0
    groups = near("plan", "--list", "near", "--json").lines
    assert len(groups) == 40
    leaders = [one for one in groups if one["id"] == one["leader"]]
    assert all(one["path"].endswith(".png") and one["distance"] == 0 for one in leaders)

    end = near("run", "--lane", lane, "--json").lines[-1]
    assert adds_up(end)
    assert (end["tagged"], end["remaining"], end["near_waiting"]) == (40, 0, 0)
    assert calls(tmp_path) == PICTURES
    found = near("search", "--json").lines
    assert len(found) == 40
    own = [one for one in found if one["inherited_from"] is None]
    assert {one["id"] for one in own} == {one["id"] for one in leaders}
    for one in found:
        if one["inherited_from"] is not None:
            (source,) = [other for other in own if other["id"] == one["inherited_from"]]
            assert (one["cost_usd"], one["tags"]) == (0.0, source["tags"])
            assert one["served_model"] == source["served_model"]
    near("export", "jsonl", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sum(one["inherited_from"] is not None for one in rows) == PICTURES * COPIES
    heir = next(one for one in rows if one["inherited_from"] is not None)
    assert "inherited from near-duplicate" in near("show", str(heir["id"])).out

    assert near("run", "--json").lines[-1]["cost_usd"] == 0
    assert calls(tmp_path) == PICTURES


def test_results_that_were_there_go_to_the_copies_once_it_is_asked_for(near, album, tmp_path):
    (tmp_path / "config.toml").write_text("")
    originals = sorted(album.glob("*.png"))
    assert near("scan", *originals, "--json").json["near_duplicates"] == 0
    near("run", "--lane", "interactive")
    assert calls(tmp_path) == PICTURES
    near("scan", album)
    assert near("plan", "--json").json["to_send"] == PICTURES * COPIES
    said = near("scan", "--near", "--json")
    assert said.json == {"near_groups": 10, "near_duplicates": 30, "near_looked": 40}
    state = near("status", "--json").json
    assert (state["tagged"], state["remaining"]) == (40, 0)
    assert calls(tmp_path) == PICTURES
    near("run")  # the setting is off, but a person asked for these groups
    assert calls(tmp_path) == PICTURES


def test_breaking_up_frees_the_copies_and_retag_pays_for_them(near, album, tmp_path):
    near("scan", album)
    groups = near("near", "list", "--json").lines
    first, second = sorted({one["leader"] for one in groups})[:2]
    assert near("near", "break", str(first)).code == 0
    assert near("plan", "--json").json["to_send"] == PICTURES + COPIES
    near("run", "--lane", "interactive")
    assert calls(tmp_path) == PICTURES + COPIES
    assert near("near", "break", str(second), "--retag").code == 0
    state = near("status", "--json").json
    assert (state["tagged"], state["remaining"], state["near_waiting"]) == (37, 3, 0)
    assert near("scan", album, "--json").json["near_groups"] == PICTURES - 2
    assert near("near", "rejoin", "--all").code == 0
    assert near("scan", album, "--json").json["near_groups"] == PICTURES
    assert near("near", "break", "999").code == 2
    assert near("near", "break").code == 2


def test_turned_off_the_copies_are_to_be_sent_at_once_in_the_plan_and_then_in_fact(
    near, album, tmp_path
):
    near("scan", album)
    assert near("config", "set", "images.near_duplicates", "false").code == 0
    plan = near("plan", "--json").json
    assert (plan["to_send"], plan["near_waiting"]) == (40, 0)
    assert any("off now" in words for words in plan["warnings"])
    near("run", "--lane", "interactive", "--limit", "1")
    assert near("status", "--json").json["near_waiting"] == 0
    assert near("near", "list", "--json").out == ""


def test_it_is_off_unless_somebody_wants_it(near, album, tmp_path):
    (tmp_path / "config.toml").write_text("")
    scan = near("scan", album, "--json").json
    assert (scan["near_groups"], scan["near_duplicates"]) == (0, 0)
    assert near("plan", "--json").json["to_send"] == 40
    with closing(sqlite3.connect(tmp_path / "library.db")) as db:
        assert db.execute("SELECT count(*) FROM near_look").fetchone() == (0,)
