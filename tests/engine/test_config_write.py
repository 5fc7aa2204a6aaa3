from __future__ import annotations

import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.config_write import reset_all, reset_value, set_value

COMMENTED = """\
# my settings
model = "gemini-3.8-flash"  # the good one

[limits]
# what AI Studio said
rpm = 60
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "er" / "config.toml"


def fill(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_a_value_is_written_and_read_again(path):
    assert set_value(path, "limits.rpm", " 60 ") == 60
    assert set_value(path, "model", "gemini-3.8-flash") == "gemini-3.8-flash"
    assert set_value(path, "limits.tier", "free") == "free"
    loaded = load_settings(path, {})
    assert loaded.settings.limits.rpm == 60
    assert loaded.settings.limits.tier == "free"
    assert loaded.origin("limits.rpm") == "config"


def test_files_and_folders_belong_to_their_user_alone(path):
    set_value(path, "limits.rpm", "60")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_comments_and_order_stay(path):
    fill(path, COMMENTED)
    set_value(path, "limits.rpm", "90")
    set_value(path, "budget.run", "2.5")
    text = path.read_text("utf-8")
    assert text.startswith(COMMENTED.replace("60", "90"))
    assert load_settings(path, {}).settings.budget.run == 2.5


def test_reset_takes_a_value_out_and_keeps_the_rest(path):
    fill(path, COMMENTED)
    assert reset_value(path, "limits.rpm")
    assert not reset_value(path, "limits.rpm")
    assert "# what AI Studio said" in path.read_text("utf-8")
    assert load_settings(path, {}).settings == Settings(model="gemini-3.8-flash")


def test_a_table_and_everything_can_be_reset(path):
    fill(path, COMMENTED + "tpm = 5\n")
    assert reset_value(path, "limits")
    assert reset_all(path) == 1
    assert load_settings(path, {}).settings == Settings()
    assert reset_all(path) == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("limits.rpm", "-1", "0 or more"),
        ("limits.rpm", "many", "whole number"),
        ("limits.rmp", "1", "Did you mean limits.rpm"),
        ("limits", "1", "no setting"),
        ("model", "", "model"),
        ("budget.run", "inf", "a number"),
    ],
)
def test_nothing_is_written_for_a_value_of_no_use(path, name, value, words):
    with pytest.raises(SettingsError, match=words):
        set_value(path, name, value)
    assert not path.exists()


@pytest.mark.parametrize("broken", ["model = ", "[limits\nrpm = 1", "unheard = 1"])
def test_a_broken_file_is_left_as_it_is(path, broken):
    fill(path, broken)
    with pytest.raises(SettingsError):
        set_value(path, "limits.rpm", "60")
    assert path.read_text("utf-8") == broken


def test_a_bad_value_in_the_file_can_be_mended(path):
    fill(path, "[limits]\nrpm = -5\n")
    with pytest.raises(SettingsError):
        set_value(path, "model", "m")
    assert reset_value(path, "limits.rpm")
    assert load_settings(path, {}).settings == Settings()


def test_a_linked_file_stays_a_link(tmp_path):
    real = tmp_path / "real.toml"
    fill(real, "# mine\n")
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    set_value(link, "limits.rpm", "7")
    assert link.is_symlink()
    assert "rpm = 7" in real.read_text("utf-8")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    fill(path, COMMENTED)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        set_value(path, "limits.rpm", "90")
    assert path.read_text("utf-8") == COMMENTED
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(max_size=40))
def test_any_text_set_as_profile_comes_back_the_same_or_is_refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.unlink(missing_ok=True)
    try:
        set_value(path, "profile", text)
    except SettingsError:
        assert not path.exists()
        return
    assert load_settings(path, {}).settings.profile == text.strip()
