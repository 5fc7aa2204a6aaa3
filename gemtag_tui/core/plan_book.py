"""The plan for any choice and wish, from facts looked up once: pure, and quick at any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gemtag_tui.core.estimate import Cost, Duration, PerImage, choose_tokens
from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.plan_choose import advise
from gemtag_tui.core.plan_lanes import LANES, Case, lane_plan, priced
from gemtag_tui.core.plan_models import better_model, model_lines
from gemtag_tui.core.plan_shape import MOST_TILES, Mix, image_tokens, mix_of
from gemtag_tui.core.plan_values import (
    Advice,
    LanePlan,
    ModelFacts,
    ModelLine,
    Options,
    Plan,
    PlanFacts,
    Wish,
)
from gemtag_tui.core.plan_words import (
    RISKS,
    budget_words,
    caching_words,
    lane_notes,
    priority_words,
    savings_words,
    warnings_of,
)
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts

SIMULATOR = "simulator"
NO_IMAGES = "The library is empty: `gemtag scan PATH` adds images."


class PlanBook:
    """Makes plans. One `compute` takes a few milliseconds whatever the library's size.

    Args:
        facts: what was looked up, see `engine.planning.gather`.
    """

    def __init__(self, facts: PlanFacts) -> None:
        self.facts = facts
        chosen = facts.shapes if facts.selected is None else facts.selected.shapes
        self._mix = mix_of(chosen or facts.shapes, facts.settings.images.send_max_bytes)
        self._lines: dict[tuple[str, int, int], tuple[ModelLine, ...]] = {}

    def compute(self, wish: Wish | None = None, options: Options | None = None) -> Plan:
        """Return the plan for some wishes and choices.

        Args:
            wish: what a person wants; the settings' own when `None`.
            options: what differs from the settings.

        Raises:
            KeyError: the facts were not gathered for this model.
        """
        wanted = wish_of(self.facts.settings) if wish is None else wish
        chosen = options or Options()
        name = canonical_model(chosen.model) if chosen.model else self._own_model()
        resolution = chosen.resolution or self.facts.resolution
        case = self.case(name, resolution, chosen)
        plans = self._lanes(case)

        def reckon(lane: str, images: int) -> LanePlan:
            return lane_plan(case, lane, images, ranges=False)

        advice = advise(chosen.lane, case.images, plans, wanted, reckon)
        lines = self._model_lines(resolution, chosen)
        advice = better_model(case, advice, plans, lines, wanted)
        plan = self._plan(case, resolution, plans, advice)
        return replace(plan, models=lines, scope=scope_words(self.facts, chosen))

    def case(self, model: str, resolution: str, options: Options) -> Case:
        """Return what every lane is reckoned from, for one model and resolution."""
        facts, known = self.facts, self.facts.models[model]
        counts = self._counts(known, resolution)
        images = max(0, counts.remaining - counts.in_batches - counts.near_waiting)
        if facts.selected is not None:
            images = min(images, facts.selected.remaining)
        for most in (options.first, options.sample):
            images = min(images, most) if most else images
        return Case(facts, known, tokens_of(known, resolution, self._mix), self._mix, images)

    def _model_lines(self, resolution: str, options: Options) -> tuple[ModelLine, ...]:
        """Compare the models; wishes do not change that, so it is kept."""
        key = (resolution, options.first, options.sample)
        if key not in self._lines:
            cases = {one: self.case(one, resolution, options) for one in self.facts.models}
            self._lines[key] = tuple(model_lines(cases))
        return self._lines[key]

    def _own_model(self) -> str:
        return canonical_model(self.facts.settings.model)

    def _counts(self, model: ModelFacts, resolution: str) -> Counts:
        return model.counts.get(resolution, self.facts.library)

    def _lanes(self, case: Case) -> tuple[LanePlan, ...]:
        found = []
        for lane in LANES:
            plan = priced(lane_plan(case, lane), case.images)
            notes = lane_notes(case, plan)
            found.append(replace(plan, notes=tuple(notes), risk=RISKS[lane]))
        if self.facts.provider == SIMULATOR:
            found.append(_simulated(found[0]))
        return tuple(found)

    def _plan(self, case: Case, resolution: str, lanes: Sequence[LanePlan], advice: Advice) -> Plan:
        facts, counts = self.facts, self._counts(case.model, resolution)
        taken = next((one for one in lanes if one.lane == advice.lane), lanes[0])
        budgets = tuple(budget_words(case, taken))
        said = [*facts.notes, *self._start_notes(counts, resolution), *warnings_of(case), *budgets]
        priority = priority_words(case)
        near = counts.near_waiting
        skipped = lane_plan(case, taken.lane, near, ranges=False).cost if near else None
        return Plan(
            counts=counts,
            model=case.name,
            profile=facts.profile,
            provider=facts.provider,
            tokens=case.tokens,
            lanes=tuple(lanes),
            recommended=advice.lane,
            reason=advice.reason,
            warnings=(*said, *([priority] if priority else [])),
            key_where=facts.key_where,
            images=case.images,
            resolution=resolution,
            advice=advice,
            bad=self._bad(case.model, resolution),
            caching=caching_words(case),
            savings=tuple(savings_words(case, resolution)),
            budgets=budgets,
            near_saves=skipped.likely if skipped else None,
            limits=case.model.limits,
        )

    def _bad(self, model: ModelFacts, resolution: str) -> dict[str, int]:
        """Return the known bad images by kind, the most first."""
        kinds = Counter(self.facts.bad)
        kinds.update(model.bad.get(resolution, {}))
        return dict(kinds.most_common())

    def _start_notes(self, counts: Counts, resolution: str) -> list[str]:
        found = [NO_IMAGES] if counts.total == 0 else []
        if resolution != self.facts.resolution:
            found.append(
                f"Media resolution {resolution} makes another profile of it: what is tagged at "
                f"{self.facts.resolution} is not counted as tagged there."
            )
        return found


def wish_of(settings: Settings) -> Wish:
    """Return the wishes that the settings name."""
    plan = settings.plan
    return Wish(plan.deadline_hours * 3600.0, plan.budget, plan.prefer)


def tokens_of(model: ModelFacts, resolution: str, mix: Mix) -> PerImage:
    """Return the tokens of one image: measured as soon as anything was, else counted, or ruled."""
    image = image_tokens(model.rules, resolution, mix)
    rule = PerImage(model.prompt, image, model.output, "rule", thinking=model.thinking)
    seen, counted = model.measured.get(resolution), model.counted.get(resolution)
    if model.rules.family < 3 and resolution in {"default", "high"}:
        least = min(1.0, MOST_TILES / max(1.0, mix.tiles))
        rule = replace(rule, image_off=(least, 1.0))
    else:  # size does not matter: the measure is all
        seen = seen and replace(seen, ruled_image=0.0)
        counted = counted and replace(counted, ruled_image=0.0)
    return choose_tokens(rule, seen, counted)


def scope_words(facts: PlanFacts, options: Options) -> str:
    """Return words for the part of the library that a plan is for, "" for all that remains."""
    parts = [facts.selected.words] if facts.selected is not None else []
    if options.first:
        parts.append(f"the first {options.first:,}")
    if options.sample:
        parts.append(f"a random {options.sample:,}")
    return ", ".join(parts)


def _simulated(like: LanePlan) -> LanePlan:
    seconds = like.duration.seconds if like.duration else 0.0
    note = "The simulator answers: the lanes above say what Google would charge."
    return LanePlan(
        SIMULATOR, True, Cost(0.0, 0.0, 0.0), Duration(seconds, "", 0.0), (note,), RISKS[SIMULATOR]
    )
