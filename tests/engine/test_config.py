from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.settings import Settings, Tier
from gemtag_tui.engine.config import (
    describe,
    environment_name,
    get_value,
    load_settings,
)
from gemtag_tui.engine.config_fields import field_types


def written(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_anything_the_defaults_hold(tmp_path):
    loaded = load_settings(tmp_path / "config.toml", {})
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.origins) == set(field_types())


def test_each_layer_is_stronger_than_the_one_below(tmp_path):
    path = written(tmp_path, 'model = "a"\nconcurrency = 1\nlane = "flex"\n[limits]\nrpm = 1\n')
    environ = {"GEMTAG_MODEL": "b", "GEMTAG_LIMITS__RPM": "2", "GEMTAG_CONCURRENCY": "2"}
    loaded = load_settings(path, environ, {"concurrency": 3, "model": None})
    assert (loaded.settings.lane, loaded.settings.model, loaded.settings.concurrency) == (
        "flex",
        "b",
        3,
    )
    assert loaded.settings.limits.rpm == 2
    assert loaded.origin("lane") == "config"
    assert loaded.origin("limits.rpm") == "environment"
    assert loaded.origin("concurrency") == "command line"
    assert loaded.origin("profile") == "default"


def test_the_places_of_files_are_no_settings_and_an_empty_variable_says_nothing():
    environ = {"GEMTAG_LIBRARY": "x", "GEMTAG_CONFIG": "y", "GEMTAG_MODEL": " "}
    assert load_settings(None, environ).settings == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle = 'x'", ["modle", "Did you mean model?"]),
        ("[limits]\nrmp = 3", ["limits.rmp", "Did you mean limits.rpm?"]),
        ("rpm = 3", ["'rpm'", "Did you mean limits.rpm?"]),
        ("model = 'x'\n\n[limits]\nrpm = -1", ["line 4", "limits.rpm", "whole number, 0 or more"]),
        ("concurrency = 1.5", ["concurrency", "from 0 to 1,000"]),
        ("concurrency = true", ["whole number"]),
        ("[limits]\ntier = 'gold'", ["one of free, tier1, tier2, tier3"]),
        ("lane = 'slow'", ["one of auto, interactive, flex, batch"]),
        ("[budget]\nrun = nan", ["budget.run", "a number, 0 or more"]),
        ("[budget]\nrun = inf", ["budget.run"]),
        ("limits = 3", ["table of settings", "limits.tier"]),
        ("model = \nlane = 1", ["not valid TOML", "line 1"]),
        ("model = ''", ["model"]),
        ("[nothing]\nx = 1", ["nothing"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right(tmp_path, text, words):
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    assert "config.toml" in caught.value.message
    for word in words:
        assert word in caught.value.message


def test_a_wrong_variable_is_named_and_the_right_one_too():
    with pytest.raises(SettingsError, match="GEMTAG_LIMITS__RPM"):
        load_settings(None, {"GEMTAG_LIMITS__RMP": "3"})


def test_a_file_that_is_not_there_says_nothing(tmp_path):
    loaded = load_settings(tmp_path / "none.toml", {})
    assert loaded.settings == Settings()
    assert loaded.path == tmp_path / "none.toml"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 1_100_000])
def test_what_is_no_settings_file_is_refused(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"config\.toml"):
        load_settings(path, {})


def test_control_signs_of_a_name_never_reach_the_message(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, '"\\u001b[31mx" = 1'), {})
    assert "\x1b" not in caught.value.message


def test_words_for_true_and_false_are_understood():
    environ = {"GEMTAG_SCREEN__MOUSE": "off", "GEMTAG_SCREEN__ASCII": "Yes"}
    screen = load_settings(None, environ).settings.screen
    assert (screen.mouse, screen.ascii) == (False, True)


def test_every_setting_is_described():
    fields = describe()
    assert [one.name for one in fields] == list(field_types())
    assert [one.name for one in fields if not one.doc or not one.type] == []
    by_name = {one.name: one for one in fields}
    assert by_name["limits.tier"].choices == ("free", "tier1", "tier2", "tier3")
    assert by_name["limits.tier"].default == "tier1"
    assert by_name["limits.rpm"].doc == "Requests per minute."


def test_the_names_scripts_rely_on_are_there():
    promised = [
        "model",
        "profile",
        "concurrency",
        "limits.tier",
        "limits.rpm",
        "limits.tpm",
        "limits.rpd",
        "limits.spend_per_10min",
        "budget.run",
        "budget.day",
        "budget.month",
        "batch.poll_seconds",
        "batch.max_file_bytes",
        "batch.max_requests",
        "batch.max_enqueued_tokens",
    ]
    assert set(promised) <= set(field_types())


@given(st.sampled_from(sorted(field_types())), st.integers(0, 2_000_000_000))
def test_the_environment_takes_what_the_struct_takes_and_nothing_else(name, number):
    """Whatever the loader lets through is a value that the settings' own types accept."""
    try:
        loaded = load_settings(None, {environment_name(name): str(number)})
    except SettingsError:
        return
    assert loaded.origin(name) == "environment"
    again = msgspec.convert(msgspec.to_builtins(loaded.settings), Settings)
    assert get_value(again, name) == get_value(loaded.settings, name)


def test_enums_are_plain_values_outside():
    settings = load_settings(None, {"GEMTAG_LIMITS__TIER": "free"}).settings
    assert settings.limits.tier is Tier.FREE
    assert get_value(settings, "limits.tier") == "free"
    with pytest.raises(KeyError):
        get_value(settings, "limits.tires")
