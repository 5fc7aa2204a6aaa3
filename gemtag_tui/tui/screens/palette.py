"""Every action by name: type some letters, Enter does it."""

from __future__ import annotations

from gemtag_tui.tui.screens.help import HelpScreen


class PaletteScreen(HelpScreen):
    """The same list as help, filtered from the first letter on."""

    def on_mount(self) -> None:
        """Begin with the filter open."""
        self.action_filter()

    async def _filter_done(self, text: str) -> None:
        """Enter in the filter opens the row under the cursor."""
        await super()._filter_done(text)
        self.app.call_later(self._list.action_open)
