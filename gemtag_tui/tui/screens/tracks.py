"""Which model's and profile's results are shown: a list of all there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.tui.paint import Line, Span, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.wanted_tracks import TrackRow
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.words import number

if TYPE_CHECKING:
    from gemtag_tui.store.tracks import Track

LAST = "the last run's"
Row = TrackRow | str
"""`LAST`: always the track of the last run."""


def shown_words(track: Track | None) -> str:
    """The track that is shown, in words: model · profile, and who answers unless it is Google."""
    if track is None:
        return "no model yet"
    other = "" if track.provider == "google" else f" ({track.provider})"
    return f"{track.model} · {track.profile_name}{other}"


def _count(of: Callable[[TrackRow], int]) -> Callable[[Row], Span]:
    def cell(row: Row) -> Span:
        found = 0 if isinstance(row, str) else of(row)
        return ("" if isinstance(row, str) else number(found), "" if found else "muted")

    return cell


def _of(row: Row, part: Callable[[Track], str], last: str = "") -> str:
    return last if isinstance(row, str) else part(row.track)


def _mark(row: Row, *, follows: bool) -> Span:
    on = follows if isinstance(row, str) else row.shown and not follows
    return ("●" if on else "", "good")


def columns(*, follows: bool) -> list[Column[Row]]:
    """Columns of the tracks; `follows`: the last run's is shown, whichever it is."""
    return [
        Column("", 1, lambda row: _mark(row, follows=follows)),
        Column("model", 21, lambda row: (_of(row, lambda one: one.model, LAST), "strong"), grow=2),
        Column("profile", 10, lambda row: (_of(row, lambda one: one.profile_name, "always"), ""),
               grow=1),
        Column("tagged", 8, _count(lambda row: row.counts.tagged), right=True),
        Column("to go", 8, _count(lambda row: row.counts.remaining), right=True),
        Column("bad", 6, _count(lambda row: row.counts.known_bad), right=True),
        Column("ignored", 8, _count(lambda row: row.counts.ignored), right=True, rank=3),
        Column("profile id", 14, lambda row: (_of(row, lambda one: one.profile), "muted"), rank=2),
        Column("provider", 9, lambda row: (_of(row, lambda one: one.provider), "muted")),
    ]  # fmt: skip


def _id(row: Row) -> int:
    return 0 if isinstance(row, str) else row.track.id


class TrackList(PagedList[Row]):
    """A list whose Enter shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show", id="tracks.show", tooltip="Show this model's results"),
    ]


class TracksScreen(GemtagScreen):
    """Models and profiles with their counts; Enter shows one, Esc leaves it as it is.

    Args:
        take: told the chosen track's id, 0 for the last run's.
    """

    FILTERS = True

    def __init__(self, take: Callable[[int], None]) -> None:
        super().__init__()
        self._take = take
        self._tracks: list[TrackRow] = []

    def body(self) -> ComposeResult:
        """The tracks under a word of what they are."""
        yield Block(id="tracks-head")
        yield TrackList(
            columns(follows=True), _id, empty="Reading…",
            marks=False, id="tracks-list",
        )  # fmt: skip

    @property
    def _list(self) -> PagedList[Row]:
        return self.query_one("#tracks-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self._list)
        self.do(self._load(), "tracks")

    async def _load(self) -> None:
        self._tracks = await self.source.track_rows()
        self._list.set_columns(columns(follows=not any(row.chosen for row in self._tracks)))
        await self._show()

    async def _show(self) -> None:
        wanted = self.filter_text.casefold()
        rows: list[Row] = [LAST, *self._tracks]
        shown = [row for row in rows if wanted in _words(row)]
        chosen = (i for i, row in enumerate(shown) if isinstance(row, TrackRow) and row.chosen)
        at = next(chosen, 0)
        self._list.set_empty("Nothing fits the filter; Esc clears it.")
        await self._list.load(Listed(shown), at=at)
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by name."""
        del text
        self.do(self._show(), "tracks")

    def on_resize(self, event: events.Resize) -> None:
        """Draw anew."""
        del event
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        words = "kept apart by model and profile · ⏎ shows one, Esc goes back"
        line: Line = [(words, "muted")]
        self.query_one("#tracks-head", Block).show([rule(line, self.size.width)])

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show one."""
        self.dismiss()
        self._take(message.row.track.id if isinstance(message.row, TrackRow) else 0)


TRACKS_KEY = Binding(
    "m",
    "tracks",
    "models",
    id="tracks.choose",
    tooltip="Which model's and profile's results are shown",
)


class ShowsTrack(GemtagScreen):
    """A screen on which another track can be shown; it has `TRACKS_KEY` among its bindings."""

    async def other_track(self) -> None:
        """Show what is so of the track that is shown now."""

    def action_tracks(self) -> None:
        """Choose which track is shown."""
        self.app.push_screen(TracksScreen(lambda track: self.do(self._show_track(track), "track")))

    async def _show_track(self, track: int) -> None:
        words = await self.source.show_track(track)
        await self.other_track()
        self.say(words)


def _words(row: Row) -> str:
    if isinstance(row, str):
        return f"{LAST} always"
    return f"{row.track.model} {row.track.profile_name} {row.track.profile}".casefold()
