"""Commands from people and scripts to the engine, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.text import storable

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

STALE = "no engine was running"
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Command:
    """An open command. `verb` is pause, resume, stop, lane, concurrency or reload."""

    id: int
    at: float
    who: str
    verb: str
    argument: str


async def send(lib: Library, verb: str, argument: str = "", who: str = "") -> int:
    """Leave a command for the engine and return its id.

    Raises:
        LibraryError: when the library cannot be written.
    """
    row = (lib.clock.now(), storable(who), verb, storable(argument))
    async with lib.transaction() as db:
        done = await db.execute(
            "INSERT INTO command (at, who, verb, argument) VALUES (?, ?, ?, ?)", row
        )
    assert done.lastrowid is not None  # noqa: S101 (an INSERT always has one)
    return done.lastrowid


async def open_commands(lib: Library) -> list[Command]:
    """Return the commands without an answer, oldest first."""
    rows = await lib.rows(
        "SELECT id, at, who, verb, argument FROM command WHERE outcome IS NULL ORDER BY id"
    )
    return [Command(*row) for row in rows]


async def answer(lib: Library, command_id: int, outcome: str) -> None:
    """Say what became of a command, in words for people."""
    async with lib.transaction() as db:
        await db.execute(
            "UPDATE command SET taken_at = ?, outcome = ? WHERE id = ? AND outcome IS NULL",
            (lib.clock.now(), storable(outcome), command_id),
        )


async def outcome(lib: Library, command_id: int) -> str | None:
    """Return what became of a command; `None` while the engine has not answered."""
    row = await lib.row("SELECT outcome FROM command WHERE id = ?", (command_id,))
    return None if row is None else row[0]


async def clear_stale(lib: Library) -> int:
    """Answer what people left while no engine ran; returns how many. For an engine's start."""
    async with lib.transaction() as db:
        done = await db.execute("UPDATE command SET outcome = ? WHERE outcome IS NULL", (STALE,))
        await db.execute(
            "DELETE FROM command WHERE id <= (SELECT max(id) FROM command) - ?", (_KEPT,)
        )
    return done.rowcount
