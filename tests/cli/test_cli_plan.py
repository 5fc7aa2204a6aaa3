"""`gemtag plan`: its fields, lists, selections, wishes, and a pilot on the simulator."""

from __future__ import annotations

import pytest

LITE = "gemini-3.5-flash-lite"


@pytest.fixture
def scanned(gemtag, pictures):
    assert gemtag("scan", pictures).code == 0
    return gemtag


def test_every_promised_field_is_there_and_more(scanned):
    plan = scanned("plan", "--json").json
    assert (plan["total"], plan["remaining"], plan["known_bad"], plan["duplicates"]) == (8, 7, 1, 1)
    assert plan["known_bad_by_kind"] == {"unreadable": 1}
    assert plan["tokens_per_image"].keys() >= {"prompt", "image", "output", "basis"}
    for lane in plan["lanes"]:
        assert lane["cost_low"] <= lane["cost_usd"] <= lane["cost_high"]
        assert lane["seconds_low"] <= lane["seconds"] <= lane["seconds_high"]
        assert lane.keys() >= {"lane", "available", "binding_limit", "notes", "risk"}
    assert plan["models"][0]["model"] == "gemini-2.5-flash-lite"
    assert sum(part["images"] for part in plan["parts"]) == plan["to_send"] == 7


def test_each_number_opens_its_list(scanned):
    plan = scanned("plan", "--json").json
    for name, number in (
        ("remaining", plan["remaining"]), ("known-bad", plan["known_bad"]), ("unreadable", 1),
        ("duplicates", plan["duplicates"]), ("tagged", 0), ("too-large", 0), ("ignored", 0),
    ):  # fmt: skip
        said = scanned("plan", "--list", name, "--json")
        assert said.code == 0
        assert len(said.lines) == number, name
    bad = scanned("plan", "--list", "known-bad", "--json").lines[0]
    assert bad["path"].endswith("broken.png")
    assert bad["kind"] == "unreadable"
    assert "broken.png" in scanned("plan", "--list", "unreadable").out


def test_wishes_and_selections(scanned, pictures):
    cheap = scanned("plan", "--prefer", "cheapest", "--json").json
    assert cheap["recommended"] in {"flex", "batch"}
    assert "cheapest" in cheap["reason"]
    soon = scanned("plan", "--deadline", "2h", "--budget", "$5", "--json").json
    assert "deadline and the budget" in soon["reason"]
    poor = scanned("plan", "--budget", "0.0001", "--json").json
    assert "No lane tags all of it" in poor["reason"]
    assert scanned("plan", "--first", "3", "--json").json["to_send"] == 3
    assert scanned("plan", "--folder", pictures, "--json").json["to_send"] == 7
    assert scanned("plan", "--folder", pictures / "none", "--json").json["to_send"] == 0
    assert scanned("plan", "--until", "2001-01-01", "--json").json["to_send"] == 0
    assert scanned("plan", "--query", "path:picture", "--json").code == 0
    high = scanned("plan", "--resolution", "high", "--json").json
    assert high["tokens_per_image"]["image"] == 1120


@pytest.mark.parametrize(
    "words", [("--deadline", "soon"), ("--since", "never"), ("--budget", "-1"), ("--list", "x")]
)
def test_what_is_no_wish_is_refused(scanned, words):
    assert scanned("plan", *words).code == 2


def test_words_for_people_say_it_all(scanned):
    said = scanned("plan")
    assert said.code == 0
    for part in ("Recommended:", "Tokens an image:", "Known bad: 1 unreadable", "Caching"):
        assert part in said.out


def test_a_pilot_shows_its_budget_tags_a_sample_and_says_what_it_told(with_key, pictures):
    assert with_key("scan", pictures).code == 0
    said = with_key("plan", "--pilot", "4", "--max-cost", "1", "--json")
    assert said.code == 0
    assert "at most $1.00" in said.err
    told, plan = said.json["pilot"], said.json["plan"]
    assert (told["images"], told["tagged"]) == (4, 4)
    assert told["tokens_in"]["low"] <= told["tokens_in"]["likely"] <= told["tokens_in"]["high"]
    assert told["cost_usd"]["likely"] > 0
    assert told["seconds"]["low"] <= told["seconds"]["high"]
    assert plan["tagged"] == 4
    assert plan["tokens_per_image"]["basis"] == "pilot of 4"
    assert (plan["provider"], plan["lanes"][-1]["lane"]) == ("simulator", "simulator")
    again = with_key("plan", "--pilot", "50")
    assert again.code == 0
    assert "Pilot: 3 of 3 images tagged." in again.out
    assert with_key("plan", "--pilot", "5").code == 0  # nothing remains


def test_a_count_is_kept_until_model_or_resolution_change_and_gives_way_to_a_pilot(
    with_key, pictures
):
    assert with_key("scan", pictures).code == 0
    ruled = with_key("plan", "--json").json["tokens_per_image"]
    said = with_key("plan", "--count", "3", "--json")
    assert said.code == 0
    assert "Counted over 3 pictures: " in said.err
    counted = said.json["tokens_per_image"]
    assert counted["basis"] == "counted over 3"
    assert counted["prompt"] != ruled["prompt"]
    assert counted["output"] == ruled["output"]  # an answer cannot be counted before it is there
    assert with_key("plan", "--json").json["tokens_per_image"] == counted
    high = with_key("plan", "--resolution", "high", "--json").json["tokens_per_image"]
    assert high["basis"] == "rule"
    high = with_key("plan", "--resolution", "high", "--count", "--json").json["tokens_per_image"]
    assert high["basis"] == "counted over 7"
    assert (
        with_key("plan", "--model", "gemini-3.1-flash-lite", "--json").json["tokens_per_image"][
            "basis"
        ]
        == "rule"
    )
    assert with_key("plan", "--pilot", "2", "--json").code == 0
    assert with_key("plan", "--json").json["tokens_per_image"]["basis"] == "pilot of 2"


def test_a_count_needs_a_key_and_says_so(scanned):
    said = scanned("plan", "--count")
    assert said.code == 2
    assert "Counting asks the API, and no API key was found" in said.err
