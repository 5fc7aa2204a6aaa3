"""What the plan, the failures, the library and the batches ask of a source, from literal values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.estimate import Cost, Duration, PerImage
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.checks import Check
from gemtag_tui.engine.planning import LanePlan, Plan
from gemtag_tui.store.batches import JobRow, OddLine, Stranger
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
from gemtag_tui.store.work import State
from gemtag_tui.tui.wanted import (
    BatchDetail,
    BatchView,
    ModelChoice,
    PlanView,
    ScanState,
    Trial,
)
from gemtag_tui.tui.widgets.listed import Listed

from .fakes_library import FakeLibrary

NOW = 1_795_349_000.0
TAGS = {"subject": ["kitchen", "tap"], "setting": ["indoor"], "colours": ["oak", "white"]}
SUMMARY = "A narrow galley kitchen with oak fronts and brass taps."


def plan_view(**changes: object) -> PlanView:
    """A plan for 13,204 of 15,000; `total`, `key`, `engine`, `lane` and `checks` can be given."""
    total = int(changes.get("total", 15_000))  # type: ignore[call-overload]
    left = int(changes.get("left", min(13_204, total)))  # type: ignore[call-overload]
    key = str(changes.get("key", "GEMINI_API_KEY"))
    counts = Counts(total=total, tagged=max(0, total - left - 96) if total else 0, remaining=left,
                    known_bad=96 if total else 0, duplicates=411, missing=3)  # fmt: skip
    lanes = (
        LanePlan("interactive", True, Cost(6.6, 5.0, 9.2), Duration(1_320.0, "rpm", 600.0)),
        LanePlan("flex", True, Cost(3.3, 2.5, 4.6), Duration(90_000.0, "concurrency", 32.0),
                 ("Half the price; answers take one to fifteen minutes.",)),
        LanePlan("batch", False, Cost(3.3, 2.5, 4.6), Duration(86_400.0, "batch", 0.0),
                 ("This version does not run the batch lane; its price is shown to compare.",)),
    )  # fmt: skip
    plan = Plan(
        counts=counts,
        model="gemini-3.5-flash-lite",
        profile=str(changes.get("profile", "default")),
        provider="google",
        tokens=PerImage(410.0, 280.0, 118.0, "rule"),
        lanes=lanes,
        recommended="interactive",
        reason="It is the quickest, and every result is there at once.",
        key_where=key,
    )
    checks = changes.get("checks") or (
        [Check.ok("key", f"Found in {key}.")]
        if key
        else [Check.fail("key", "No API key was found.", "Get one at aistudio.google.com/apikey")]
    )
    return PlanView(
        plan=plan,
        lane=str(changes.get("lane", "auto")),
        resolution="low",
        checks=checks,  # type: ignore[arg-type]
        engine=bool(changes.get("engine", False)),
        now=NOW,
    )


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


def group(rows: Sequence[FailureRow]) -> FailureGroup:
    one = rows[0]
    return FailureGroup(
        kind=one.kind,
        head=one.message[:80],
        standing=one.standing,
        count=len(rows),
        cost_usd=sum(row.cost_usd for row in rows),
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
class FakeAsks(FakeLibrary):
    """Answers from its fields and remembers what it was told."""

    view: PlanView = field(default_factory=plan_view)
    views: list[PlanView] = field(default_factory=list)
    """Given one after the other before `view`."""
    tried: Trial | None = None
    scans: list[ScanState] = field(default_factory=list)
    failed: list[FailureRow] = field(default_factory=failing)
    rows: list[AssetRow] = field(default_factory=lambda: [asset(i) for i in range(1, 101)])
    jobs: list[JobRow] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    details: dict[int, BatchDetail] = field(default_factory=dict)
    odd: list[OddLine] = field(default_factory=list)
    landed: tuple[int, int] = (0, 0)
    seen: BatchView = field(default_factory=BatchView)
    told: list[tuple[str, ...]] = field(default_factory=list)
    decided: list[tuple[str, Sequence[Selection]]] = field(default_factory=list)

    async def plan(self) -> PlanView:
        return self.views.pop(0) if self.views else self.view

    async def doctor(self) -> list[Check]:
        return [*self.view.checks, Check.warn("disk", "Little room.", "Free some space.")]

    async def models(self) -> list[ModelChoice]:
        return [
            ModelChoice(id="gemini-2.5-flash-lite", price_in=0.1, price_out=0.4, image_tokens=64,
                        cost=1.5),
            ModelChoice(id="gemini-3.5-flash-lite", price_in=0.3, price_out=2.5, image_tokens=280,
                        cost=6.6, chosen=True),
            ModelChoice(id="gemini-3.8-flash", price_in=0.75, price_out=3.75, image_tokens=280,
                        cost=13.0, short="price changes soon",
                        notes=("The price of gemini-3.8-flash changes on 2027-01-01.",)),
            ModelChoice(id="gemini-2.0-flash", price_in=None, price_out=None, image_tokens=64,
                        cost=None, short="gone since 2026-06-01", gone=True,
                        notes=("gemini-2.0-flash was shut down on 2026-06-01.",)),
        ]  # fmt: skip

    async def trial(self, run: int) -> Trial:
        return self.tried or Trial(run=run)

    async def folder(self, text: str) -> str:
        if not text.startswith("/"):
            raise UsageError(f"There is nothing at {text}.")
        return text

    async def scan(self, path: str) -> AsyncIterator[ScanState]:
        self.told.append(("scan", path))
        for state in self.scans:
            yield state

    def stop_scan(self) -> None:
        self.told.append(("stop scan",))

    async def failure_groups(self) -> list[FailureGroup]:
        sorts: dict[tuple[str, ...], list[FailureRow]] = {}
        for row in self.failed:
            sorts.setdefault((row.kind, row.message, row.standing), []).append(row)
        return sorted((group(rows) for rows in sorts.values()), key=lambda one: -one.count)

    def failure_files(self, group: FailureGroup, text: str = "") -> Listed[FailureRow]:
        same = [r for r in self.failed if (r.kind, r.standing) == (group.kind, group.standing)]
        return Listed([r for r in same if text.encode() in r.path])

    async def failure(self, number: int) -> FailureRow | None:
        return next((row for row in self.failed if row.id == number), None)

    async def failure_detail(self, row: FailureRow) -> list[tuple[str, str]]:
        return [("Image", row.path.decode("utf-8", "surrogateescape")), ("Raw answer", "{}")]

    async def each_cost(self, lane: str = "interactive") -> float | None:
        return 0.0005 if lane == "interactive" else 0.00025

    async def decide(self, verb: str, selections: Sequence[Selection]) -> str:
        self.decided.append((verb, list(selections)))
        return f"{verb} done"

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
