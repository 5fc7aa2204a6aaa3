"""The lane with everything real but the library, the disk, the network and the time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import random
from collections import Counter, defaultdict

from gemtag_tui.core.calls import Answer, CallError, Trouble, Usage
from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.failures import Standing
from gemtag_tui.core.meter import RateMeter
from gemtag_tui.core.profile import Bucket, Profile
from gemtag_tui.core.settings import Calls
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.admission import Admission, Budgets, Limit, LimitFigures, Need
from gemtag_tui.engine.control import Control
from gemtag_tui.engine.entries import Entries
from gemtag_tui.engine.feeder import Feeder
from gemtag_tui.engine.lane import InteractiveLane
from gemtag_tui.engine.service import Service
from gemtag_tui.engine.settling import Settling
from gemtag_tui.engine.shelf import Shelf
from gemtag_tui.engine.tally import Tally
from gemtag_tui.engine.view import View
from gemtag_tui.imaging.values import Prepared
from gemtag_tui.store.tracks import Track
from gemtag_tui.store.work import Candidate

NOON = 1_795_032_000.0  # 2026-11-18 12:00 in Los Angeles
LATE = NOON + 12 * 3600 - 600  # ten minutes to midnight there
PROFILE = Profile(name="t", prompt="p", buckets=(Bucket(name="subject", description="d"),))
GOOD = Answer(
    json.dumps({"summary": "A dog.", "subject": ["dog"]}),
    "STOP",
    usage=Usage(prompt=100, output=10),
    provider="simulator",
)
TRACK = Track(1, "simulator", "m", "p_1")


class TurnClock:
    """Time that stands still while anything can move, and then jumps to the next sleeper."""

    def __init__(self, unix: float = NOON) -> None:
        self.at = 0.0
        self._unix = unix
        self._sleepers: list = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._unix + self.at

    def monotonic(self) -> float:
        return 1000.0 + self.at

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + seconds, next(self._order), woken))
        await woken

    async def settle(self) -> None:
        """Let everything move that can without time going on."""
        ready = asyncio.get_running_loop()._ready
        for _ in range(60):
            await asyncio.sleep(0)
            if not ready:  # nobody but this task was to go on
                return

    async def run(self, done, seconds: float = 1e7) -> None:
        """Let time go on until a task or a condition is done, or for some seconds."""
        over = done.done if isinstance(done, asyncio.Future) else done
        until = self.at + seconds
        while True:
            await self.settle()
            if over():
                return
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            assert self._sleepers, "nothing will ever happen again"
            if self._sleepers[0][0] > until:
                self.at = until
                return
            self.at, _, woken = heapq.heappop(self._sleepers)
            woken.set_result(None)


def failing(trouble: Trouble, message: str = "Words.", **more) -> CallError:
    return CallError(trouble, message, 503, **more)


def candidate(asset: int) -> Candidate:
    return Candidate(asset, b"/", b"", "jpeg", 640, 480, 1000, 1)  # "/" is always there


class FakeLibrary:
    """States of assets; ends reach the disk when told, or at once."""

    def __init__(self, assets: int) -> None:
        self.todo = set(range(1, assets + 1))
        self.due: set[int] = set()
        self.later: set[int] = set()
        self.tagged: set[int] = set()
        self.bad: set[int] = set()
        self.reads = 0

    async def page(self, after: int, most: int) -> list[Candidate]:
        self.reads += 1
        await asyncio.sleep(0)
        return [candidate(a) for a in sorted(self.todo) if a > after][:most]

    async def due_page(self, most: int) -> list[Candidate]:
        return [candidate(a) for a in sorted(self.due)][:most]

    def counts(self) -> Counts:
        later = len(self.due) + len(self.later)
        remaining = len(self.todo) + later
        return Counts(
            total=remaining + len(self.tagged) + len(self.bad),
            tagged=len(self.tagged),
            remaining=remaining,
            known_bad=len(self.bad),
            retry_later=later,
        )


class FakeCommitter:
    """Keeps rows; `disk()` moves them into the library."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.results: list = []
        self.failures: list = []
        self.ledger: list = []
        self.errors: list = []
        self._pending: list = []
        self.at_once = True

    def result(self, row) -> None:
        self.results.append(row)
        self._pending.append(row)

    def failure(self, row) -> None:
        self.failures.append(row)
        self._pending.append(row)

    def call(self, row) -> None:
        self.ledger.append(row)

    def error(self, row) -> None:
        self.errors.append(row)

    def disk(self) -> None:
        library, rows, self._pending = self.world.library, self._pending, []
        for row in rows:
            library.todo.discard(row.asset)
            library.due.discard(row.asset)
            if not hasattr(row, "standing"):
                library.tagged.add(row.asset)
            elif row.standing is Standing.OPEN:
                library.later.add(row.asset)
            else:
                library.bad.add(row.asset)
        self.world.written([row.asset for row in rows])


class FakePreparer:
    """Every file passes, but for those with an outcome of their own."""

    def __init__(self) -> None:
        self.odd: dict = {}
        self.slow: dict[int, asyncio.Event] = {}

    async def passed(self, attempts):
        await asyncio.sleep(0)
        good = Prepared("image/jpeg", b"x" * 100, 640, 480, "passed", 75)
        return [
            (a, None if a.asset in self.slow else self.odd.get(a.asset, good)) for a in attempts
        ]

    async def decoded(self, attempt):
        await self.slow[attempt.asset].wait()
        return Prepared("image/jpeg", b"y" * 100, 640, 480, "reencoded", 75)


