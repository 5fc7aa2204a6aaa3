"""Jobs that were submitted earlier are looked after while another lane runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.engine.batch_desk import Desk, clean_up, recover

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.engine.batch_ground import Ground

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 30.0
_BUSY_SECONDS = 2.0
DRAIN_SECONDS = 5.0


class BatchKeeper:
    """Looks at jobs, submits those that wait and takes in those that have ended. Builds none.

    Args:
        ground: library, server and settings.
        warn: told what a person should know.
    """

    def __init__(self, ground: Ground, warn: Callable[[str], None] = lambda _: None) -> None:
        self._ground = ground
        self._warn = warn
        self._desk = Desk(ground)

    async def run(self) -> None:
        """Work until cancelled; trouble with the batch jobs never ends the run beside.

        Raises:
            LibraryError: the library can no longer be used.
        """
        await recover(self._ground)
        try:
            while True:
                jobs = 0
                try:
                    jobs = len(await self._desk.tick())
                    if not self._desk.busy:
                        await clean_up(self._ground)
                except GemtagError as error:
                    _log.warning("batch jobs: %s", error.message)
                    self._warn(f"Batch jobs: {error.message}")
                poll = min(_BUSY_SECONDS, self._ground.batch.poll_seconds)
                await self._desk.wait(poll if jobs else _IDLE_SECONDS)
        finally:
            await self._desk.drain(DRAIN_SECONDS)
