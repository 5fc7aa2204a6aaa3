"""The plan's choices: what they are now, and what happens when one is changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.paint import Span
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import money, number

LANES = ("auto", "interactive", "flex", "batch")


@dataclass(slots=True)
class OwnChoices:
    """What holds for the next run alone. 0: none set."""

    limit: int = 0
    cap: float = 0.0

    def kept(self) -> dict[str, Any]:
        """As JSON values."""
        return {"limit": self.limit, "cap": self.cap}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put back what was kept, when it makes sense."""
        limit, cap = kept.get("limit"), kept.get("cap")
        self.limit = limit if isinstance(limit, int) and limit > 0 else 0
        self.cap = float(cap) if isinstance(cap, int | float) and cap > 0 else 0.0

    def options(self, lane: str) -> list[str]:
        """Words for `gemtag run`."""
        words = ["--lane", lane]
        if self.limit:
            words += ["--limit", str(self.limit)]
        return [*words, "--max-cost", repr(self.cap)] if self.cap else words


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: its name, its value, and whether that is a person's own."""

    name: str
    title: str
    value: str
    own: bool = False


def choice_columns() -> list[Column[Choice]]:
    """Columns of the choices."""
    return [
        Column("", 7, lambda one: (one.title, "muted")),
        Column("", 12, _value, grow=1),
    ]


def _value(one: Choice) -> Span:
    return (one.value, "strong" if one.own else "")


def choices_of(view: PlanView | None, own: OwnChoices) -> list[Choice]:
    """The rows."""
    limit = number(own.limit) if own.limit else "all that remain"
    cap = money(own.cap) if own.cap else "none"
    last = [
        Choice("limit", "limit", limit, bool(own.limit)),
        Choice("cap", "max $", cap, bool(own.cap)),
    ]
    if view is None:
        return last
    plan = view.plan
    lane = view.lane if view.lane != "auto" else f"auto ({plan.recommended})"
    return [
        Choice("model", "model", plan.model),
        Choice("profile", "profile", plan.profile),
        Choice("resolution", "detail", f"{view.resolution}, by the profile"),
        Choice("lane", "lane", lane, view.lane != "auto"),
        *last,
    ]


def parse_limit(text: str) -> int:
    """A number of images; nothing, 0 and "all" mean no limit.

    Raises:
        ValueError: it is none.
    """
    clean = text.strip().lower().replace(",", "").replace(" ", "")
    if clean in {"", "all", "0"}:
        return 0
    value = int(clean)
    if value < 0:
        raise ValueError(clean)
    return value


def parse_cap(text: str) -> float:
    """Dollars; nothing, 0 and "none" mean no cap.

    Raises:
        ValueError: it is none.
    """
    clean = text.strip().lower().lstrip("$").replace(",", "")
    if clean in {"", "none", "0"}:
        return 0.0
    value = float(clean)
    if not 0 <= value < float("inf"):
        raise ValueError(clean)
    return value


Save = Callable[[str, str], Awaitable[str]]


async def try_to_save(save: Save, name: str, text: str) -> tuple[str, str | None]:
    """Save a setting: what is worth saying, and what is wrong with it (None when it was taken)."""
    try:
        return await save(name, text.strip()), None
    except GemtagError as error:
        return "", error.message
