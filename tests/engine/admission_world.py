"""A small world of events: admission and concurrency against strict servers, without real time."""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.concurrency import OUTAGE, Concurrency
from gemtag_tui.engine.admission import Admission, Grant, Need, ParkUntil, Spent, TooBig

START = 1000.0
MINUTE_REQUESTS = "GenerateRequestsPerMinutePerProjectPerModel"


class Sliding:
    """A true sliding window; refused calls count too when asked to."""

    def __init__(self, limit: int, span: float = 60.0, count_refused: bool = False) -> None:
        self.limit, self.span, self.count_refused = limit, span, count_refused
        self.log: deque[tuple[float, int]] = deque()
        self.sum = 0

    def full(self, now: float, weight: int) -> bool:
        while self.log and self.log[0][0] <= now - self.span:
            self.sum -= self.log.popleft()[1]
        return self.sum + weight > self.limit

    def add(self, now: float, weight: int) -> None:
        self.log.append((now, weight))
        self.sum += weight


class Calendar:
    """Counts by whole minutes of its own clock."""

    count_refused = False

    def __init__(self, limit: int, span: float = 60.0, phase: float = 0.0) -> None:
        self.limit, self.span, self.phase = limit, span, phase
        self.minute, self.sum = -1, 0

    def full(self, now: float, weight: int) -> bool:
        minute = int((now + self.phase) // self.span)
        if minute != self.minute:
            self.minute, self.sum = minute, 0
        return self.sum + weight > self.limit

    def add(self, now: float, weight: int) -> None:
        self.sum += weight


class Bucket:
    """Refills evenly; holds `capacity`."""

    count_refused = False

    def __init__(self, limit: int, capacity: float, span: float = 60.0) -> None:
        self.rate, self.capacity = limit / span, capacity
        self.level, self.at = capacity, 0.0

    def full(self, now: float, weight: int) -> bool:
        self.level = min(self.capacity, self.level + (now - self.at) * self.rate)
        self.at = now
        return self.level < weight

    def add(self, now: float, weight: int) -> None:
        self.level -= weight


def strict(limit: int, capacity: float | None = None, phase: float = 0.0) -> list:
    return [Sliding(limit), Calendar(limit, phase=phase), Bucket(limit, capacity or limit)]


Outcome = CallError | None


@dataclass
class Server:
    """Refuses what its counters refuse; `fault` may fail or hang a call first."""

    requests: list = field(default_factory=list)
    tokens: list = field(default_factory=list)
    names_value: int | None = None
    retry_after: float | None = None
    bare: bool = False
    latency: float = 0.8
    fault: Callable[[float, random.Random], tuple[Outcome, float] | None] | None = None
    arrivals: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    served_tokens: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now: float, tokens: int, rng: random.Random) -> tuple[Outcome, float]:
        self.arrivals.append(now)
        latency = self.latency * rng.uniform(0.8, 1.25)
        fault = self.fault(now, rng) if self.fault else None
        if fault is not None:
            return fault
        for counters, weight, trouble in (
            (self.requests, 1, Trouble.RATE_REQUESTS),
            (self.tokens, tokens, Trouble.RATE_TOKENS),
        ):
            full = [counter.full(now, weight) for counter in counters]  # all look at the time
            if any(full):
                for counter in counters:
                    if counter.count_refused:
                        counter.add(now, weight)
                return self.refusal(trouble), latency
        for counter in self.requests:
            counter.add(now, 1)
        for counter in self.tokens:
            counter.add(now, tokens)
        self.served.append(now)
        self.served_tokens.append((now, tokens))
        return None, latency

    def refusal(self, trouble: Trouble) -> CallError:
        if self.bare:
            return CallError(Trouble.CAPACITY, "Resource has been exhausted", 429)
        return CallError(trouble, "quota", 429, self.retry_after, MINUTE_REQUESTS, self.names_value)


