"""What the plan asks of a source, from literal facts; the plan itself is the real one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.models import MODELS, ModelRules, rules_for
from gemtag_tui.core.pilot import Tried, findings_of, predicted_total
from gemtag_tui.core.plan_book import PlanBook
from gemtag_tui.core.plan_shape import Shape
from gemtag_tui.core.plan_values import Figure, ModelFacts, Options, PlanFacts, Selected
from gemtag_tui.core.settings import Budget, Limits, Settings, Tier
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.checks import Check
from gemtag_tui.engine.piloting import Outcome
from gemtag_tui.store.near_groups import Member
from gemtag_tui.store.plan_lists import Listed as ListedImage
from gemtag_tui.store.search import AssetDetail, FilePlace, Found
from gemtag_tui.tui.screens.plan_choices import OwnChoices
from gemtag_tui.tui.screens.plan_view import view_of
from gemtag_tui.tui.wanted import PilotOffer, PlanBase, PlanOrder, PlanView, ScanState
from gemtag_tui.tui.widgets.listed import Listed

NOW = 1_795_349_000.0
LITE = "gemini-3.5-flash-lite"


def model_facts(rules: ModelRules, counts: Counts) -> ModelFacts:
    limits = {"rpm": Figure(4_000.0), "tpm": Figure(4e6), "rpd": Figure(), "spend": Figure(10.0)}
    own = {"low": counts} if rules.id == LITE else {}
    return ModelFacts(rules, 410.0, 118.0, limits=limits, counts=own)


def plan_base(**changes: object) -> PlanBase:
    """Facts of 15,000 images of which 13,204 remain.

    `total`, `left`, `key`, `engine`, `lane`, `checks`, `tier`, `profile`, `budget`, `scope` and
    `provider` can be given.
    """
    total = int(changes.get("total", 15_000))  # type: ignore[call-overload]
    left = int(changes.get("left", min(13_204, total)))  # type: ignore[call-overload]
    key = str(changes.get("key", "GEMINI_API_KEY"))
    tagged = max(0, total - left - 96) if total else 0
    counts = Counts(total=total, tagged=tagged, remaining=left, known_bad=96 if total else 0,
                    duplicates=411, missing=3)  # fmt: skip
    shapes = (Shape("jpeg", 1536, 0, left, left * 300_000, left * 1_920_000, left * 4, left * 4),)
    names = sorted({*MODELS, LITE})
    facts = PlanFacts(
        now=NOW,
        settings=Settings(
            model=LITE,
            limits=Limits(tier=changes.get("tier", Tier.TIER1)),  # type: ignore[arg-type]
            budget=changes.get("budget", Budget()),  # type: ignore[arg-type]
        ),
        provider=str(changes.get("provider", "google")),
        profile=str(changes.get("profile", "default")),
        resolution="low",
        shapes=shapes if total else (),
        library=replace_counts(counts),
        models={name: model_facts(rules_for(name), counts) for name in names},
        bad={"safety": 80, "unreadable": 12, "too_large": 4} if total else {},
        selected=changes.get("selected"),  # type: ignore[arg-type]
        free_bytes=50_000_000_000,
        key_where=key,
        spent_day=1.2,
    )
    checks = changes.get("checks") or (
        [Check.ok("key", f"Found in {key}.")]
        if key
        else [Check.fail("key", "No API key was found.", "Get one at aistudio.google.com/apikey")]
    )
    return PlanBase(
        facts=facts,
        model=LITE,
        lane=str(changes.get("lane", "auto")),
        profile="default",
        resolution="low",
        checks=dict.fromkeys(names, checks),  # type: ignore[arg-type]
        engine=bool(changes.get("engine", False)),
    )


def replace_counts(counts: Counts) -> Counts:
    """A track that does not exist yet: all that is not bad remains."""
    left = counts.total - counts.known_bad
    return Counts(total=counts.total, remaining=left, known_bad=counts.known_bad, duplicates=411)


def plan_view(**changes: object) -> PlanView:
    """The plan for some facts, as the screen makes it."""
    base = plan_base(**changes)
    return view_of(base, PlanBook(base.facts), OwnChoices(), {})


def selected_base(base: PlanBase, order: PlanOrder) -> PlanBase:
    """A tenth of the images, when something is selected."""
    if not order.selection:
        return base
    few = tuple(shape._replace(assets=shape.assets // 10) for shape in base.facts.shapes)
    chosen = Selected(order.selection.words, sum(one.assets for one in few), few)
    return replace(base, facts=replace(base.facts, selected=chosen))


def outcome(path: bytes = b"/p/a.jpg", summary: str = "A narrow galley kitchen.") -> Outcome:
    """What a pilot of 50 told, two of which failed."""
    tried = [Tried(i, 690, 100 + i % 30, 0.0004 + i % 7 * 0.00002) for i in range(48)]
    tried += [Tried(i, 0, 0, 0.0, failure="safety") for i in (48, 49)]
    found = findings_of(tried)
    assert found is not None
    base = plan_base()
    plan = PlanBook(base.facts).compute(options=Options(lane="interactive"))
    result = Found(
        result=1, asset=1, sha256=b"", provider="google", model=LITE, profile="p_0123456789ab",
        profile_name="default", summary=summary, tags={"subject": ["kitchen", "tap"]},
        lane="interactive", served_model=LITE, cost_usd=0.0005, tagged_at=NOW, missing=False,
        path=path,
    )  # fmt: skip
    detail = AssetDetail(
        asset=1, sha256=None, type="jpeg", width=1600, height=1200, bytes=250_000, added_at=NOW,
        files=[FilePlace(path, 250_000, NOW, None)], results=[result], failures=[], states={},
    )  # fmt: skip
    cost = predicted_total(found.costs, plan.images)
    return Outcome(found, plan, cost, replace(cost, low=60.0, likely=200.0, high=900.0),
                   (detail,), "interactive")  # fmt: skip


@dataclass(kw_only=True)
class FakePlan:
    """Answers from its fields and remembers what it was told."""

    base: PlanBase = field(default_factory=plan_base)
    bases: list[PlanBase] = field(default_factory=list)
    """Given one after the other before `base`."""
    asked: list[Check] = field(default_factory=list)
    images: list[ListedImage] = field(default_factory=list)
    offer_made: PilotOffer = field(
        default_factory=lambda: PilotOffer(images=50, lane="interactive", cost=0.03, cap=0.06)
    )
    groups: list[Member] = field(default_factory=list)
    told_by_pilot: Outcome | None = None
    pilot_wrong: str = ""
    count_wrong: str = ""
    scans: list[ScanState] = field(default_factory=list)
    orders: list[PlanOrder] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)

    async def plan_base(self, order: PlanOrder) -> PlanBase:
        self.orders.append(order)
        return selected_base(self.bases.pop(0) if self.bases else self.base, order)

    async def plan_checks(self, model: str) -> list[Check]:
        del model
        return self.asked

    def plan_list(self, order: PlanOrder, name: str, count: int) -> Listed[ListedImage]:
        self.orders.append(order)
        self.told.append(("list", name, str(count)))
        return Listed(self.images)

    def near_members(self, order: PlanOrder) -> Listed[Member]:
        self.orders.append(order)
        return Listed(self.groups)

    async def near_break(self, asset: int) -> int:
        leader = next(one.leader for one in self.groups if one.asset == asset)
        gone = [one for one in self.groups if one.leader == leader]
        self.groups = [one for one in self.groups if one.leader != leader]
        self.told.append(("near break", str(asset)))
        return len(gone)

    async def pilot_offer(self, order: PlanOrder) -> PilotOffer:
        return replace(self.offer_made, images=min(order.size, self.offer_made.images))

    async def pilot(self, order: PlanOrder) -> str:
        self.orders.append(order)
        self.told.append(("pilot", str(order.size), order.lane, f"{order.cap:g}"))
        return self.pilot_wrong

    async def count_tokens(self, order: PlanOrder) -> str:
        self.told.append(("count", str(order.size), order.model))
        return self.count_wrong

    async def pilot_outcome(self, order: PlanOrder) -> Outcome | None:
        del order
        return self.told_by_pilot

    async def start_plan(self, args: Sequence[str], order: PlanOrder) -> int:
        detail = (f"detail={order.resolution}",) if order.resolution else ()
        inside = (f"in={os.fsdecode(order.selection.folder)}",) if order.selection.folder else ()
        self.told.append(("start", *args, *detail, *inside))
        return 4711

    async def doctor(self) -> list[Check]:
        checks = next(iter(self.base.checks.values()))
        return [*checks, Check.warn("disk", "Little room.", "Free some space.")]

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
