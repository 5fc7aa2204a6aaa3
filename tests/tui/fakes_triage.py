"""What settling failures asks of a source, from literal values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.remedies import Basis, Remedy, remedies
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
from gemtag_tui.store.tracks import Track
from gemtag_tui.tui.wanted_failures import Reach
from gemtag_tui.tui.wanted_tracks import Again, TrackRow

BASIS = Basis(
    model="gemini-3.5-flash-lite", lane="interactive", prompt=400.0, image=280.0, output=120.0,
    max_output=1024, at=1_795_349_000.0, other_model="gemini-3.8-flash",
)  # fmt: skip


def track_row(number: int, model: str = "gemini-3.5-flash-lite", **more: bool) -> TrackRow:
    track = Track(number, "google", model, "p_0123456789ab", "default")
    return TrackRow(track=track, counts=Counts(total=10, tagged=5 + number, remaining=4), **more)


@dataclass(kw_only=True)
class FakeTriage:
    """Answers from its fields and remembers what it was told."""

    reaches: Reach = field(
        default_factory=lambda: Reach(
            count=1_204,
            raw=1_204,
            spent_usd=0.61,
            cost_usd=0.31,
            model="gemini-3.8-flash",
            refused=7,
            setting="low resolution",
        )
    )
    decided: list[tuple[str, Sequence[Selection]]] = field(default_factory=list)
    renewed: int = 0
    again: Again = field(
        default_factory=lambda: Again(
            count=2, tagged=1, cost_usd=0.002, model="gemini-3.5-flash-lite"
        )
    )
    tagged_again: list[tuple[list[int], str, str]] = field(default_factory=list)
    tracks: list[TrackRow] = field(default_factory=lambda: [track_row(1, last=True, shown=True)])

    async def renew_causes(self) -> None:
        self.renewed += 1

    async def shown_track(self) -> Track | None:
        return next((row.track for row in self.tracks if row.shown), None)

    async def show_track(self, number: int) -> str:
        self.tracks = [
            replace(row, shown=row.track.id == number or (not number and row.last),
                    chosen=row.track.id == number)
            for row in self.tracks
        ]  # fmt: skip
        track = await self.shown_track()
        return f"Shown: {track.model}."

    async def reach_again(self, assets: Sequence[int], profile: str, model: str = "") -> Again:
        return replace(self.again, profile=profile, profile_name=profile.title(),
                       model=model or self.again.model)  # fmt: skip

    async def profile_names(self) -> list[str]:
        return ["default", "close"]

    async def tag_again(self, assets: Sequence[int], again: Again) -> str:
        self.tagged_again.append((list(assets), again.profile, again.model))
        return f"{again.model} is asked."

    async def track_rows(self) -> list[TrackRow]:
        return self.tracks

    async def remedies(self, groups: Sequence[FailureGroup]) -> list[tuple[Remedy, ...]]:
        return [remedies(g.kind, g.standing, g.count, BASIS, raw=g.raw) for g in groups]

    async def reach(self, verb: str, selections: Sequence[Selection]) -> Reach:
        return self.reaches

    async def decide(self, verb: str, selections: Sequence[Selection]) -> str:
        self.decided.append((verb, list(selections)))
        return f"{verb} done"

    async def rejudge(self, selections: Sequence[Selection]) -> str:
        return await self.decide("rejudge", selections)

    async def ask_other(self, selections: Sequence[Selection], model: str) -> str:
        return await self.decide(f"model {model}", selections)

    async def undo_decision(self) -> str:
        if not self.decided:
            raise UsageError("Nothing to undo.")
        verb, _ = self.decided.pop()
        return f"Undone: {verb}; 1 failure as before."

    async def failure_sent(self, row: FailureRow) -> list[tuple[str, str]]:
        return []
