"""What judged lines come to: folded into groups that are written while the next ones are judged."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_plan import key_of
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.engine.batch_ground import Landed
from gemtag_tui.engine.batch_reading import (
    BAD,
    LINE_ERROR,
    UNKNOWN,
    UNPARSABLE,
    Good,
    Poor,
    Setup,
)
from gemtag_tui.store import batch_land
from gemtag_tui.store.batch_rows import Item, Landing, Odd, Sum
from gemtag_tui.store.rows import NewFailure

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.engine.batch_ingest_read import Block
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

_MISSING_AT_ONCE = 5_000
_LEAST = 4_000
"""Lines from which on a group is written, if none is being written."""
_MOST = 40_000
"""Lines that are folded while one is. SQLite writes every page that it touches once, however many
rows, so groups may grow; these take some tens of megabytes."""


@dataclass(slots=True)
class Intake:
    """Folds judged lines into what is written.

    Attributes:
        states: where every asset of the job stands, kept up with what was folded.
        failed: assets that have a failure on record.
        done: assets that have a result from elsewhere.
    """

    ground: Ground
    job: JobRow
    track: Track
    setup: Setup
    states: dict[int, int]
    failed: set[int]
    done: set[int]
    open: Landing | None = None
    lines: int = 0
    _waits: set[int] = field(default_factory=set)
    _writing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._waits = {asset for asset, state in self.states.items() if state == Item.HELD}
        self._waits -= self.done

    async def take(self, block: Block, rows: list[Good | Poor]) -> None:
        """Fold one block's lines, and have them written when there are enough."""
        new = self.open = self.open or self._landing(0)
        new.taken_bytes = block.end
        late = [row[0] for row in rows if self.states.get(row[0]) == Item.GIVEN_BACK]
        if late:
            self.done |= await batch_land.has_result(self.ground.lib, self.job, late)
        self._fold(new, block, rows)
        self.lines += len(rows)
        idle = self._writing is None or self._writing.done()
        if self.lines >= (_LEAST if idle else _MOST):
            await self._hand_over()

    async def flush(self) -> None:
        """Write what was folded."""
        await self._hand_over()
        await self._written()

    async def settle(self) -> None:
        """Wait until nothing is being written any more, whatever came of it."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _hand_over(self) -> None:
        await self._written()
        new, self.open, self.lines = self.open, None, 0
        if new is not None:
            self._writing = asyncio.create_task(self._write(new))

    async def _written(self) -> None:
        task, self._writing = self._writing, None
        if task is not None:
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                self._writing = task
                raise

    def _fold(self, new: Landing, block: Block, rows: list[Good | Poor]) -> None:
        """Fold good lines of assets that come once at once, any other in the order of lines."""
        waits = self._waits
        good = [row for row in rows if not isinstance(row, Poor) and row[0] in waits]
        assets = {row[0] for row in rows}
        if len(assets) < len(rows):
            again = {asset for asset, n in Counter(row[0] for row in rows).items() if n > 1}
            good = [row for row in good if row[0] not in again]
        if good:
            assets = self._all_good(new, good)
        if len(good) == len(rows):
            return
        for number, row in enumerate(rows):
            if not good or isinstance(row, Poor) or row[0] not in assets:
                self._one(new, block, row, number)

    def _all_good(self, new: Landing, good: list[Good]) -> set[int]:
        """Fold the first good lines of different assets; returns these."""
        assets = {row[0] for row in good}
        self._waits -= assets
        self.states.update(dict.fromkeys(assets, int(Item.TAGGED)))
        new.tagged += good
        new.had_failed += self.failed & assets
        new.tally["ok"] = new.tally.get("ok", 0) + len(good)
        columns = list(zip(*good, strict=True))
        kept = new.sums.setdefault("ok", Sum())
        kept.lines += len(good)
        kept.tokens_in += sum(columns[4])
        kept.tokens_out += sum(columns[6])
        kept.cost_usd += sum(columns[7])
        return assets

    def _one(self, new: Landing, block: Block, row: Good | Poor, number: int) -> None:
        if row[0] in self._waits and not isinstance(row, Poor):
            self._all_good(new, [row])
        else:
            self._other(new, row, block, number)

    async def missing(self) -> None:
        """Record the assets that the results do not speak of."""
        lacking = [asset for asset, state in self.states.items() if state == Item.HELD]
        for at in range(0, len(lacking), _MISSING_AT_ONCE):
            part = lacking[at : at + _MISSING_AT_ONCE]
            new = self._landing(0)
            new.tally["missing"] = len(part)
            new.states = [(Item.MISSING, asset) for asset in part]
            why = "The batch job ended without a line for this image."
            new.failures = [
                self._failure(asset, FailureKind.MISSING_FROM_BATCH, why, Standing.OPEN)
                for asset in part
            ]
            await self._write(new)

    def _landing(self, end: int) -> Landing:
        run, now = self.ground.run, self.ground.clock.now()
        return Landing(self.job.id, self.track, run, now, taken_bytes=end)

    async def _write(self, new: Landing) -> None:
        await batch_land.land(self.ground.lib, new)
        sums = new.sums.values()
        self.ground.told(
            Landed(
                tagged=len(new.tagged),
                failed=[one.asset for one in new.failures],
                mended=new.had_failed,
                tokens_in=sum(s.tokens_in for s in sums),
                tokens_out=sum(s.tokens_out for s in sums),
                cost_usd=sum(s.cost_usd for s in sums),
            )
        )

    def _other(self, new: Landing, row: Good | Poor, block: Block, number: int) -> None:
        """Fold a line that is not simply the first good one of an asset that waits for it."""
        state = self.states.get(row[0])
        if state is None:
            broken = isinstance(row, Poor) and row.fate == UNPARSABLE
            self._keep(new, row, block.line(number), UNPARSABLE if broken else UNKNOWN)
        elif state in {Item.HELD, Item.GIVEN_BACK} and row[0] in self.done:
            self._keep(new, row, block.line(number), "second")
            new.double_usd += row[-1]
            self._mark(new, row[0], Item.SECOND)
        elif state == Item.HELD:
            assert isinstance(row, Poor)  # noqa: S101 (good ones were taken before)
            self._failed(new, row, block.line(number))
        elif state == Item.GIVEN_BACK:
            self._late(new, row, block.line(number))
        elif state in {Item.LATER, Item.KNOWN_BAD} and not isinstance(row, Poor):
            self._mended(new, row)
        else:
            self._doubled(new, row, block.line(number))

    def _mended(self, new: Landing, row: Good) -> None:
        """Fold the good line of an asset that had a failed one before: what is paid is kept."""
        asset = row[0]
        if any(one.asset == asset for one in new.failures):
            new.failures = [one for one in new.failures if one.asset != asset]
            new.states = [one for one in new.states if one[1] != asset]
        else:  # written with an earlier group, and counted as landed there
            self.failed.add(asset)
            new.again += 1
        self._all_good(new, [row])

    def _doubled(self, new: Landing, row: Good | Poor, line: bytes) -> None:
        """Keep one more line of an asset; a request is billed once, however often its line came."""
        key = row.key if isinstance(row, Poor) else key_of(row[0], self.job.nonce)
        new.odd.append(Odd("doubled", key, line, row[0]))
        new.tally["doubled"] = new.tally.get("doubled", 0) + 1

    def _late(self, new: Landing, row: Good | Poor, line: bytes) -> None:
        """Fold the line of an asset that was moved elsewhere meanwhile."""
        if isinstance(row, Poor):
            self._keep(new, row, line, row.kind or row.status)
        else:
            self.failed.add(row[0])
            self._all_good(new, [row])

    def _failed(self, new: Landing, row: Poor, line: bytes) -> None:
        kind = FailureKind(row.kind)
        bad = row.fate == BAD
        why, standing = row.words, Standing.KNOWN_BAD if bad else Standing.OPEN
        new.failures.append(self._failure(row.asset, kind, why, standing, row.cost_usd, line))
        self._mark(new, row.asset, Item.KNOWN_BAD if bad else Item.LATER)
        new.tally[row.kind] = new.tally.get(row.kind, 0) + 1
        _add(new, row.status, row)

    def _mark(self, new: Landing, asset: int, state: Item) -> None:
        self.states[asset] = state
        self._waits.discard(asset)
        new.states.append((state, asset))

    def _keep(self, new: Landing, row: Good | Poor, line: bytes, kind: str) -> None:
        key = row.key if isinstance(row, Poor) else key_of(row[0], self.job.nonce)
        new.odd.append(Odd(kind, key, line, row[0] or None, row[-1]))
        new.tally[kind] = new.tally.get(kind, 0) + 1
        _add(new, kind, row)

    def _failure(  # noqa: PLR0917 (of one row)
        self,
        asset: int,
        kind: FailureKind,
        why: str,
        standing: Standing,
        cost_usd: float = 0.0,
        raw: bytes = b"",
    ) -> NewFailure:
        now = self.ground.clock.now()
        return NewFailure(
            asset=asset,
            track=self.track,
            kind=kind,
            message=why,
            standing=standing,
            at=now,
            next_retry=self._again_at(asset, kind, now) if standing is Standing.OPEN else None,
            lane="batch",
            job=self.job.id,
            cost_usd=cost_usd,
            raw=raw,
        )

    def _again_at(self, asset: int, kind: FailureKind, now: float) -> float:
        """Return when it is due: a better try at once, trouble of the line's own after a while."""
        if kind not in {LINE_ERROR, FailureKind.MISSING_FROM_BATCH}:
            return now
        hours = self.ground.settings.calls.retry_hours
        return now + hours * 3600 * (2 if asset in self.failed else 1)


def _add(new: Landing, status: str, row: Good | Poor) -> None:
    kept = new.sums.get(status)
    if kept is None:
        kept = new.sums[status] = Sum()
    kept.add(1, row.prompt if isinstance(row, Poor) else row[4], row[-2], row[-1])
