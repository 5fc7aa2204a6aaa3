"""What the failures' screens ask of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gemtag_tui.core.remedies import Remedy
    from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
    from gemtag_tui.tui.wanted import Paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a decision about failures would reach.

    Attributes:
        count: failures.
        local: of these, found without asking a model: another try is another look by a scan.
        raw: of these, with a stored answer.
        spent_usd: spent on them so far.
        cost_usd: of sending the others once more; `None` when a price is not known.
        model: that would be asked.
        refused: others, left out: they were refused with the changed setting before.
        setting: the changed setting in words, "" when it is tried as it was.
    """

    count: int = 0
    local: int = 0
    raw: int = 0
    spent_usd: float = 0.0
    cost_usd: float | None = 0.0
    model: str = ""
    refused: int = 0
    setting: str = ""

    @property
    def sent(self) -> int:
        """How many would be sent."""
        return self.count - self.local


class TriageAsks(Protocol):
    """For understanding failures and settling them."""

    async def renew_causes(self) -> None:
        """Group failures by today's rules when they were grouped by older ones."""

    async def remedies(self, groups: Sequence[FailureGroup]) -> list[tuple[Remedy, ...]]:
        """Return what can be done about each cause with its price, the best first."""

    async def reach(self, verb: str, selections: Sequence[Selection]) -> Reach:
        """Return what a decision would reach.

        That is `retry`, `ignore`, `reopen`, `rejudge`, `model`, or what `read_wish` reads.
        """

    async def rejudge(self, selections: Sequence[Selection]) -> str:
        """Judge stored answers again by the profile as it is now; returns words."""

    async def ask_other(self, selections: Sequence[Selection], model: str) -> str:
        """Start a run of another model on the images alone; returns words."""

    async def undo_decision(self) -> str:
        """Take the last decision back as far as nothing was spent since; returns words."""

    async def failure_sent(self, row: FailureRow) -> Paragraphs:
        """Return what was sent when it failed, as far as it is known."""
