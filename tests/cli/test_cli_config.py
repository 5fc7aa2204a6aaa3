from __future__ import annotations


def test_set_get_list_and_reset(gemtag, tmp_path):
    assert gemtag("config", "set", "limits.rpm", "60").code == 0
    assert gemtag("config", "get", "limits.rpm").out == "60\n"
    one = gemtag("config", "get", "limits.rpm", "--json").json
    assert (one["value"], one["origin"], one["default"]) == (60, "config", 0)
    changed = gemtag("config", "list", "--changed", "--json").lines
    assert [row["name"] for row in changed] == ["limits.rpm"]
    assert gemtag("config", "reset", "limits.rpm").code == 0
    assert gemtag("config", "get", "limits.rpm").out == "0\n"
    assert gemtag("config", "reset", "--all").code == 0


def test_every_setting_is_listed_with_its_words(gemtag):
    rows = gemtag("config", "list", "--json").lines
    assert {"model", "limits.rpm", "screen.theme"} <= {row["name"] for row in rows}
    assert all(row["doc"] for row in rows)


def test_what_the_environment_overrules_is_said(gemtag, monkeypatch):
    monkeypatch.setenv("GEMTAG_LIMITS__RPM", "5")
    assert "GEMTAG_LIMITS__RPM" in gemtag("config", "set", "limits.rpm", "60").err
    assert gemtag("config", "get", "limits.rpm").out == "5\n"


def test_mistakes_end_with_2(gemtag):
    assert gemtag("config", "set", "limits.rpm", "many").code == 2
    assert gemtag("config", "get", "rpm").code == 2
    assert gemtag("config", "reset").code == 2
    assert gemtag("config", "reset", "nothing").code == 2
