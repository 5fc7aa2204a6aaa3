from __future__ import annotations

import stat
from pathlib import Path

from gemtag_tui.engine.paths import (
    config_path,
    default_config,
    default_library,
    library_path,
    log_folder,
    make_private,
)


def test_what_is_given_stands_before_the_environment_and_that_before_the_default(tmp_path):
    environ = {"GEMTAG_LIBRARY": str(tmp_path / "e.db"), "GEMTAG_CONFIG": str(tmp_path / "e.toml")}
    assert library_path(tmp_path / "given.db", environ) == tmp_path / "given.db"
    assert library_path(None, environ) == tmp_path / "e.db"
    assert library_path(None, {}) == default_library()
    assert config_path("~/c.toml", environ) == Path.home() / "c.toml"
    assert config_path(None, environ) == tmp_path / "e.toml"
    assert config_path(None, {}) == default_config()


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert library_path("l.db", {}) == tmp_path / "l.db"


def test_logs_of_a_library_elsewhere_lie_beside_it(tmp_path):
    assert log_folder(tmp_path / "photos.db") == tmp_path / "photos-logs"
    assert log_folder(default_library()) != default_library().parent / "library-logs"


def test_folders_that_are_made_are_private_and_others_stay(tmp_path):
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    make_private(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == before
