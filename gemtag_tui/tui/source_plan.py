"""The plan, the models to choose from, and what the images tried first came to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.store import browse, runs
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.tui.wanted import ModelChoice, PlanView, Trial

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.engine.checks import Check
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.engine.planning import Plan
    from gemtag_tui.store.library import Library

TIMED = "interactive"
"""The lane whose prices are shown beside a model."""


class PlanSource:
    """The part of the source that is about the plan."""

    lib: Library
    config: Path
    config_named: Path | None
    environ: Mapping[str, str]
    loaded: Loaded

    if TYPE_CHECKING:  # given by the class that all parts come together in

        def load(self) -> Loaded: ...  # noqa: D102

    async def plan(self) -> PlanView:
        """Reckon what the rest would take with the settings as they are now."""
        from gemtag_tui.engine.planning import make_plan  # noqa: PLC0415 - heavy

        self.loaded = self.load()
        lane = self.loaded.settings.lane
        made = await make_plan(self.lib, self.loaded, self.config, self.environ, lane)
        return PlanView(
            plan=made,
            lane=lane,
            resolution=self._profile().model.media_resolution,
            checks=await asyncio.to_thread(self._quick_checks),
            engine=is_held_by_someone(self.lib.path),
            now=self.lib.clock.now(),
        )

    def _quick_checks(self) -> list[Check]:
        """What can be told without the network and without reading the library's file."""
        from gemtag_tui.core.models import canonical_model, notices  # noqa: PLC0415
        from gemtag_tui.core.prices import price_notices  # noqa: PLC0415
        from gemtag_tui.engine import doctor_api, doctor_here  # noqa: PLC0415
        from gemtag_tui.engine.checks import Check  # noqa: PLC0415

        model = canonical_model(self.loaded.settings.model)
        today = datetime.fromtimestamp(self.lib.clock.now(), UTC).date()
        told = notices(model, today) + price_notices(model, today)
        fix = "m chooses another model."
        checks = [
            doctor_api.key_check(self.environ),
            *(Check.warn("model", words, fix) for words in told),
            *([] if told else [Check.ok("model", f"{model}: no end of it is announced.")]),
            *doctor_api.limit_checks(self.loaded),
            doctor_here.profile_check(self.loaded, self.config),
            doctor_here.disk_check(self.lib.path),
        ]
        return sorted(checks, key=lambda one: ("fail", "warn", "ok").index(one.status))

    async def doctor(self) -> list[Check]:
        """Everything that `gemtag doctor` looks at but the terminal, which is in use."""
        from gemtag_tui.engine.doctor import Patient, Terminal, examine_all  # noqa: PLC0415
        from gemtag_tui.engine.paths import log_folder  # noqa: PLC0415

        patient = Patient(
            library=self.lib.path,
            config=self.config,
            config_named=self.config_named is not None,
            environ=self.environ,
            terminal=Terminal(present=False),
            logs=log_folder(self.lib.path),
            clock=self.lib.clock,
        )
        return [one for one in await examine_all(patient) if one.name != "terminal"]

    def _profile(self) -> Profile:
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415

        return load_profile(self.loaded.settings.profile, self.config)

    async def each_cost(self, lane: str = TIMED) -> float | None:
        """What one image costs in a lane, by what was measured or by rule."""
        from gemtag_tui.core.calls import Usage  # noqa: PLC0415
        from gemtag_tui.core.prices import price  # noqa: PLC0415

        plan = (await self.plan()).plan
        found = price(plan.model, lane, self.lib.clock.now())
        usage = Usage(prompt=round(plan.tokens.tokens_in), output=round(plan.tokens.output))
        return None if found is None else found.cost(usage)

    async def models(self) -> list[ModelChoice]:
        """The models in our table, the cheapest first, those that are gone last."""
        from gemtag_tui.core.models import MODELS  # noqa: PLC0415

        plan, profile = (await self.plan()).plan, self._profile()
        now = self.lib.clock.now()
        found = [_choice(rules, plan, profile, now) for rules in MODELS.values()]
        return sorted(found, key=lambda one: (one.gone, one.cost is None, one.cost or 0.0))

    async def trial(self, run: int) -> Trial:
        """A run's results, and what it cost as a whole."""
        row = await runs.last(self.lib)
        if row is None or row.id < run:
            return Trial(run=run)  # its engine has not come so far yet
        results = await browse.results_of_run(self.lib, run)
        if row.id != run:
            spent = sum(one.cost_usd for one in results)
            return Trial(run=run, results=results, cost_usd=spent, ended=True)
        return Trial(
            run=run,
            results=results,
            failed=row.bad,
            cost_usd=row.cost_usd,
            ended=row.ended_at is not None,
            message=row.message,
        )


def _choice(rules: ModelRules, plan: Plan, profile: Profile, now: float) -> ModelChoice:
    from gemtag_tui.core.calls import Usage  # noqa: PLC0415
    from gemtag_tui.core.models import notices  # noqa: PLC0415
    from gemtag_tui.core.prices import price, price_notices  # noqa: PLC0415
    from gemtag_tui.engine.plan_tokens import TYPICAL_SIDES, rule_tokens  # noqa: PLC0415

    today = datetime.fromtimestamp(now, UTC).date()
    own = rules.id == plan.model
    tokens = plan.tokens if own else rule_tokens(profile, rules)
    found = price(rules.id, TIMED, now)
    usage = Usage(prompt=round(tokens.tokens_in), output=round(tokens.output))
    changes = price_notices(rules.id, today) if found else []
    over = rules.shutdown is not None and rules.shutdown <= today
    gone = over and not rules.shutdown_is_earliest
    images = max(0, plan.counts.remaining - plan.counts.in_batches)
    return ModelChoice(
        id=rules.id,
        price_in=found.input if found else None,
        price_out=found.output if found else None,
        image_tokens=rules.image_tokens(profile.model.media_resolution, *TYPICAL_SIDES),
        cost=found.cost(usage) * images if found else None,
        short=_short(rules, today, gone=gone, dearer=bool(changes)),
        notes=tuple(notices(rules.id, today) + changes),
        gone=gone,
        chosen=own,
    )


def _short(rules: ModelRules, today: date, *, gone: bool, dearer: bool) -> str:
    from gemtag_tui.core.models import GOING_SOON_DAYS  # noqa: PLC0415

    if gone:
        return f"gone since {rules.shutdown}"
    if rules.shutdown is not None and (rules.shutdown - today).days <= GOING_SOON_DAYS:
        return f"ends {rules.shutdown}"
    if dearer:
        return "price changes soon"
    return "preview" if rules.preview else ""
