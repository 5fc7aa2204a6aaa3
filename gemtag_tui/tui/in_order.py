"""Keys one after another: each is dealt with when what the one before it did is done.

Textual hands keys to whatever has the focus as they come. In a burst, as slow lines and scripts
send them, the letters behind a `/` would still go to the list that had the keys before, as commands
of their own. Here a key waits until a mark that was sent the same way behind the key before it has
come through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

LOOK, MOST_LOOKS = 0.05, 20
"""Seconds between two looks whether a mark can still come, and how often it is looked for."""


class KeyDone(Message):
    """Comes up to the app behind a key; `number`: which one. `there`: on which screen it began."""

    def __init__(self, number: int, there: MessagePump) -> None:
        super().__init__()
        self.number = number
        self.there = there


class OrderedKeys(App[None]):
    """An app that deals with one key at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._keys_waiting: deque[events.Key] = deque()
        self._key_number = 0
        self._key_under_way = False
        self._key_timer: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Hold a key back while another is under way; everything else goes its usual way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._key_under_way:
            self._keys_waiting.append(event)
        else:
            await self._begin_key(event)

    def take_keys(self, keys: Iterable[events.Key]) -> None:
        """Deal with keys that were meant for somebody else by now, before those that wait."""
        again = [events.Key(key.key, key.character) for key in keys]
        self._keys_waiting.extendleft(reversed(again))
        if not self._key_under_way:
            self.call_later(self._next_key)

    async def _begin_key(self, event: events.Key) -> None:
        self._key_under_way = True
        self._key_number += 1
        number, screen = self._key_number, self.screen
        target = self.focused or screen
        await super().on_event(event)
        target.post_message(KeyDone(number, screen))
        self._wait_for_mark(number, target, MOST_LOOKS)

    def _wait_for_mark(self, number: int, target: MessagePump, looks: int) -> None:
        async def look() -> None:
            if number != self._key_number or not self._key_under_way:
                return
            if looks and target.is_attached:
                self._wait_for_mark(number, target, looks - 1)
            else:  # whoever had the key went away with it, and the mark too
                await self._end_key(number)

        self._key_timer = self.set_timer(LOOK, look)

    @on(KeyDone)
    def _came_through(self, message: KeyDone) -> None:
        message.stop()
        if message.number != self._key_number:
            return
        if message.there is self.screen:
            # Behind what the key has asked the app to do later, such as to move the focus.
            self.call_later(self._end_key, message.number)
        else:  # another screen: it takes the focus where it wants it before its first message
            self.screen.post_message(KeyDone(message.number, self.screen))

    async def _end_key(self, number: int) -> None:
        if number == self._key_number and self._key_under_way:
            self._key_under_way = False
            if self._key_timer is not None:
                self._key_timer.stop()
            await self._next_key()

    async def _next_key(self) -> None:
        if self._keys_waiting and not self._key_under_way:
            await self._begin_key(self._keys_waiting.popleft())
