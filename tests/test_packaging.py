"""What is shipped: everything that runs from a checkout runs from a wheel."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import gemtag_tui
from gemtag_tui.tui.theme import style_paths

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from the checkout, with the tools that are installed."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def data_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_styles_are_in_the_wheel_as_they_are_in_the_checkout(wheel):
    prefix = "gemtag_tui/styles/"
    shipped = {
        n.removeprefix(prefix): wheel.read(n) for n in wheel.namelist() if n.startswith(prefix)
    }
    assert shipped == data_files(ROOT / "styles")
    assert any(name.endswith(".tcss") for name in shipped)


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    package = data_files(ROOT / "gemtag_tui")
    names = set(wheel.namelist())
    assert {f"gemtag_tui/{name}" for name in package} <= names
    assert "gemtag_tui/store/migrations/0001_library.sql" in names
    assert "gemtag_tui/core/default_profile.toml" in names
    assert "gemtag_tui/py.typed" in names


def test_tests_are_not_installed(wheel):
    assert not [name for name in wheel.namelist() if name.startswith(("tests/", "benchmarks/"))]


def test_versions_agree():
    assert PROJECT["version"] == gemtag_tui.__version__
    assert metadata.version("gemtag") == gemtag_tui.__version__


def test_the_readme_has_the_commands_that_ci_runs():
    text = (ROOT / "README.md").read_text("utf-8")
    for mark in ("<!-- ci:demo -->\n```", "<!-- ci:test -->\n```"):
        assert mark in text


def test_the_terms_are_there():
    assert PROJECT["license"] == "MIT"
    assert "MIT License" in (ROOT / "LICENSE").read_text("utf-8")


def test_every_stylesheet_is_loaded():
    """A new one that nobody names would lie there without effect."""
    assert {path.name for path in map(Path, style_paths())} == set(data_files(ROOT / "styles"))