class FakeSender:
    """Answers by script: outcomes in order, the last one again and again; `None` never answers."""

    def __init__(self, clock: TurnClock) -> None:
        self._clock = clock
        self.latency = 0.5
        self.script: dict[int, list] = {}
        self.rule = lambda asset, at: GOOD
        self.calls: Counter[int] = Counter()
        self.times: dict[int, list[float]] = defaultdict(list)
        self.need_usd = 0.001
        self.need_tokens = 100
        self.most_in_flight = self._in_flight = 0

    def need(self, ready) -> Need:
        return Need(self.need_tokens, self.need_usd)

    async def send(self, ready):
        asset = ready.attempt.asset
        self.calls[asset] += 1
        ready.attempt.calls += 1
        self.times[asset].append(self._clock.at)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await self._clock.sleep(self.latency)
        finally:
            self._in_flight -= 1
        script = self.script.get(asset)
        if script is None:
            outcome = self.rule(asset, self._clock.at)
        else:
            outcome = script.pop(0) if len(script) > 1 else script[0]
        if outcome is None:
            await asyncio.Event().wait()
        return outcome


class FakeSpending:
    """Every answer costs the same."""

    def actual(self, answer, expected: float, lane: str) -> float:
        return 0.001

    def learn(self, width, height, usage) -> None:
        return None


class World:
    """A lane over a fake library.

    Args:
        assets: how many there are to do, ids from 1.
        limit: `--limit`.
        no_wait: `--no-wait`.
        rpm, rpd: limits.
        unix: when it begins.
    """

    def __init__(
        self,
        assets: int,
        *,
        limit=None,
        no_wait=False,
        rpm=0,
        rpd=0,
        cap=0,
        budgets=None,
        unix=NOON,
        lane="interactive",
        flex=None,
    ) -> None:
        self.clock = clock = TurnClock(unix)
        self.library = FakeLibrary(assets)
        self.control = Control()
        self.tally = Tally(RateMeter(clock.monotonic()), clock.now())
        rng = random.Random(7)
        figures = LimitFigures(rpm=Limit(rpm), rpd=Limit(rpd))
        self.admission = Admission(figures, budgets or Budgets(), rng=rng.random)
        self.concurrency = Concurrency(cap, rng=rng.random)
        self.preparer = FakePreparer()
        self.shelf = Shelf(
            self.library.page, self.library.due_page, clock, reopen=self.tally.reopen, limit=limit
        )
        self.feeder = Feeder(self.shelf, self.preparer, clock)
        self.committer = FakeCommitter(self)
        self.sender = FakeSender(clock)
        self.lessons: list = []
        self.held_words = ""
        self.entries = Entries(TRACK, self.committer, clock, 1.0)
        self.settling = Settling(
            provider="simulator",
            service=Service(lane, clock, rng.random, flex),
            profile=PROFILE,
            calls=Calls(),
            tally=self.tally,
            admission=self.admission,
            spending=FakeSpending(),
            entries=self.entries,
            feeder=self.feeder,
            control=self.control,
            clock=clock,
            rng=rng,
            learned=self.lessons.append,
        )
        self.feeder.refuse = self.settling.refuse
        self.lane = InteractiveLane(
            feeder=self.feeder,
            admission=self.admission,
            concurrency=self.concurrency,
            sender=self.sender,
            settling=self.settling,
            control=self.control,
            clock=clock,
            held=lambda: self.held_words,
            no_wait=no_wait,
        )
        self.view = View(
            run=1,
            pid=1,
            lane="interactive",
            track=TRACK,
            profile_name="t",
            tally=self.tally,
            control=self.control,
            admission=self.admission,
            concurrency=self.concurrency,
            clock=clock,
            limit=limit,
            in_flight=lambda: self.lane.in_flight,
            retries=lambda: (len(self.feeder.waiting), self.feeder.waiting.next_due()),
        )
        self.written([])
        self.goals: list[int] = []
        self.task: asyncio.Task | None = None

    def written(self, assets: list[int]) -> None:
        self.tally.on_disk += len(assets)
        self.feeder.committed(assets)
        self.view.rebase(
            self.library.counts(),
            due_taken=self.shelf.due_taken,
            passed_over=self.shelf.passed_over,
        )

    async def _disk(self) -> None:
        """Write every now and then, and look at the books each time."""
        while True:
            self.committer.disk()
            self.check()
            await self.clock.sleep(0.37 if self.lane.in_flight else 3.0)

    def check(self) -> None:
        """The books have to be right at every moment."""
        shown = self.view.snapshot()
        self.goals.append(shown.goal)
        assert shown.done == len({r.asset for r in self.committer.results})
        assert shown.done + shown.bad <= shown.goal
        assert shown.in_flight <= shown.goal - shown.done - shown.bad

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.lane.run())
        self.disk_task = asyncio.ensure_future(self._disk())

    async def finish(self, seconds: float = 1e7) -> World:
        """Run to the end, which has to come within some seconds of the world's time."""
        if self.task is None:
            self.start()
        began = self.clock.at
        await self.clock.run(self.task, seconds)
        assert self.task.done(), f"still running after {self.clock.at - began:.0f} s"
        self.disk_task.cancel()
        self.task.result()
        self.committer.disk()
        self.check()
        return self

    async def go(self, seconds: float) -> None:
        """Let some time pass."""
        if self.task is None:
            self.start()
        await self.clock.run(lambda: False, seconds)

    @property
    def code(self) -> int | None:
        return self.control.ending.exit_code if self.control.ending else None

    @property
    def sent(self) -> int:
        return self.sender.calls.total()
