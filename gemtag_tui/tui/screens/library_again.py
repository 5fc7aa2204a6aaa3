"""Having chosen images tagged once more, with another profile or model."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from gemtag_tui.core.text import plain
from gemtag_tui.tui.screens.library_actions import LibraryActions
from gemtag_tui.tui.wanted_tracks import Again
from gemtag_tui.tui.words import money, number, plural

MOST_NAMED = 3
"""Profiles that are named in the question."""


AGAIN_KEY = Binding(
    "R",
    "again",
    "tag again",
    id="library.again",
    tooltip="Tag the marked, or this one, with another profile; asks with price",
)


class LibraryAgain(LibraryActions):
    """`AGAIN_KEY` asks for the profile, then with count and price."""

    def action_again(self) -> None:
        """Ask which profile, then whether."""
        if self.row_now() is None:
            self.say("There is no image here to tag.")
            return
        self.do(self._again(), "again")

    async def _again(self) -> None:
        assets = await self.chosen()

        async def accept(text: str) -> str | None:
            profile, _, model = text.strip().partition(" ")
            again = await self.source.reach_again(assets, profile, model.strip())
            if again.count:
                self._then_ask(again_words(again), lambda: self._start(assets, again))
                return None
            return f"Nothing is left to ask: {left_out(again)}."

        present, *others = await self.source.profile_names()
        known = f" ({', '.join(others[:MOST_NAMED])})" if others else ""
        label = f"tag {plural(len(assets), 'image')} with profile{known} [model]"
        self.edit(label, present, accept)

    async def _start(self, assets: Sequence[int], again: Again) -> None:
        words = await self.source.tag_again(assets, again)
        await self.gemtag.refresh_look()
        self.say(words)


def again_words(again: Again) -> str:
    """What is asked, with count and price."""
    cost = "price not known" if again.cost_usd is None else f"about {money(again.cost_usd)}"
    left = left_out(again)
    tail = f" ({left})" if left else ""
    what = f"{plain(again.profile_name, 30)} · {again.model}"
    return f"Tag {plural(again.count, 'image')} with {what}, {cost}{tail}?"


def left_out(again: Again) -> str:
    """Those that are not sent, in words; "" when all are."""
    parts = [f"{number(again.tagged)} have such tags"] if again.tagged else []
    if again.other:
        parts.append(f"{number(again.other)} known bad, ignored or in batch jobs")
    return ", ".join(parts)
