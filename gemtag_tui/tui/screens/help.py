"""Every key, this screen's first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.frame import key_sign
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList

ORDER = ("this screen", "list", "gemtag")


@dataclass(frozen=True, slots=True)
class Key:
    """One action: its keys in people's signs, what it does, and where it holds."""

    keys: str
    words: str
    where: str
    action: str
    namespace: object


def keys_of(screen: Screen[Any]) -> list[Key]:
    """Every action that can be had on a screen, nearest first, its keys together."""
    found: dict[tuple[str, str], Key] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.id:
            continue
        where = _where(active.node, screen)
        sign, name = binding.key_display or key_sign(binding.key), (binding.action, where)
        if known := found.get(name):
            found[name] = Key(
                f"{known.keys} {sign}", known.words, where, binding.action, active.node
            )
        else:
            found[name] = Key(sign, _words(binding), where, binding.action, active.node)
    return sorted(found.values(), key=lambda key: ORDER.index(key.where))


def _where(node: object, screen: Screen[Any]) -> str:
    if node is screen:
        return "this screen"
    return "gemtag" if node is screen.app else "list"


def _words(binding: Binding) -> str:
    return binding.tooltip or binding.description


class HelpScreen(GemtagScreen):
    """A list of keys; Enter does what the key would."""

    FILTERS = True

    def body(self) -> ComposeResult:
        """One list."""
        yield PagedList[Key](
            [
                Column("key", 10, lambda key: (key.keys, "accent")),
                Column("does", 30, lambda key: (key.words, ""), grow=1),
                Column("where", 12, lambda key: (key.where, "muted"), rank=1),
            ],
            lambda key: (key.action, key.where),
            marks=False,
            id="help-list",
        )

    @property
    def _list(self) -> PagedList[Key]:
        return self.query_one(PagedList)

    def _keys(self) -> Sequence[Key]:
        stack = self.app.screen_stack
        below = stack[-2] if len(stack) > 1 else self
        return keys_of(below)

    def on_mount(self) -> None:
        """Show them all."""
        self.focus_widget(self._list)
        self.on_filter("")

    def on_filter(self, text: str) -> None:
        """Narrow by words."""
        wanted = text.casefold()
        shown = [key for key in self._keys() if wanted in f"{key.keys} {key.words}".casefold()]
        self.do(self._list.load(Listed(shown)), "help")

    async def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Close and do it."""
        key = message.row
        self.dismiss()
        if isinstance(key, Key):
            self.app.call_later(self.app.run_action, key.action, key.namespace)
