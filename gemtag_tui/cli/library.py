"""Opening the library for a command that needs more of it than a glance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.text import plain
from gemtag_tui.engine.clock import SystemClock

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.store.library import Library

T = TypeVar("T")


def with_library(
    shell: Shell,
    action: Callable[[Library], Awaitable[T]],
    *,
    create: bool = False,
    readonly: bool = False,
) -> T:
    """Open the shell's library, do something with it on an event loop, close it.

    Raises:
        LibraryError: it is not there, or cannot be used.
    """

    async def opened() -> T:
        from gemtag_tui.store.library import Library  # noqa: PLC0415 - it brings a thread pool along

        if not create and not shell.library.exists():
            words = f"There is no library at {plain(str(shell.library))}"
            raise LibraryError(f"{words}; `gemtag scan PATH` makes one.")
        library = await Library.open(shell.library, SystemClock(), create=create, readonly=readonly)
        try:
            return await action(library)
        finally:
            await library.close()

    return asyncio.run(opened())
