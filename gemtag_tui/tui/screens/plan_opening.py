"""From the plan's numbers to the images behind them."""

from __future__ import annotations

from gemtag_tui.tui.screens.near_list import NearListScreen
from gemtag_tui.tui.screens.plan_actions import PlanChoosing
from gemtag_tui.tui.screens.plan_list import PlanListScreen
from gemtag_tui.tui.screens.plan_numbers import FAILED, Number
from gemtag_tui.tui.words import number


class PlanOpening(PlanChoosing):
    """Each number opens its images: in the library, among the failures, or in a list here."""

    def open_number(self, row: Number) -> None:
        """Show the images behind a number."""
        settled = not (self.own.model or self.own.resolution)
        if row.name == "total":
            self.gemtag.action_go("library")
        elif not row.value:
            self.say(f"There are none: {row.title} is 0.")
        elif row.name == "tagged" and settled:
            self.do(self._show_tagged(row), "number")
        elif row.name in FAILED and settled:
            self.do(self._show_failures(row), "number")
        elif row.name == "near":
            saves = self.view.plan.near_saves if self.view is not None else None
            self.app.push_screen(NearListScreen(row.value, self.own.order(), saves))
        else:
            self._show_list(row)

    def _show_list(self, row: Number) -> None:
        pages = self.source.plan_list(self.own.order(), row.name, row.value)
        self.app.push_screen(PlanListScreen(row.title, row.value, pages, row.name))

    async def _show_tagged(self, row: Number) -> None:
        """The library with what is tagged, newest first, where it shows the plan's own model."""
        shown, view, app = await self.source.shown_track(), self.view, self.gemtag
        if shown is None or view is None or shown.model != view.plan.model:
            self._show_list(row)
            return
        from gemtag_tui.tui.screens.library import LibraryScreen  # noqa: PLC0415 - when shown first
        from gemtag_tui.tui.wanted_library import AssetView  # noqa: PLC0415

        await app.switch_mode("library")
        screen = app.screen
        if isinstance(screen, LibraryScreen):
            screen.view = AssetView.NEWEST
            screen.set_filter("")
            screen.do(screen.load(), "assets")
            app.say(f"{row.title}: {number(row.value)} · 1 goes back to the plan")

    async def _show_failures(self, row: Number) -> None:
        app = self.gemtag
        await app.switch_mode("failures")
        screen = app.screen
        if isinstance(screen, PlanChoosing) or not hasattr(screen, "set_filter"):
            return
        screen.set_filter(row.name.replace("-", " "))
