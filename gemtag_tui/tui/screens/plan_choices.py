"""The plan's choices: what holds instead of the settings, as rows, as values, as words to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from gemtag_tui.core.plan_values import RESOLUTIONS, Options, Selection, Wish
from gemtag_tui.core.text import plain
from gemtag_tui.tui.paint import Span
from gemtag_tui.tui.wanted import PlanOrder, PlanView
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import duration, money, number

LANES = ("auto", "interactive", "flex", "batch")
PREFERENCES = ("", "cheapest", "soonest")
_GROUPS = {
    "model": ("model",),
    "resolution": ("resolution",),
    "lane": ("lane",),
    "images": ("first", "sample", "folder", "since", "until", "query"),
    "wish": ("wished", "prefer", "deadline", "budget"),
    "cap": ("cap",),
}


@dataclass(slots=True)
class OwnChoices:
    """What is tried in place of the settings. "" and 0: the settings' own.

    Attributes:
        wished: whether the wishes here hold, even if there are none, in place of the settings'.
        deadline: seconds from now.
        cap: US dollars that a start may cost at most.
    """

    model: str = ""
    resolution: str = ""
    lane: str = ""
    first: int = 0
    sample: int = 0
    folder: bytes = b""
    since: float = 0.0
    until: float = 0.0
    query: str = ""
    wished: bool = False
    prefer: str = ""
    deadline: float = 0.0
    budget: float = 0.0
    cap: float = 0.0

    @property
    def selection(self) -> Selection:
        """The part of the library that has to be looked up."""
        return Selection(self.folder, self.since, self.until, self.query)

    @property
    def wish(self) -> Wish | None:
        """What is wished here, `None` for the settings' wishes."""
        return Wish(self.deadline, self.budget, self.prefer) if self.wished else None

    def options(self, lane: str) -> Options:
        """What a plan is reckoned for, in a lane."""
        return Options(self.model, self.resolution, lane, self.first, self.sample)

    def order(self, **more: Any) -> PlanOrder:
        """What a pilot, a list or a start is for."""
        return PlanOrder(
            model=self.model,
            resolution=self.resolution,
            lane=self.lane,
            selection=self.selection,
            **more,
        )

    def changed(self, name: str) -> bool:
        """Whether a row differs from the settings."""
        return any(getattr(self, one) for one in _GROUPS.get(name, ()))

    def reset(self, name: str = "") -> None:
        """Put a row back to the settings' own, or all of them."""
        for one in fields(self):
            if not name or one.name in _GROUPS.get(name, ()):
                setattr(self, one.name, one.default)

    def kept(self) -> dict[str, Any]:
        """As JSON values, those alone that differ."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        found["folder"] = self.folder.decode("latin-1")
        return {name: value for name, value in found.items() if value}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put back what was kept, as far as it makes sense."""
        for one in fields(self):
            value = kept.get(one.name)
            if one.name == "folder" and isinstance(value, str):
                value = value.encode("latin-1", "ignore")
            if type(one.default) is float and type(value) is int:
                value = float(value)
            fits = type(value) is type(one.default)
            if fits and (not isinstance(value, int | float) or 0 <= value < float("inf")):
                setattr(self, one.name, value)
        self.resolution = self.resolution if self.resolution in RESOLUTIONS else ""
        self.lane = self.lane if self.lane in LANES else ""
        self.prefer = self.prefer if self.prefer in PREFERENCES else ""

    def start_words(self, lane: str, split: int = 0) -> list[str]:
        """Words for `gemtag run`; so many go first where it is in two parts."""
        words = ["--lane", lane, *(["--model", self.model] if self.model else [])]
        words += ["--limit", str(self.first)] if self.first else []
        words += ["--split", str(split)] if split else []
        return [*words, "--max-cost", repr(self.cap)] if self.cap else words


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: its name, its key, its value, and whether that differs from the settings."""

    name: str
    key: str
    title: str
    value: str
    own: bool = False


def choice_columns() -> list[Column[Choice]]:
    """Columns of the choices; the keys stand beside their names."""
    return [
        Column("", 9, _title),
        Column("", 12, lambda one: (one.value, "strong" if one.own else ""), grow=1),
    ]


def _title(one: Choice) -> Span:
    return f"{one.key}{'•' if one.own else ' '}{one.title}", "accent" if one.own else "muted"


def choices_of(view: PlanView | None, own: OwnChoices) -> list[Choice]:
    """The rows."""
    if view is None:
        return []
    plan = view.plan
    lane = view.lane if view.lane != "auto" else f"auto → {plan.recommended}"
    rows = (
        ("model", "m", "model", plan.model),
        ("resolution", "r", "detail", view.resolution),
        ("lane", "l", "lane", lane),
        ("images", "s", "images", images_words(own)),
        ("wish", "w", "wish", wish_words(wish_in_force(view, own))),
        ("cap", "b", "budget", f"{money(own.cap)} for the run" if own.cap else "no cap here"),
        ("profile", "p", "profile", plan.profile),
    )
    return [Choice(name, key, title, value, own.changed(name)) for name, key, title, value in rows]


def wish_in_force(view: PlanView, own: OwnChoices) -> Wish:
    """The wishes that the plan was made for."""
    from gemtag_tui.core.plan_book import wish_of  # noqa: PLC0415 - loaded with the first plan

    return own.wish or (Wish() if view.facts is None else wish_of(view.facts.settings))


def images_words(own: OwnChoices) -> str:
    """The part of the library that is planned for."""
    parts = [f"first {number(own.first)}"] if own.first else []
    parts += [f"random {number(own.sample)}"] if own.sample else []
    parts += [one for one in [own.selection.words] if one]
    return ", ".join(parts) or "all that remain"


def wish_words(wish: Wish) -> str:
    """What is wished, in words."""
    parts = [wish.prefer] if wish.prefer else []
    parts += [duration(wish.deadline)] if wish.deadline else []
    parts += [f"≤{money(wish.budget)}"] if wish.budget else []
    return ", ".join(parts) or "none"


def following(values: Sequence[str], now: str) -> str:
    """The value after the present one, from the beginning again after the last."""
    return values[(values.index(now) + 1) % len(values)] if now in values else values[0]


@dataclass(frozen=True, slots=True)
class MenuRow:
    """A row of a menu: its name, its words, and its present value."""

    name: str
    title: str
    value: str = ""


def selection_rows(own: OwnChoices) -> list[MenuRow]:
    """Ways to plan for a part of the images."""
    return [
        MenuRow("all", "all that remain"),
        MenuRow("first", "the first so many", number(own.first) if own.first else ""),
        MenuRow("sample", "a random sample of so many", number(own.sample) if own.sample else ""),
        MenuRow("folder", "in a folder", plain(own.folder)),
        MenuRow("query", "found by a search (board:, path:, words)", own.query),
        MenuRow("since", "files changed since", day_words(own.since)),
        MenuRow("until", "files changed before", day_words(own.until)),
    ]


def wish_rows(own: OwnChoices) -> list[MenuRow]:
    """What can be wished for."""
    return [
        MenuRow("none", "nothing: what the lane “auto” takes"),
        MenuRow("cheapest", "the cheapest", "•" if own.prefer == "cheapest" else ""),
        MenuRow("soonest", "the soonest", "•" if own.prefer == "soonest" else ""),
        MenuRow("deadline", "done by a time", duration(own.deadline) if own.deadline else ""),
        MenuRow("budget", "for at most so many dollars", money(own.budget) if own.budget else ""),
        MenuRow("settings", "what the settings say (plan.*)"),
    ]


def day_words(unix: float) -> str:
    """A moment as it is typed, "" for none."""
    from datetime import datetime  # noqa: PLC0415 - seldom

    return f"{datetime.fromtimestamp(unix).astimezone():%Y-%m-%d %H:%M}" if unix else ""
