"""Corrections, comparing and exports, as the library's screens ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gemtag_tui.core import edits as core
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import as_typed, parse, show
from gemtag_tui.core.text import plain
from gemtag_tui.store import changes, edits, library_pages, tags
from gemtag_tui.store.library_pages import Said
from gemtag_tui.tui.wanted_library import Verb
from gemtag_tui.tui.words import number, plural

if TYPE_CHECKING:
    from gemtag_tui.engine.exporting import FileForm
    from gemtag_tui.store.library import Library

WHO = "tui"
FORMS = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}


class CorrectionSource:
    """The part of the source that changes what is known of pictures, and takes it elsewhere."""

    lib: Library

    async def set_summary(self, asset: int, summary: str) -> int:
        """Correct a summary; an empty one is the model's again."""
        return await edits.set_summary(self.lib, [asset], summary.strip() or None, WHO)

    async def change_tags(
        self, verb: Verb, assets: Sequence[int], bucket: str, names: Sequence[str]
    ) -> int:
        """Add or remove tags."""
        change = edits.add_tags if verb == "add" else edits.remove_tags
        return await change(self.lib, assets, bucket, names, WHO)

    async def preview_rename(self, names: Sequence[str], target: str) -> list[tags.Renaming]:
        """Return what renaming tags everywhere would do."""
        return await tags.preview(self.lib, names, target)

    async def rename(self, names: Sequence[str], target: str) -> list[tags.Renaming]:
        """Rename or merge tags everywhere."""
        return await tags.rename(self.lib, names, target)

    async def undo_edit(self) -> str:
        """Take the newest correction, rename or merge back.

        Raises:
            UsageError: there is none.
        """
        standing = [
            change
            for kind in (edits.KIND, tags.KIND)
            for change in await changes.latest(self.lib, kind)
            if change.undone_at is None
        ]
        if not standing:
            raise UsageError("Nothing to undo: no correction stands.")
        newest = max(standing, key=lambda change: change.id)
        undo = edits.undo if newest.kind == edits.KIND else tags.undo
        change, items = await undo(self.lib, newest.id)
        noun = ("image", "images") if newest.kind == edits.KIND else ("tag", "tags")
        return f"Undone: {plain(change.words, 80)} ({plural(items, *noun)})."

    # Comparing

    async def said(self, asset: int) -> list[Said]:
        """Return what each track's model said of an asset."""
        return await library_pages.said(self.lib, asset)

    async def accept(self, asset: int, said: Said, bucket: str = "") -> int:
        """Let a bucket, or all of them and the summary, be as one model said it."""
        if bucket:
            return await edits.set_bucket(self.lib, [asset], bucket, said.tags.get(bucket, []), WHO)
        overlay = core.summary_set(core.Overlay(), said.summary)
        known = {name for one in await self.said(asset) for name in one.tags}
        for name in sorted(known):
            overlay = core.bucket_set(overlay, name, said.tags.get(name, []))
        words = f"all as {plain(said.model, 40)} · {plain(said.profile_name, 40)} said it"
        return await edits.put(self.lib, [(asset, overlay)], "accept", words, WHO)

    # Exports

    async def export_path(self, typed: str) -> Path:
        """Return where a typed path leads.

        Raises:
            UsageError: its end names no format, or its folder is not there.
        """
        path = _path(typed)
        if path.suffix.lower() not in FORMS:
            raise UsageError("End the name with .jsonl or .csv (or .parquet).")
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder {plain(str(path.parent))}.")
        return path

    async def export(self, path: str, query: str, assets: Sequence[int] | None) -> str:
        """Write what a search finds, or some assets' results, to a file."""
        from gemtag_tui.engine.export_chosen import chosen_to_file  # noqa: PLC0415 - seldom
        from gemtag_tui.engine.exporting import Watch, to_file  # noqa: PLC0415
        from gemtag_tui.store.export_rows import Wanted  # noqa: PLC0415

        dest = await self.export_path(path)
        form = cast("FileForm", FORMS[dest.suffix.lower()])
        if assets is None:
            wanted = Wanted(show(as_typed(query, parse(query, lenient=True))))  # as it was shown
            written = await to_file(self.lib, form, dest, wanted, Watch())
        else:
            written = await chosen_to_file(self.lib, form, dest, assets, Watch())
        noun = "result" if written == 1 else "results"
        return f"{number(written)} {noun} written to {plain(str(dest))}."


def _path(typed: str) -> Path:
    return Path(typed.strip()).expanduser().absolute()
