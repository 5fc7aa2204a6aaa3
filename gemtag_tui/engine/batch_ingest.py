"""Taking a job's results into the library: by key alone, in groups, and the same however often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import JobState, final_of
from gemtag_tui.core.batch_operation import ServerState, read_state
from gemtag_tui.core.batch_plan import key_of
from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.engine.batch_ground import Landed
from gemtag_tui.engine.batch_pool import Block, Reader
from gemtag_tui.engine.batch_reading import BAD, LINE_ERROR, Good, Poor, Setup
from gemtag_tui.store import batch_jobs, batch_land, indexer, tracks
from gemtag_tui.store.batch_rows import Item, Landing, Odd, Sum
from gemtag_tui.store.batches import by_id
from gemtag_tui.store.rows import NewFailure

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

_MISSING_AT_ONCE = 5_000
_GROUP = 16_000
"""Lines in one transaction: SQLite writes every page that it touches once, however many rows."""
_COMPLETE = frozenset({ServerState.SUCCEEDED, ServerState.PARTIAL, ServerState.UNKNOWN})


async def ingest(ground: Ground, job: JobRow) -> None:
    """Take in what an ended job brought, and bring the job to its final state.

    May be cut off anywhere and begun again: how far it got is written with every group.

    Raises:
        LibraryError: the library cannot be written, or does not hold the job's profile.
        OSError: the results cannot be read from the disk.
    """
    if job.output_file:
        intake = await _intake(ground, job)
        reader = Reader(ground.folder / job.results, intake.setup)
        if job.echo and not job.taken_bytes and await _quarantined(ground, job, reader):
            return
        async for block, rows in reader.read(job.taken_bytes):
            await intake.take(block, rows)
        await intake.flush()
        if read_state(job.server_state) in _COMPLETE:
            await intake.missing()
    await _close(ground, job)
    await indexer.catch_up(ground.lib)


async def _quarantined(ground: Ground, job: JobRow, reader: Reader) -> bool:
    """Look through all lines before any is stored: one swapped answer condemns the job."""
    swapped = await reader.scan()
    if not swapped:
        return False
    first = swapped[0]
    words = (
        f"{len(swapped):,} answers stand under other pictures' keys (that of {first.key} says it "
        f"is for {first.echo}), so nothing of this job was stored."
    )
    odd = [Odd("swapped", one.key, one.raw) for one in swapped[: batch_land.KEPT_ODD]]
    await batch_land.keep_odd(ground.lib, job.id, odd, {"swapped": len(swapped)})
    await batch_jobs.move(ground.lib, job, JobState.QUARANTINED, words, error=words)
    return True


async def _close(ground: Ground, job: JobRow) -> None:
    final = final_of(read_state(job.server_state))
    now = ground.clock.now()
    fresh = await by_id(ground.lib, job.id) or job
    waiting = await batch_jobs.held(ground.lib, job.id)
    words = f"Taken in: {fresh.tagged:,} tagged of {fresh.requests:,}."
    if waiting:
        words += f" {waiting:,} images had no answer and remain to be tagged."
    await batch_jobs.move(
        ground.lib, job, final, words, release=True, ingested_at=now, waiting="", pending=0
    )


async def _intake(ground: Ground, job: JobRow) -> _Intake:
    body = await tracks.profile_body(ground.lib, job.profile)
    track = await tracks.track_by_id(ground.lib, job.track)
    if body is None or track is None:
        raise LibraryError(f"The library does not hold the profile of batch job {job.id}.")
    states, better, failed = await batch_land.items(ground.lib, job)
    setup = Setup(
        profile=body,
        model=job.model,
        nonce=job.nonce,
        echo=bool(job.echo),
        better=frozenset(better),
        at=ground.clock.now(),
        provider=job.provider,
    )
    done = await batch_land.held_and_done(ground.lib, job)
    return _Intake(ground, job, track, setup, states, failed, done)


@dataclass(slots=True)
class _Intake:
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

    async def take(self, block: Block, rows: list[Good | Poor]) -> None:
        """Fold one block's lines, and write them when there are enough."""
        new = self.open = self.open or self._landing(0)
        new.taken_bytes = block.end
        if not self._all_good(new, rows):
            await self._each(new, block, rows)
        self.lines += len(rows)
        if self.lines >= _GROUP:
            await self.flush()

    async def flush(self) -> None:
        """Write what was folded."""
        new, self.open, self.lines = self.open, None, 0
        if new is not None:
            await self._write(new)

    def _all_good(self, new: Landing, rows: list[Good | Poor]) -> bool:
        """Fold a block of nothing but first good lines at once; else leave it as it is."""
        good = [row for row in rows if not isinstance(row, Poor)]
        if len(good) < len(rows):
            return False
        assets = {row[0] for row in good}
        states = self.states
        waits = int(Item.HELD)
        held = all(states.get(asset) == waits for asset in assets)
        if not held or len(assets) != len(rows) or not self.done.isdisjoint(assets):
            return False
        states.update(dict.fromkeys(assets, int(Item.TAGGED)))
        new.tagged += [row[:8] for row in good]
        new.had_failed += self.failed & assets
        new.tally["ok"] = new.tally.get("ok", 0) + len(rows)
        kept = new.sums.setdefault("ok", Sum())
        kept.lines += len(rows)
        kept.tokens_in += sum(row[4] for row in good)
        kept.tokens_out += sum(row[6] for row in good)
        kept.cost_usd += sum(row[7] for row in good)
        return True

    async def _each(self, new: Landing, block: Block, rows: list[Good | Poor]) -> None:
        late = [row[0] for row in rows if self.states.get(row[0]) == Item.GIVEN_BACK]
        if late:
            self.done |= await batch_land.has_result(self.ground.lib, self.job, late)
        for row in rows:
            held = self.states.get(row[0]) == Item.HELD
            if held and not isinstance(row, Poor) and row[0] not in self.done:
                self._tagged(new, row)
            else:
                self._other(new, row, block)

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

    def _tagged(self, new: Landing, row: Good) -> None:
        asset = row[0]
        self.states[asset] = Item.TAGGED
        new.tagged.append(row[:8])
        if asset in self.failed:
            new.had_failed.append(asset)
        new.tally["ok"] = new.tally.get("ok", 0) + 1
        _add(new, "ok", row)

    def _other(self, new: Landing, row: Good | Poor, block: Block) -> None:
        """Fold a line that is not simply the first good one of an asset that waits for it."""
        state = self.states.get(row[0])
        if state is None:
            known = isinstance(row, Poor) and row.fate in {"unparsable", "unknown"}
            self._keep(new, row, block, row.fate if known and isinstance(row, Poor) else "unknown")
        elif state in {Item.HELD, Item.GIVEN_BACK} and row[0] in self.done:
            self._keep(new, row, block, "second")
            new.double_usd += row[-2]
            self._mark(new, row[0], Item.SECOND)
        elif state == Item.HELD:
            assert isinstance(row, Poor)  # noqa: S101 (good ones were taken before)
            self._failed(new, row, block)
        elif state == Item.GIVEN_BACK:
            self._late(new, row, block)
        else:
            self._keep(new, row, block, "doubled")
            new.double_usd += row[-2]

    def _late(self, new: Landing, row: Good | Poor, block: Block) -> None:
        """Fold the line of an asset that was moved elsewhere meanwhile."""
        if isinstance(row, Poor):
            self._keep(new, row, block, row.kind or row.status)
        else:
            self.failed.add(row[0])
            self._tagged(new, row)

    def _failed(self, new: Landing, row: Poor, block: Block) -> None:
        kind = FailureKind(row.kind)
        bad = row.fate == BAD
        why, standing = row.words, Standing.KNOWN_BAD if bad else Standing.OPEN
        raw = block.line(row.line)
        new.failures.append(self._failure(row.asset, kind, why, standing, row.cost_usd, raw))
        self._mark(new, row.asset, Item.KNOWN_BAD if bad else Item.LATER)
        new.tally[row.kind] = new.tally.get(row.kind, 0) + 1
        _add(new, row.status, row)

    def _mark(self, new: Landing, asset: int, state: Item) -> None:
        self.states[asset] = state
        new.states.append((state, asset))

    def _keep(self, new: Landing, row: Good | Poor, block: Block, kind: str) -> None:
        key = row.key if isinstance(row, Poor) else key_of(row[0], self.job.nonce)
        new.odd.append(Odd(kind, key, block.line(row[-1]), row[0] or None, row[-2]))
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
    kept.lines += 1
    kept.tokens_in += row.prompt if isinstance(row, Poor) else row[4]
    kept.tokens_out += row[-3]
    kept.cost_usd += row[-2]
