"""The line above the keys: messages, questions with y/N, and one-line editing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from gemtag_tui.tui.in_order import OrderedKeys
from gemtag_tui.tui.paint import Line, Tone, width_of
from gemtag_tui.tui.widgets.block import Block

MESSAGE_SECONDS = 8.0
_EDITOR_CELLS = 24
"""Cells that the words beside an editor leave to it."""
LEVELS: dict[str, tuple[str, Tone]] = {
    "info": ("·", "accent"),
    "warn": ("!", "warn"),
    "error": ("✗", "bad"),
}

Then = Callable[[], None]
Accept = Callable[[str], Awaitable[str | None]]
"""Takes the edited text; returns what is wrong with it, or None when it was taken."""


@dataclass(slots=True)
class Editing:
    """A line being edited."""

    label: str
    accept: Accept | None = None
    changed: Callable[[str], None] | None = None
    cancelled: Then | None = None
    wrong: str | None = None


_ACTIONS = {
    key: found.action
    for found in Input.BINDINGS
    if isinstance(found, Binding)
    for key in found.key.split(",")
}
"""What an editor does at a key that is no letter."""


class Question(Block, can_focus=False):
    """Words that take every key while a question stands; Tab passes them by at all other times."""

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        """Keep single letters from being anyone else's."""
        return True


class OneLine(Input):
    """A one-line editor without blinking.

    A slow line brings keys in bursts. Letters are put in at once, while a key that is bound goes
    all the way to the app first; so that none overtakes another, those of an editor are obeyed
    here. And what follows Enter or Esc is not the line's any more: it is held until it is known
    whether the line was taken.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", show=False)]
    _held: list[events.Key] | None = None

    async def _on_key(self, event: events.Key) -> None:
        prompt = self.parent
        if self._held is not None:
            self._held.append(event)
        elif isinstance(prompt, PromptLine) and not prompt.busy:
            self._pass_on([event])
        elif event.key == "enter":
            self._held = []
            await self.action_submit()
        elif event.key == "escape":
            self.action_cancel()
        elif action := _ACTIONS.get(event.key):
            await self.run_action(action)
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def decided(self, *, taken: bool) -> None:
        """Pass on what was typed since Enter: to whoever has the keys now, or to this line."""
        held, self._held = self._held or [], None
        if taken:
            self._pass_on(held)
        else:
            for key in held:
                self.post_message(events.Key(key.key, key.character))

    def _pass_on(self, keys: list[events.Key]) -> None:
        if isinstance(self.app, OrderedKeys):
            self.app.take_keys(keys)

    def action_cancel(self) -> None:
        """Leave the line as it was."""
        prompt = self.parent
        if isinstance(prompt, PromptLine):
            prompt.cancel()


class PromptLine(Horizontal):
    """One line that shows a message, asks, or lets a value be edited."""

    class Changed(Message):
        """Other words fit the keys now."""

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._yes: Then | None = None
        self._editing: Editing | None = None
        self._timer: Timer | None = None
        self._back: Widget | None = None
        self._later: tuple[str, str] | None = None

    def compose(self) -> ComposeResult:
        """Words on the left, the editor beside them."""
        yield Question(id="prompt-words")
        entry = OneLine(id="prompt-entry", compact=True, select_on_focus=False)
        entry.cursor_blink = False
        entry.display = False
        yield entry

    @property
    def busy(self) -> bool:
        """Whether a question or an edit stands."""
        return self._yes is not None or self._editing is not None

    @property
    def hint(self) -> Line:
        """What the keys do while a question or an edit stands."""
        if self._yes is not None:
            return [(" y", "accent"), (" yes  ", ""), ("any other key", "accent"), (" no", "")]
        if self._editing is not None and self._editing.wrong:
            return [(" ✗ ", "bad"), (self._editing.wrong, "bad")]
        if self._editing is not None:
            return [(" ⏎", "accent"), (" done  ", ""), ("Esc", "accent"), (" give up", "")]
        return []

    @property
    def _words(self) -> Question:
        return self.query_one("#prompt-words", Question)

    @property
    def _entry(self) -> OneLine:
        return self.query_one("#prompt-entry", OneLine)

    def say(self, text: str, level: str = "info") -> None:
        """Show a message for some seconds; a question or an edit that stands is ended first."""
        if self.busy:
            self._later = (text, level)
            return
        glyph, tone = LEVELS[level]
        self._draw([(f" {glyph} ", tone), (text, "" if level == "info" else tone)])
        self._stop_timer()
        self._timer = self.set_timer(MESSAGE_SECONDS, self._clear)

    def ask(self, question: str, yes: Then) -> None:
        """Ask; only `y` means yes. Enter, Esc and every other key mean no."""
        self._begin()
        self._yes = yes
        self._draw([(" ? ", "warn"), (question, "strong"), (" y/N ", "accent")])
        self._words.can_focus = True
        self._words.focus()

    def edit(self, editing: Editing, value: str) -> None:
        """Let a value be edited in this line."""
        self._begin()
        self._editing = editing
        self._draw([(f" {editing.label} ", "accent")])
        entry = self._entry
        with entry.prevent(Input.Changed):
            entry.value = value
        entry.cursor_position = len(value)
        entry.display = True
        entry.focus()

    def cancel(self) -> None:
        """Give up an edit; nothing is kept of it."""
        editing, self._editing = self._editing, None
        self._end()
        if editing and editing.cancelled:
            editing.cancelled()

    def _begin(self) -> None:
        self._stop_timer()
        if not self.busy:
            self._back = self.screen.focused
        self._yes = None
        self._editing = None
        self._words.can_focus = False

    def _end(self) -> None:
        self._entry.display = False
        self._words.can_focus = False
        self._draw([])
        later, self._later = self._later, None
        if later is not None:
            self.say(*later)
        back, self._back = self._back, None
        if back is not None and back.is_attached:
            back.focus()
        else:
            self.screen.set_focus(None)

    def _draw(self, line: Line) -> None:
        words = self._words
        most = max(10, self.size.width - _EDITOR_CELLS)
        words.styles.width = min(width_of(line), most) if self._editing else "1fr"
        words.show([line])

    def _clear(self) -> None:
        if not self.busy:
            self._draw([])

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    async def on_key(self, event: events.Key) -> None:
        """Answer a standing question."""
        if self._yes is None:
            return
        event.stop()
        event.prevent_default()
        yes, self._yes = self._yes, None
        self._end()
        if event.character in {"y", "Y"}:
            yes()
        else:
            self.say("Not done.")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._editing and self._editing.changed:
            self._editing.changed(event.value)

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        editing = self._editing
        if editing is None:
            self._entry.decided(taken=True)
            return
        taken = False
        try:
            editing.wrong = await editing.accept(event.value) if editing.accept else None
            taken = not editing.wrong
        finally:
            if taken:
                self._editing = None
                self._end()
            self._entry.decided(taken=taken)
        if not taken:
            self.post_message(self.Changed())
