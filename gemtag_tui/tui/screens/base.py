"""The frame every screen stands in, and what a screen can ask of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.frame import key_line, small_line, status_line, tab_line
from gemtag_tui.tui.widgets.prompt import Editing, PromptLine

if TYPE_CHECKING:
    from gemtag_tui.tui.app import GemtagApp
    from gemtag_tui.tui.source import Source

SMALLEST = (60, 15)


class GemtagScreen(Screen[None]):
    """A screen with tabs and status above, a message line and keys below.

    A screen of ours gives `body()` and, as it needs them, `on_look`, `on_filter`, `keep` and
    `restore`.

    Attributes:
        PLACE: its name in the table of screens; "" for one that opens over another.
        FILTERS: whether `/` filters something here.
    """

    PLACE: ClassVar[str] = ""
    FILTERS: ClassVar[bool] = False
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's own form
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False, id="filter", tooltip="Filter as you type"),
        Binding("escape", "back", "back", show=False, id="back", tooltip="One step back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.filter_text = ""

    @property
    def gemtag(self) -> GemtagApp:
        """The app, with its own type."""
        from gemtag_tui.tui.app import GemtagApp  # noqa: PLC0415 - it imports this module

        app = self.app
        assert isinstance(app, GemtagApp)  # noqa: S101 - a screen of ours is never in another app
        return app

    @property
    def source(self) -> Source:
        """Where data comes from."""
        return self.gemtag.source

    @property
    def look(self) -> Look:
        """The newest state."""
        return self.gemtag.look

    # What a screen gives

    def body(self) -> ComposeResult:
        """Yield the widgets between status line and message line."""
        yield from ()

    def on_look(self, look: Look) -> None:
        """Show a new state. Called at most once a tick, and when the screen comes back."""

    def on_filter(self, text: str) -> None:
        """Apply a filter ("" for none)."""

    def quiet_actions(self) -> set[str]:
        """Actions that the footer leaves out just now; their keys work, and say why they can't."""
        return set()

    def keep(self) -> dict[str, Any]:
        """What to restore when gemtag is opened again, as JSON values; the filter is kept too."""
        return {}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put back what `keep` gave."""

    # What a screen may ask

    def say(self, text: str, level: str = "info") -> None:
        """Show a message above the keys; it can be read again under `!`."""
        self.gemtag.say(text, level)

    def ask(self, question: str, yes: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Ask "…? y/N" and, after a `y`, do it."""
        self.query_one(PromptLine).ask(question, lambda: self.do(yes()))

    def edit(
        self,
        label: str,
        value: str,
        accept: Callable[[str], Awaitable[str | None]],
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        """Let a line be edited; `accept` returns what is wrong with it, None when it took it."""

        async def guarded(text: str) -> str | None:
            try:
                return await accept(text)
            except GemtagError as error:
                return error.message

        self.query_one(PromptLine).edit(Editing(label, guarded, cancelled=cancelled), value)

    def do(self, work: Coroutine[Any, Any, None], group: str = "command") -> None:
        """Do something in the background; a `GemtagError` from it becomes a message."""
        self.gemtag.do(work, group, self)

    # The frame

    def compose(self) -> ComposeResult:
        """The frame round the body."""
        yield Block(id="tabs")
        yield Block(id="status")
        yield Block(id="small")
        with Container(id="body"):
            yield from self.body()
        yield PromptLine()
        yield Block(id="keys")

    def on_mount(self) -> None:
        """Put back what the last sitting kept of this screen."""
        kept = self.gemtag.sitting.take(self.PLACE) if self.PLACE else {}
        if not kept:
            return
        self.restore(kept)
        text = kept.get("filter")
        if self.FILTERS and isinstance(text, str):
            self.set_filter(text)

    def show_look(self, look: Look) -> None:
        """Draw the frame and let the screen show the state."""
        if not self.stands:
            return
        self.draw_frame(look)
        self.on_look(look)

    def draw_frame(self, look: Look) -> None:
        """Draw tabs, status and keys."""
        width = self.size.width
        current = self.PLACE or self.gemtag.current_mode
        self.query_one("#tabs", Block).show([tab_line(current, look, width)])
        self.query_one("#status", Block).show([status_line(look, width)])
        self.draw_keys()

    @property
    def stands(self) -> bool:
        """Whether there is still something to draw on: what was put off may come too late."""
        # One that is being removed is not displayed, and loses its widgets in any order.
        return self.is_attached and self.display and bool(self.query(PromptLine))

    def draw_keys(self) -> None:
        """Draw the line of keys."""
        if not self.stands:
            return
        hint = self.query_one(PromptLine).hint
        quiet = self.quiet_actions()
        active = [a for a in self.active_bindings.values() if a.binding.action not in quiet]
        line = hint or key_line(active, self.size.width)
        self.query_one("#keys", Block).show([line])

    def on_resize(self, event: events.Resize) -> None:
        """Below the smallest size one line says so; nothing else changes."""
        width, height = event.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-small")
        self.query_one("#small", Block).show(small_line(width, height))
        self.call_after_refresh(self.show_look, self.look)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self.call_after_refresh(self.show_look, self.look)

    def on_descendant_focus(self) -> None:
        """Other keys may hold now."""
        self.call_after_refresh(self.draw_keys)

    def on_descendant_blur(self) -> None:
        """Other keys may hold now."""
        self.call_after_refresh(self.draw_keys)

    def on_prompt_line_changed(self) -> None:
        """Show what is wrong with what was typed, in place of the keys."""
        self.draw_keys()

    def focus_widget(self, widget: Widget) -> None:
        """Give a widget the keys unless a question stands."""
        if not self.query_one(PromptLine).busy:
            widget.focus()

    def action_filter(self) -> None:
        """Filter as you type; Enter keeps the filter, Esc clears it."""
        if not self.FILTERS:
            self.say("There is nothing to filter on this screen.")
            return
        editing = Editing("/", self._filter_done, self.set_filter, lambda: self.set_filter(""))
        self.query_one(PromptLine).edit(editing, self.filter_text)

    async def _filter_done(self, text: str) -> None:
        self.set_filter(text)

    def set_filter(self, text: str) -> None:
        """Apply a filter when it is another one."""
        if text != self.filter_text:
            self.filter_text = text
            self.on_filter(text)

    def action_back(self) -> None:
        """One step back: the filter first, then the screen that opened over another."""
        if self.filter_text:
            self.set_filter("")
        elif not self.PLACE:
            self.dismiss()
