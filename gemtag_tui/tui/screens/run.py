"""A run, live."""

from gemtag_tui.tui.screens.base import GemtagScreen


class RunScreen(GemtagScreen):
    """Where a run is watched and steered."""

    PLACE = "run"
