"""What can be done to pictures on the library's screens: correct, rename, undo, export."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.library_typed import read_rename, read_tags, rename_words
from gemtag_tui.tui.wanted_library import Verb
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.words import plural

VERBS: dict[Verb, tuple[str, str]] = {
    "add": ("add tags", "Add"),
    "remove": ("remove tags", "Remove"),
}
Accept = Callable[[str], Awaitable[str | None]]


class LibraryActions(GemtagScreen):
    """The keys; who has them says what is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "edit", show=False, id="library.edit",
                tooltip="Correct the summary; empty: the model's again"),
        Binding("T", "tags('add')", "add tag", id="library.add",
                tooltip="Add tags to the marked images, else this one"),
        Binding("D", "tags('remove')", "remove tag", show=False, id="library.remove",
                tooltip="Remove tags from the marked images, else this one"),
        Binding("M", "rename", "rename tag", show=False, id="library.rename",
                tooltip="Rename or merge a tag everywhere; says how many, asks"),
        Binding("u", "undo", "undo", show=False, id="library.undo",
                tooltip="Take the last correction, rename or merge back"),
        Binding("x", "export", "export", id="library.export",
                tooltip="The marked images, else all found, to JSONL or CSV"),
        Binding("c", "compare", "compare", show=False, id="library.compare",
                tooltip="What each model or profile said of this image"),
    ]  # fmt: skip

    # What the screen gives

    def row_now(self) -> AssetRow | None:
        """Return the image that single actions are about."""
        return None

    async def chosen(self) -> list[int]:
        """Return the marked assets, else the present one."""
        row = self.row_now()
        return [row.asset] if row else []

    def tag_now(self) -> str:
        """Return the tag under the cursor as bucket:name, "" when there is none."""
        return ""

    async def marked(self) -> list[int] | None:
        """Return the marked assets, `None` when none are."""
        return None

    async def changed(self) -> None:
        """Show what is different now."""

    def focus_back(self) -> Widget | None:
        """Return what has the keys when no question stands."""
        return next(iter(self.query(PagedList)), None)

    def _then_ask(self, question: str, yes: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Ask once the line that was edited is gone, and the keys are back where they were."""

        def ask() -> None:
            self.set_focus(self.focus_back())
            self.ask(question, yes)

        self.call_after_refresh(ask)

    # Corrections

    def action_edit(self) -> None:
        """Correct the summary of the present image."""
        if (row := self.row_now()) is None:
            self.say("There is no image here to correct.")
            return
        if not row.result:
            self.say("It has no summary yet: it was not tagged.")
            return
        self.do(self._edit(row.asset), "edit")

    async def _edit(self, asset: int) -> None:
        detail = await self.source.asset(asset)
        if detail is None or not detail.results:
            self.say("It is not in the library any more.", "warn")
            return
        before = detail.results[0].summary

        async def accept(text: str) -> str | None:
            if text.strip() != before:
                await self.source.set_summary(asset, text)
                await self._done("Summary corrected; u takes it back.")
            return None

        self.edit("summary", before, accept)

    def action_tags(self, verb: Verb) -> None:
        """Add tags to the marked images or remove them."""
        self.do(self._tags(verb), "edit")

    async def _tags(self, verb: Verb) -> None:
        assets = await self.chosen()
        if not assets:
            self.say("There is no image here.")
            return
        tag, label = self.tag_now(), VERBS[verb][0]
        many = f" ({plural(len(assets), 'image')})" if len(assets) > 1 else ""
        first = next(iter(await self.source.buckets()), "subject")
        value = tag.replace(":", ": ", 1) if tag else f"{first}: "
        self.edit(f"{label}{many}", value, self._accept_tags(verb, assets))

    def _accept_tags(self, verb: Verb, assets: Sequence[int]) -> Accept:
        async def accept(text: str) -> str | None:
            bucket, names = read_tags(text)
            known = await self.source.buckets()
            if bucket not in known:
                raise UsageError(f"There is no bucket {plain(bucket, 30)}: {', '.join(known)}.")
            if len(assets) == 1:
                await self._change(verb, assets, bucket, names)
            else:
                shown = f"{bucket}: {', '.join(names)}"
                where = "to" if verb == "add" else "from"
                images = plural(len(assets), "image")
                question = f"{VERBS[verb][1]} {plain(shown, 60)} {where} {images}?"
                self._then_ask(question, lambda: self._change(verb, assets, bucket, names))
            return None

        return accept

    async def _change(
        self, verb: Verb, assets: Sequence[int], bucket: str, names: Sequence[str]
    ) -> None:
        number = await self.source.change_tags(verb, assets, bucket, names)
        if not number:
            self.say("Nothing to change: it is so already.")
            return
        await self._done(f"{plural(number, 'image')} corrected; u takes it back.")

    async def _done(self, words: str) -> None:
        self.say(words)
        await self.changed()

    def action_rename(self) -> None:
        """Rename or merge a tag everywhere."""
        tag = self.tag_now()

        async def accept(text: str) -> str | None:
            names, target = read_rename(text)
            made = await self.source.preview_rename(names, target)
            words = plain(rename_words(made), 200)
            self._then_ask(words, lambda: self._rename(names, target))
            return None

        self.edit("rename tag everywhere", f"{tag} -> " if tag else "", accept)

    async def _rename(self, names: Sequence[str], target: str) -> None:
        made = await self.source.rename(names, target)
        merged = "Merged into" if any(one.merged for one in made) else "Renamed to"
        await self._done(f"{merged} {plain(made[0].target, 40)}; u takes it back.")

    def action_undo(self) -> None:
        """Take the newest correction, rename or merge back."""

        async def undo() -> None:
            await self._done(await self.source.undo_edit())

        self.do(undo(), "edit")

    # Elsewhere

    def action_export(self) -> None:
        """Write the marked images' results, else all that is found, to a file."""
        self.do(self._export(), "export")

    async def _export(self) -> None:
        marked = await self.marked()
        what = "what is found" if self.filter_text else "everything tagged"
        label = f"export {plural(len(marked), 'image') if marked is not None else what} to"

        async def accept(text: str) -> str | None:
            path = await self.source.export_path(text)
            if path.exists():
                question = f"{plain(path.name, 60)} is there already. Replace it?"
                self._then_ask(question, lambda: self._write(path, marked))
            else:
                self.do(self._write(path, marked), "export")
            return None

        self.edit(label, str(Path.cwd() / "gemtag.jsonl"), accept)

    async def _write(self, path: Path, marked: list[int] | None) -> None:
        self.say("Exporting…")
        self.say(await self.source.export(str(path), self.filter_text, marked))

    def action_compare(self) -> None:
        """Show what each model or profile said of the present image."""
        if (row := self.row_now()) is None:
            self.say("There is no image here to compare.")
            return
        self.do(self._compare(row), "compare")

    async def _compare(self, row: AssetRow) -> None:
        from gemtag_tui.tui.screens.library_compare import (  # noqa: PLC0415 - when wanted
            CompareScreen,
        )

        said = await self.source.said(row.asset)
        if not said:
            self.say("No model has said anything of it yet.")
            return
        await self.app.push_screen(CompareScreen(row, said, self.changed))
