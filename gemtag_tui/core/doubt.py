"""Telling a refused image from a request that is wrong for all of them."""

from __future__ import annotations

from gemtag_tui.core.text import plain
from gemtag_tui.core.verdicts import Halt

DOUBTED_IMAGES = 5
"""Different images refused in a row, before any answer, that show the request to be at fault."""


class RequestDoubt:
    """Counts refusals that may be about the image ("invalid argument") until something is answered.

    One 400 "Request contains an invalid argument." may be a broken picture. Five different pictures
    in a row, with no answer before, are a request that no picture can save.
    """

    def __init__(self, limit: int = DOUBTED_IMAGES) -> None:
        self._limit = limit
        self._refused: set[int] = set()
        self.answered_once = False

    def answered(self) -> None:
        """Note an answer of any kind: from here on, a refusal is the image's own."""
        self.answered_once = True
        self._refused.clear()

    def refused(self, asset: int, message: str) -> Halt | None:
        """Note a doubtful refusal.

        Args:
            asset: id of the image's asset.
            message: the server's words.

        Returns:
            A reason to stop the run once enough different images were refused.
        """
        if self.answered_once:
            return None
        self._refused.add(asset)
        if len(self._refused) < self._limit:
            return None
        return Halt(
            f"The API refused {len(self._refused)} different images alike before answering any, so"
            " it is the request that it does not take. Check the model and the profile's options."
            f" The API says: {plain(message, 400)}",
            2,
        )
