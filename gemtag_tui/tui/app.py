"""The app: six screens on one library, one beat, and no work of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from rich.text import Text
from textual.app import InvalidThemeError
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.timer import Timer

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.text import plain
from gemtag_tui.tui.hangup import leave_on_hangup, restore_signals
from gemtag_tui.tui.in_order import OrderedKeys
from gemtag_tui.tui.narrow import NarrowApp
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.table import SCREENS
from gemtag_tui.tui.sheet import Sheet
from gemtag_tui.tui.sitting import Sitting
from gemtag_tui.tui.source import Source
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.theme import CALM, style_paths
from gemtag_tui.tui.widgets.prompt import PromptLine

log = logging.getLogger("gemtag.tui")
HISTORY = 500
LOAD_AFTER, LOAD_PAUSE = 1.0, 0.1
"""Seconds: behind the first paint, and between the code of two screens."""


class GemtagApp(NarrowApp, OrderedKeys):
    """Watches a library and passes on what a person wants; the engine is another process."""

    TITLE = "gemtag"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = style_paths()
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        place.name: place.open for place in SCREENS
    }
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(place.key, f"go('{place.name}')", place.title, show=False,
                    id=f"go.{place.name}", tooltip=f"Go to {place.title}")
            for place in SCREENS
        ),
        Binding("left_square_bracket", "step(-1)", "previous screen", show=False, id="go.previous"),
        Binding("right_square_bracket", "step(1)", "next screen", show=False, id="go.next"),
        Binding("ctrl+p,colon", "palette", "palette", show=False, id="palette", key_display=":",
                tooltip="Every action by name"),
        Binding("exclamation_mark", "history", "messages", show=False, id="messages",
                tooltip="All messages of this sitting"),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, id="suspend",
                tooltip="To the shell; the run goes on"),
        Binding("question_mark", "help", "help", id="help", tooltip="Every key"),
        Binding("q", "leave", "quit", id="leave", tooltip="Leave; a run goes on"),
        Binding("ctrl+q,ctrl+c", "leave", "quit", show=False, priority=True, id="leave.now",
                tooltip="Leave; a run goes on"),
    ]  # fmt: skip

    def __init__(
        self,
        source: Source,
        *,
        tick: float = 1.0,
        ascii_only: bool = False,
        theme: str = "gemtag",
        first_screen: str = "",
    ) -> None:
        super().__init__()
        self.stylesheet = Sheet(variables=self.get_css_variables())
        self.source = source
        self.look = Look()
        self.sitting = Sitting()
        self.ascii_only = ascii_only
        self.history: list[tuple[float, str, str]] = []
        self.animation_level = "none"
        self._tick = tick
        self._wanted_theme = theme
        self._first = first_screen
        self._beat_timer: Timer | None = None
        self._broken = ""
        self.register_theme(CALM)
        self.theme = "gemtag"

    async def on_mount(self) -> None:
        """Restore the last sitting, draw once, then look once a tick."""
        leave_on_hangup(self)
        if self._wanted_theme != "gemtag":
            try:
                self.theme = self._wanted_theme
            except InvalidThemeError:
                self.say(f"There is no theme {plain(self._wanted_theme, 40)}: using ours.", "warn")
        await self._read()
        await self._restore()
        self._beat_timer = self.set_interval(self._tick, self._beat)
        self.set_timer(LOAD_AFTER, lambda: self.do(self._load_rest(), "load"))
        self.app_suspend_signal.subscribe(self, lambda _: self._pause(True))
        self.app_resume_signal.subscribe(self, lambda _: self._pause(False))

    async def _load_rest(self) -> None:
        """Load the code of the other screens, so that going there takes no longer than it must."""
        for place in SCREENS:
            await asyncio.to_thread(place.load)
            await asyncio.sleep(LOAD_PAUSE)

    def on_unmount(self) -> None:
        """Give the signals back."""
        restore_signals()

    # The beat

    def _pause(self, pause: bool) -> None:
        if self._beat_timer is not None:
            self._beat_timer.pause() if pause else self._beat_timer.resume()

    async def _read(self) -> None:
        try:
            self.look = await self.source.look()
            self._broken = ""
        except GemtagError as error:
            if error.message != self._broken:
                self._broken = error.message
                self.say(f"{error.title}: {error.message}", "error")

    async def _beat(self) -> None:
        before = self.look
        await self._read()
        if self.look != before or self.look.engine:
            self.show_look()

    async def refresh_look(self) -> None:
        """Look now instead of at the next beat; after a command."""
        await self._read()
        self.show_look()

    def show_look(self) -> None:
        """Let the present screen draw the present state."""
        if isinstance(self.screen, GemtagScreen):
            self.screen.show_look(self.look)

    # Messages and work

    def say(self, text: str, level: str = "info") -> None:
        """Show a message in the present screen's message line and keep it for `!`."""
        self.history.append((time.time(), level, plain(text)))
        del self.history[:-HISTORY]
        for line in self.screen.query(PromptLine):
            line.say(text, level)

    def do(self, work: Coroutine[Any, Any, None], group: str, node: DOMNode | None = None) -> None:
        """Run something beside the screen: the edge where nothing that goes wrong ends the app."""

        async def guarded() -> None:
            try:
                await work
            except GemtagError as error:
                self.say(f"{error.title}: {error.message}", "error")
            except Exception:
                log.exception("unexpected error in %s", group)
                self.say(f"Something went wrong. The log has it: {self.source.log_path}", "error")

        (node or self).run_worker(guarded(), name=group, group=group, exit_on_error=False)

    # Going about

    def action_go(self, name: str) -> None:
        """Show one of the six screens."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(name)

    def action_step(self, by: int) -> None:
        """Show the neighbour of the present screen."""
        names = [place.name for place in SCREENS]
        here = names.index(self.current_mode) if self.current_mode in names else 0
        self.action_go(names[(here + by) % len(names)])

    def action_help(self) -> None:
        """Show every key, this screen's first."""
        from gemtag_tui.tui.screens.help import HelpScreen  # noqa: PLC0415 - when wanted

        self._over(HelpScreen)

    def action_palette(self) -> None:
        """Show every action by name."""
        from gemtag_tui.tui.screens.palette import PaletteScreen  # noqa: PLC0415

        self._over(PaletteScreen)

    def action_history(self) -> None:
        """Show every message of this sitting."""
        from gemtag_tui.tui.screens.history import HistoryScreen  # noqa: PLC0415

        self._over(HistoryScreen)

    def _over(self, kind: type[Screen[None]]) -> None:
        if not isinstance(self.screen, kind):
            self.push_screen(kind())

    async def action_leave(self) -> None:
        """Keep where we are and leave."""
        await self.sitting.keep(self.source, self.current_mode, self._screen_stacks)
        self.exit()

    def hang_up(self, code: int) -> None:
        """End at once because the terminal went away or somebody said so."""
        self.exit(return_code=code)

    # The sitting

    async def _restore(self) -> None:
        self.sitting = await Sitting.read(self.source)
        known = self.sitting.screen in self.MODES
        await self.switch_mode(self.sitting.screen if known else self._first_screen())
        if known:
            self.say("Back where you were.")

    def _first_screen(self) -> str:
        return self._first or ("run" if self.look.engine or self.look.run else "plan")

    # Trouble

    def _fatal_error(self) -> None:
        """Say one sentence instead of a traceback with its local variables."""
        log.error("the screen ended unexpectedly", exc_info=self._exception)
        words = (
            f"The screen ended unexpectedly; a run goes on. The log has it: {self.source.log_path}"
        )
        self._exit_renderables.append(Text(plain(words)))
        self._close_messages_no_wait()
