"""What the simulator counted, for tests and benchmarks to look at."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Any


class Peak:
    """The largest number of events in any sliding minute."""

    def __init__(self, span: float = 60.0) -> None:
        self._span = span
        self._recent: deque[float] = deque()
        self.most = 0

    def add(self, now: float) -> None:
        """Count an event."""
        self._recent.append(now)
        while self._recent[0] <= now - self._span:
            self._recent.popleft()
        self.most = max(self.most, len(self._recent))


class Stats:
    """Counts by path, status and picture, and what was served each minute."""

    def __init__(self, now: float) -> None:
        self.started = now
        self.paths: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """Calls refused by a quota, by its kind."""
        self.attempts: Counter[str] = Counter()
        """Calls by picture, answered or not."""
        self.paid: Counter[str] = Counter()
        """Billed answers by picture, in both lanes, whether or not they arrived."""
        self.abandoned = 0
        """Calls whose client went away before the answer."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.received = Peak()
        self.admitted = Peak()
        self.tokens_by_minute: defaultdict[int, int] = defaultdict(int)
        self.served_by_minute: defaultdict[int, int] = defaultdict(int)
        self.tokens_in = 0
        self.tokens_out = 0
        self.cost_usd = 0.0

    def admit(self, tokens: int, now: float) -> None:
        """Count a call that the quotas let in."""
        self.admitted.add(now)
        self.tokens_by_minute[int(now // 60)] += tokens

    def pay(self, images: tuple[str, ...], tokens_in: int, tokens_out: int, usd: float) -> None:
        """Count a billed answer."""
        self.paid.update(images)
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        self.cost_usd += usd

    def enter(self) -> None:
        """A generateContent call has come in."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def report(self, now: float, *, images: bool = True) -> dict[str, Any]:
        """Everything as plain JSON values."""
        report: dict[str, Any] = {
            "seconds": now - self.started,
            "paths": dict(self.paths),
            "statuses": dict(self.statuses),
            "faults": dict(self.faults),
            "refused_by_quota": dict(self.refused),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "abandoned": self.abandoned,
            "most_received_in_a_minute": self.received.most,
            "most_admitted_in_a_minute": self.admitted.most,
            "tokens_by_minute": {str(k): v for k, v in self.tokens_by_minute.items()},
            "served_by_minute": {str(k): v for k, v in self.served_by_minute.items()},
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": round(self.cost_usd, 9),
            "distinct_images": len(self.attempts),
            "paid_answers": self.paid.total(),
            "paid_images": len(self.paid),
            "paid_twice": self.paid.total() - len(self.paid),
        }
        if images:
            report["paid_by_image"] = dict(self.paid)
            report["attempts_by_image"] = dict(self.attempts)
        return report
