"""What the plan, the failures, the library and the batches ask of a source, from literal values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store.batches import JobRow, OddLine, Stranger
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.failures import FailureGroup, FailureRow
from gemtag_tui.store.work import State
from gemtag_tui.tui.wanted import BatchDetail, BatchView
from gemtag_tui.tui.widgets.listed import Listed

from .fakes_library import FakeLibrary
from .fakes_plan import FakePlan

NOW = 1_795_349_000.0
TAGS = {"subject": ["kitchen", "tap"], "setting": ["indoor"], "colours": ["oak", "white"]}
SUMMARY = "A narrow galley kitchen with oak fronts and brass taps."


def asset(number: int, path: bytes = b"", **changes: object) -> AssetRow:
    values: dict[str, object] = {
        "asset": number,
        "path": path or b"/p/boards/kitchen/IMG_%04d.jpg" % number,
        "type": "jpeg",
        "width": 1600,
        "height": 1200,
        "size": 250_000,
        "files": 1,
        "state": State.TAGGED,
        "result": number,
        "summary": SUMMARY,
        "tags": TAGS,
        "lane": "interactive",
        "served_model": "gemini-3.5-flash-lite-001",
        "cost_usd": 0.0005,
        "tagged_at": NOW - 60,
        "kind": "",
    }
    return AssetRow(**{**values, **changes})  # type: ignore[arg-type]


def failure(number: int, path: bytes = b"", **changes: object) -> FailureRow:
    values: dict[str, object] = {
        "id": number,
        "asset": number,
        "kind": FailureKind.SAFETY,
        "message": "finishReason SAFETY: the answer was withheld",
        "attempts": 1,
        "standing": Standing.KNOWN_BAD,
        "first_seen": NOW - 900,
        "last_seen": NOW - 90,
        "next_retry": None,
        "lane": "interactive",
        "provider": "google",
        "model": "gemini-3.5-flash-lite",
        "profile": "p_0123456789ab",
        "run": 7,
        "job": None,
        "cost_usd": 0.0006,
        "path": path or b"/p/boards/art/IMG_%04d.jpg" % number,
    }
    return FailureRow(**{**values, **changes})  # type: ignore[arg-type]


def group(rows: Sequence[FailureRow], share: float = 1.0) -> FailureGroup:
    one = rows[0]
    return FailureGroup(
        kind=one.kind,
        head=one.message[:80],
        standing=one.standing,
        count=len(rows),
        cost_usd=sum(row.cost_usd for row in rows),
        share=share,
        raw=sum(row.kind in {FailureKind.TRUNCATED, FailureKind.MALFORMED} for row in rows),
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        example=one.id,
    )


def failing() -> list[FailureRow]:
    open_: dict[str, object] = {
        "kind": FailureKind.OVERLOADED,
        "message": "503 UNAVAILABLE: The model is overloaded.",
        "standing": Standing.OPEN,
        "next_retry": NOW + 40,
    }
    return [*(failure(i) for i in range(1, 4)), *(failure(i, **open_) for i in range(4, 6))]


def job(number: int, **changes: object) -> JobRow:
    values: dict[str, object] = {
        "id": number,
        "display_name": f"gemtag-{number:02}",
        "name": f"batches/abc{number}",
        "track": 1,
        "state": "running",
        "server_state": "JOB_STATE_RUNNING",
        "requests": 12_000,
        "succeeded": 8_506,
        "failed": 14,
        "pending": 3_480,
        "ingested": 0,
        "created_at": NOW - 11_400,
        "ended_at": None,
        "expires_at": NOW + 160_000,
        "error": "",
        "cost_usd": 1.27,
    }
    return JobRow(**{**values, **changes})  # type: ignore[arg-type]


@dataclass(kw_only=True)
class FakeAsks(FakePlan, FakeLibrary):
    """Answers from its fields and remembers what it was told."""

    failed: list[FailureRow] = field(default_factory=failing)
    rows: list[AssetRow] = field(default_factory=lambda: [asset(i) for i in range(1, 101)])
    jobs: list[JobRow] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    details: dict[int, BatchDetail] = field(default_factory=dict)
    odd: list[OddLine] = field(default_factory=list)
    landed: tuple[int, int] = (0, 0)
    seen: BatchView = field(default_factory=BatchView)
    told: list[tuple[str, ...]] = field(default_factory=list)

    async def failure_groups(self) -> list[FailureGroup]:
        sorts: dict[tuple[str, ...], list[FailureRow]] = {}
        for row in self.failed:
            sorts.setdefault((row.kind, row.message, row.standing), []).append(row)
        whole = len(self.failed)
        groups = (group(rows, len(rows) / whole) for rows in sorts.values())
        return sorted(groups, key=lambda one: -one.count)

    def failure_files(self, group: FailureGroup, text: str = "") -> Listed[FailureRow]:
        wanted = (group.kind, group.head, group.standing)
        same = [r for r in self.failed if (r.kind, r.message[:80], r.standing) == wanted]
        return Listed([r for r in same if text.encode() in r.path])

    async def failure(self, number: int) -> FailureRow | None:
        return next((row for row in self.failed if row.id == number), None)

    async def failure_detail(self, row: FailureRow) -> list[tuple[str, str]]:
        return [("Image", row.path.decode("utf-8", "surrogateescape")), ("Raw answer", "{}")]

    async def each_cost(self, lane: str = "interactive") -> float | None:
        return 0.0005 if lane == "interactive" else 0.00025

    async def batch_view(self) -> BatchView:
        view = BatchView(jobs=tuple(self.jobs), strangers=tuple(self.strangers))
        if self.seen != view:
            self.seen = view
        return self.seen

    async def batch_detail(self, job: int) -> BatchDetail:
        return self.details.get(job) or BatchDetail(job=job)

    async def batch_odd_lines(self, job: int) -> list[OddLine]:
        del job
        return self.odd

    async def batch_order(self, verb: str, job: str = "") -> str:
        self.told.append(("batch", verb, job))
        return f"{verb} done"

    async def watch_batches(self) -> int:
        self.told.append(("batch", "watch"))
        return 4712

    async def batches_landed(self, since: float) -> tuple[int, int]:
        del since
        return self.landed
