"""Thumbnails for the screens: made in child processes, kept in the cache folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.text import plain
from gemtag_tui.engine.paths import APP, default_library
from gemtag_tui.imaging.pixels import unpack
from gemtag_tui.imaging.values import Refused
from gemtag_tui.store import library_pages
from gemtag_tui.tui.wanted_library import Picture

if TYPE_CHECKING:
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.imaging.thumb_cache import Thumbnails
    from gemtag_tui.store.browse import AssetRow
    from gemtag_tui.store.library import Library

NO_FILE = "no file holds it now"


def cache_folder(library: Path) -> Path:
    """Return the folder of what can be made again: the platform's, or beside the library."""
    if library == default_library():
        import platformdirs  # noqa: PLC0415 - not needed when paths are given

        return Path(platformdirs.user_cache_dir(APP, appauthor=False))
    return library.parent / f"{library.stem}-cache"


class PictureSource:
    """The part of the source that gives pictures."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        @property
        def settings(self) -> Settings: ...  # noqa: D102

    @property
    def pictures_mode(self) -> str:
        """The setting: auto, blocks or off."""
        return self.settings.screen.pictures

    @cached_property
    def _thumbnails(self) -> Thumbnails:
        from gemtag_tui.imaging.thumb_cache import Thumbnails  # noqa: PLC0415 - seldom wanted

        return Thumbnails(cache_folder(self.lib.path) / "thumbnails")

    async def picture(self, row: AssetRow, side: int) -> Picture:
        """Return a thumbnail as plain pixels."""
        digest = (await library_pages.digests(self.lib, [row.asset])).get(row.asset)
        if not row.path or digest is None:
            return Picture(why=NO_FILE)
        made = await self._thumbnails.get(row.path, digest, side, "pixels")
        if isinstance(made, Refused):
            return Picture(why=plain(made.message, 120))
        pixels = unpack(made)
        return Picture(pixels=pixels, why="" if pixels else "the kept thumbnail is damaged")

    async def picture_file(self, row: AssetRow, side: int) -> Path | None:
        """Return a thumbnail as a JPEG file of our own making."""
        digest = (await library_pages.digests(self.lib, [row.asset])).get(row.asset)
        if not row.path or digest is None:
            return None
        made = await self._thumbnails.get(row.path, digest, side, "jpeg")
        place = self._thumbnails.place(digest, side, "jpeg")
        return place if isinstance(made, bytes) and place.is_file() else None
