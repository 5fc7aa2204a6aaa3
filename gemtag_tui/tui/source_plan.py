"""What plans are reckoned from, the images behind their numbers, pilots and starting."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.plan_values import Options
from gemtag_tui.core.text import plain
from gemtag_tui.engine.paths import log_folder, make_private
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.store.plan_lists import Listed
from gemtag_tui.tui.read_on import ReadOn
from gemtag_tui.tui.source_near import NearSource
from gemtag_tui.tui.wanted import PilotOffer, PlanBase, PlanOrder

if TYPE_CHECKING:
    from gemtag_tui.core.plan_values import Plan
    from gemtag_tui.engine.checks import Check
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.engine.piloting import Outcome
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

MOST_LISTED = 20_000
"""Rows of a list on the screen; `gemtag plan --list` gives them all."""
TIMED = "interactive"
"""The lane whose price is given where none is named."""
PROFILE_VARIABLE = "GEMTAG_PROFILE"
_LOOKED_OVER = 1.0
"""Seconds for a look at the library's file beside the screens; `doctor` takes its time."""


class PlanSource(NearSource):
    """The part of the source that is about the plan."""

    lib: Library
    config: Path
    config_named: Path | None
    environ: Mapping[str, str]
    loaded: Loaded

    if TYPE_CHECKING:  # given by the class that all parts come together in

        def load(self) -> Loaded: ...  # noqa: D102

        async def start(  # noqa: D102
            self, args: Sequence[str] = (), environ: Mapping[str, str] | None = None
        ) -> int: ...

    # The plan

    async def plan_base(self, order: PlanOrder) -> PlanBase:
        """Look up what plans are reckoned from, for a selection."""
        from gemtag_tui.engine.planning import gather  # noqa: PLC0415 - heavy
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415

        self.loaded = self.load()
        settings = self.loaded.settings
        loaded = self._loaded(order) if order.selection else self.loaded
        selection = order.selection or None
        return PlanBase(
            facts=await gather(self.lib, loaded, self.config, self.environ, selection),
            model=settings.model,
            lane=settings.lane,
            profile=settings.profile,
            resolution=load_profile(settings.profile, self.config).model.media_resolution,
            checks=await asyncio.to_thread(self._checks, order.model),
            engine=is_held_by_someone(self.lib.path),
        )

    def _loaded(self, order: PlanOrder) -> Loaded:
        """The settings with what an order puts in their place."""
        from gemtag_tui.engine.config import load_settings  # noqa: PLC0415
        from gemtag_tui.engine.profiles import at_resolution  # noqa: PLC0415

        given: dict[str, object] = {"model": order.model or None, "lane": order.lane or None}
        if order.resolution:
            given["profile"] = at_resolution(self.load().settings.profile, order.resolution)
        return load_settings(self.config, self.environ, given)

    def _checks(self, chosen: str) -> dict[str, list[Check]]:
        """What can be told of each model without asking anybody, the worst first."""
        from gemtag_tui.core.models import MODELS, canonical_model  # noqa: PLC0415
        from gemtag_tui.engine.doctor import preflight  # noqa: PLC0415

        names = {*MODELS, canonical_model(self.loaded.settings.model), chosen} - {""}
        now, found = self.lib.clock.now(), {}
        for name in names:
            checks = preflight(
                self.loaded, self.config, self.environ, self.lib.path, now, model=name
            )
            found[name] = worst_first(checks)
        return found

    async def plan_checks(self, model: str) -> list[Check]:
        """Ask the API about a model, and look the library's file over."""
        from gemtag_tui.engine import doctor_api, doctor_here  # noqa: PLC0415

        asked = await doctor_api.api_checks(model, self.environ)
        return asked + await asyncio.to_thread(
            doctor_here.library_checks, self.lib.path, _LOOKED_OVER
        )

    async def doctor(self) -> list[Check]:
        """Everything that `gemtag doctor` looks at but the terminal, which is in use."""
        from gemtag_tui.engine.doctor import Patient, Terminal, examine_all  # noqa: PLC0415

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

    async def each_cost(self, lane: str = TIMED) -> float | None:
        """What one image costs in a lane, by what was measured or by rule."""
        from gemtag_tui.core.calls import Usage  # noqa: PLC0415
        from gemtag_tui.core.prices import price  # noqa: PLC0415

        plan = await self._plan()
        found = price(plan.model, lane, self.lib.clock.now())
        usage = Usage(prompt=round(plan.tokens.tokens_in), output=round(plan.tokens.output))
        return None if found is None else found.cost(usage)

    async def _plan(self) -> Plan:
        from gemtag_tui.core.plan_book import PlanBook  # noqa: PLC0415 - heavy

        base = await self.plan_base(PlanOrder())
        return PlanBook(base.facts).compute(options=Options(lane=base.lane))

    def plan_list(self, order: PlanOrder, name: str, count: int) -> ReadOn[Listed]:
        """The images behind a number."""

        async def expected() -> int:
            return count

        return ReadOn(self._listed(order, name), MOST_LISTED, expected)

    async def track_of(self, order: PlanOrder) -> Track | None:
        """The track that an order is about; `None` while there is none."""
        from gemtag_tui.engine.planning import own_track  # noqa: PLC0415

        return await own_track(self.lib, self._loaded(order), self.config, self.environ)

    async def _listed(self, order: PlanOrder, name: str) -> AsyncGenerator[Listed, None]:
        from gemtag_tui.store.plan_lists import listed  # noqa: PLC0415

        async for row in listed(self.lib, await self.track_of(order), name):
            yield row

    # A pilot

    async def pilot_offer(self, order: PlanOrder) -> PilotOffer:
        """Choose a sample and say what it would take."""
        from gemtag_tui.engine.piloting import choose_sample  # noqa: PLC0415

        sample = await choose_sample(
            self.lib, self._loaded(order), self.config, self.environ, order.selection,
            size=order.size, seed=order.seed, max_cost=order.cap or None,
        )  # fmt: skip
        cost = sample.plan.cost
        return PilotOffer(
            images=len(sample.picked),
            lane=sample.lane,
            cost=cost.likely if cost else None,
            cap=sample.cap,
            note=sample.note,
        )

    async def pilot(self, order: PlanOrder) -> str:
        """Tag a sample in a process of its own, which is the engine meanwhile.

        Raises:
            UsageError: an engine runs already, or no process can be started.
        """
        if is_held_by_someone(self.lib.path):
            raise UsageError("An engine runs on this library already.")
        code, last = await self._process(order, "pilot")
        return "" if code in {0, 1, 3} else last or f"The pilot ended with code {code}."

    async def count_tokens(self, order: PlanOrder) -> str:
        """Have the API count the tokens of some pictures, in a process of its own.

        Raises:
            UsageError: no process can be started.
        """
        code, last = await self._process(order, "count")
        return "" if not code else last or f"Counting ended with code {code}."

    async def _process(self, order: PlanOrder, what: str) -> tuple[int, str]:
        """Run `gemtag plan --pilot` or `--count`; returns its exit code and its last words."""
        log = log_folder(self.lib.path) / f"{what}.out"
        try:
            make_private(log.parent)
            with log.open("wb") as out:
                child = await asyncio.create_subprocess_exec(
                    *self._plan_words(order, what), stdin=asyncio.subprocess.DEVNULL,
                    stdout=out, stderr=out, start_new_session=True, env=self._environ(order),
                )  # fmt: skip
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UsageError(f"`gemtag plan --{what}` could not be started: {why}.") from error
        return await child.wait(), _last_words(log)

    def _plan_words(self, order: PlanOrder, what: str) -> list[str]:
        words = [sys.executable, "-m", "gemtag_tui", "--library", os.fspath(self.lib.path)]
        if self.config_named is not None:
            words += ["--config", os.fspath(self.config_named)]
        words += ["plan", f"--{what}", str(order.size), "--seed", str(order.seed)]
        chosen = order.selection
        given = (
            ("--max-cost", repr(order.cap) if order.cap else ""),
            ("--model", order.model),
            ("--lane", order.lane),
            ("--folder", os.fsdecode(chosen.folder)),
            ("--since", _moment(chosen.since)),
            ("--until", _moment(chosen.until)),
        )
        for name, value in given:
            words += [name, value] if value else []
        return [*words, f"--query={chosen.query}"] if chosen.query else words

    async def pilot_outcome(self, order: PlanOrder) -> Outcome | None:
        """What the latest sample told."""
        from gemtag_tui.engine.piloting import recall  # noqa: PLC0415

        return await recall(self.lib, self._loaded(order), self.config, self.environ)

    # Starting

    async def start_plan(self, args: Sequence[str], order: PlanOrder) -> int:
        """Start the engine with the order's resolution, on the order's selection or random sample.

        Raises:
            UsageError: an engine runs already, no process can be started, or nothing is chosen.
        """
        words = list(args)
        if order.selection or order.size:
            words += ["--selection", str(await self._keep_chosen(order))]
        return await self.start(words, self._environ(order))

    async def _keep_chosen(self, order: PlanOrder) -> int:
        """Keep what is chosen as a list for the run; returns the list's id."""
        from gemtag_tui.engine.planning import own_track  # noqa: PLC0415
        from gemtag_tui.store import pilots, plan_selection, selections  # noqa: PLC0415

        track = await own_track(self.lib, self._loaded(order), self.config, self.environ)
        number = track.id if track else None
        if order.selection:
            found = await plan_selection.assets_of(self.lib, number, order.selection)
            if order.size:
                chance = random.Random(order.seed)  # noqa: S311 (a sample)
                found = sorted(chance.sample(found, min(order.size, len(found))))
        else:
            found = await pilots.drawn(self.lib, number, order.size, order.seed)
        if not found:
            raise UsageError("Nothing that is chosen remains to be tagged.")
        return (await selections.select_these(self.lib, found, "chosen on the plan's screen")).id

    def _environ(self, order: PlanOrder) -> dict[str, str]:
        """An environment in which the profile has the order's resolution."""
        from gemtag_tui.engine.profiles import at_resolution  # noqa: PLC0415

        environ = dict(self.environ)
        if order.resolution:
            own = self.load().settings.profile
            environ[PROFILE_VARIABLE] = at_resolution(own, order.resolution)
        return environ


def worst_first(checks: Sequence[Check]) -> list[Check]:
    """Put what fails first, then what is to be known; the order holds otherwise."""
    return sorted(checks, key=lambda one: ("fail", "warn", "ok").index(one.status))


def _moment(unix: float) -> str:
    from datetime import datetime  # noqa: PLC0415 - seldom

    return datetime.fromtimestamp(unix).astimezone().isoformat() if unix else ""


def _last_words(log: Path) -> str:
    try:
        text = log.read_bytes()[-600:].decode("utf-8", "replace")
    except OSError:
        return ""
    return plain(text.strip().rpartition("\n")[2], 300)
