"""A block whose lines depend on its own size."""

from __future__ import annotations

from textual.message import Message

from gemtag_tui.tui.widgets.block import Block


class Pane(Block):
    """Says when it has another size, so that its screen can make its lines anew."""

    class Resized(Message):
        """The pane has another size."""

    def on_resize(self) -> None:
        """Tell the screen."""
        self.post_message(self.Resized())