class World:
    """The lane in small: sends whenever both allow, retries what failed."""

    def __init__(
        self,
        admission: Admission,
        server: Server,
        *,
        concurrency: Concurrency | None = None,
        assets: int | None = None,
        unix: float = 1_795_000_000.0,
        seed: int = 1,
        arrival: float = 0.12,
        tokens: Callable[[random.Random], tuple[int, int]] = lambda rng: (300, 300),
    ) -> None:
        self.rng = random.Random(seed)
        self.admission, self.server = admission, server
        self.concurrency = concurrency or Concurrency(rng=self.rng.random)
        self.left, self.done = assets, 0
        self.offset = unix - START
        self.now, self.wake_at = START, float("inf")
        self.heap: list = []
        self.order = itertools.count()
        self.arrival, self.tokens = arrival, tokens
        self.troubles: Counter[str] = Counter()
        self.refused_at: list[float] = []
        self.sent: list[float] = []
        self.lessons: list = []
        self.parks: list[float] = []
        self.stopped = None
        self.finished_at = 0.0

    @property
    def unix(self) -> float:
        return self.now + self.offset

    def later(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.heap, (at, next(self.order), act))

    def run(self, seconds: float) -> World:
        end = self.now + seconds
        self.pump()
        while self.heap and self.heap[0][0] <= end and self.stopped is None:
            self.now, _, act = heapq.heappop(self.heap)
            act()
        self.now = max(self.now, end)
        return self

    def wake(self, at: float) -> None:
        at += self.rng.uniform(0.0, 0.008)
        if at < self.wake_at - 1e-9:
            self.wake_at = at
            self.later(at, lambda: self.woken(at))

    def woken(self, at: float) -> None:
        if at == self.wake_at:  # else an earlier one has taken its place
            self.wake_at = float("inf")
            self.pump()

    def pump(self) -> None:
        while self.left is None or self.left > 0:
            self.concurrency.set_rate(self.admission.pace())
            if not self.concurrency.may_start(self.now):
                wait = self.concurrency.next_probe(self.now)
                self.wake(self.now + (wait if wait > 0 else 1.0))
                return
            estimate, real = self.tokens(self.rng)
            answer = self.admission.ask(self.now, self.unix, Need(estimate, 0.0))
            if not self.go(answer, real):
                return

    def go(self, answer, real: int) -> bool:
        if isinstance(answer, Grant):
            self.send(answer, real)
            return True
        if isinstance(answer, ParkUntil):
            self.parks.append(answer.at)
            self.wake(answer.at - self.offset)
        elif isinstance(answer, (Spent, TooBig)):
            self.stopped = answer
        else:
            self.wake(answer.at)
        return False

    def send(self, grant: Grant, real: int) -> None:
        if self.left is not None:
            self.left -= 1
        self.sent.append(self.now)
        sent = self.now
        self.concurrency.on_start(sent)
        at = sent + self.rng.uniform(0.0, self.arrival)

        def arrive() -> None:
            outcome, latency = self.server.decide(at, real, self.rng)
            self.later(at + latency, lambda: self.answer(grant, sent, real, outcome))

        self.later(at, arrive)

    def answer(self, grant: Grant, sent: float, real: int, outcome: Outcome) -> None:
        if outcome is None:
            self.admission.settle(grant, real, 0.0)
            self.lessons += self.admission.found(self.unix)
            self.concurrency.on_success(self.now, self.now - sent)
            self.done += 1
            self.finished_at = self.now
        else:
            self.failed(grant, sent, outcome)
        self.pump()

    def failed(self, grant: Grant, sent: float, error: CallError) -> None:
        self.troubles[error.trouble] += 1
        if error.http_status == 429:
            self.refused_at.append(self.now)
        lesson = self.admission.learn(self.now, self.unix, grant, error)
        if lesson:
            self.lessons.append(lesson)
        if error.trouble in OUTAGE:
            self.concurrency.on_overload(self.now, error.trouble, self.now - sent)
        else:
            self.concurrency.on_quota(self.now, self.now - sent)
        if self.left is not None:
            self.later(self.now + 0.5 * self.rng.random(), self.again)

    def again(self) -> None:
        assert self.left is not None
        self.left += 1
        self.pump()


def fewest_in_a_minute(times: list[float], start: float, end: float) -> int:
    """Least number of `times` in any minute of any phase between two moments."""
    inside = [t for t in times if start <= t <= end]
    fewest, low = len(inside), 0
    marks = [start, *inside]
    for begin in marks:
        if begin + 60.0 > end:
            break
        while low < len(inside) and inside[low] <= begin:
            low += 1
        high = low
        high = bisect.bisect_left(inside, begin + 60.0)
        fewest = min(fewest, high - low)
    return fewest
