"""The picture of a failed file: the library's preview, in a failure's place."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.binding import Binding, BindingType

from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.failures import FailureRow
from gemtag_tui.store.work import State
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.library_pictures import bring
from gemtag_tui.tui.widgets.picture import PictureView
from gemtag_tui.tui.widgets.sharp import graphics


def pictured(row: FailureRow) -> AssetRow:
    """A failure's image, as much of it as a picture is made from."""
    return AssetRow(
        asset=row.asset, path=row.path, type="", width=0, height=0, size=0, files=1,
        state=State.KNOWN_BAD, result=0, summary="", tags={}, lane=row.lane, served_model="",
        cost_usd=row.cost_usd, tagged_at=0.0, kind=row.kind.value,
    )  # fmt: skip


class FailurePicture(GemtagScreen):
    """Shows the picture of the present failure, unless pictures are off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "pictures", "picture", show=False, id="failures.pictures",
                tooltip="Show the picture or not (slow lines)"),
    ]  # fmt: skip

    def failure_now(self) -> FailureRow | None:
        """The failure whose picture is wanted."""
        return None

    @property
    def sharp(self) -> str:
        """The terminal's graphics to draw with."""
        return graphics(os.environ) if self.source.pictures_mode == "auto" else ""

    def on_mount(self) -> None:
        """No pictures where a setting or the terminal says so."""
        if self.source.pictures_mode == "off" or self.gemtag.ascii_only:
            self.add_class("-no-picture")

    def bring_picture(self) -> None:
        """Show the picture, after a pause and only if it is still wanted."""
        row = self.failure_now()
        if row is None or self.has_class("-no-picture"):
            return
        view, wanted = self.query_one(PictureView), row.id
        self.do(bring(self.source, view, pictured(row), lambda: self._still(wanted)), "picture")

    def _still(self, wanted: int) -> bool:
        row = self.failure_now() if self.stands else None
        return row is not None and row.id == wanted

    def on_picture_view_resized(self) -> None:
        """Another thumbnail may fit better."""
        self.bring_picture()

    def action_pictures(self) -> None:
        """Show the picture or not."""
        self.toggle_class("-no-picture")
        self.call_after_refresh(self.bring_picture)
