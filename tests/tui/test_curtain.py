"""The first lines, before Textual is there."""

import contextlib
import io
import sqlite3
import subprocess
import sys
from pathlib import Path

from gemtag_tui.store.schema import APPLICATION_ID
from gemtag_tui.tui import curtain


def test_a_missing_library_still_draws_the_frame(tmp_path: Path) -> None:
    out = io.StringIO()
    curtain.draw(tmp_path / "no.db", out)
    text = out.getvalue()
    assert text.startswith("\x1b[?1049h")
    assert "1 Plan" in text.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "idle" in text


def test_an_older_library_says_why_it_takes_longer(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE file (id INTEGER)")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
    out = io.StringIO()
    curtain.draw(path, out)
    assert "being brought up to date" in out.getvalue()
    new = io.StringIO()
    curtain.draw(tmp_path / "no.db", new)
    assert "being brought up to date" not in new.getvalue()


def test_a_hostile_library_name_is_made_plain(tmp_path: Path) -> None:
    out = io.StringIO()
    curtain.draw(tmp_path / "a\x1b[2Jb.db", out)
    assert "\x1b[2Jb" not in out.getvalue()


def test_ascii_only(tmp_path: Path) -> None:
    out = io.StringIO()
    curtain.draw(tmp_path / "no.db", out, ascii_only=True)
    assert out.getvalue().isascii()


def test_lifting_gives_the_first_screen_back() -> None:
    out = io.StringIO()
    curtain.lift(out)
    assert out.getvalue() == "\x1b[?1049l"


def test_it_needs_no_textual() -> None:
    code = "import sys, gemtag_tui.tui.wiring; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
