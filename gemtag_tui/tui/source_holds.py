"""What limits us, where each figure comes from, and changing it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.models import canonical_model, notices, rules_for
from gemtag_tui.core.pacific import month_of
from gemtag_tui.engine.config import Loaded, environment_name
from gemtag_tui.store import failures, ledger, limits, live, runs, tracks, work
from gemtag_tui.tui.source import Holds, LearnedLimit, Since

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import Gauge
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

MARK = "tui left"


class HoldsSource:
    """The part of the source that is about limits, settings and what happened meanwhile."""

    lib: Library
    config: Path
    environ: Mapping[str, str]
    loaded: Loaded

    if TYPE_CHECKING:  # given by the class that all parts come together in

        def load(self) -> Loaded: ...  # noqa: D102
        async def command(self, verb: str, argument: str = "") -> str: ...  # noqa: D102
        async def keep_pref(self, name: str, value: str) -> None: ...  # noqa: D102
        async def pref(self, name: str) -> str: ...  # noqa: D102

    async def holds(self) -> Holds:
        """Everything the limits screen shows."""
        from gemtag_tui.engine.provider import likely_provider  # noqa: PLC0415 - heavy

        self.loaded = self.load()
        settings = self.loaded.settings
        model = canonical_model(settings.model)
        provider = await likely_provider(self.lib, self.environ)
        learned = await limits.learned(self.lib, provider, model)
        told = notices(model, datetime.fromtimestamp(time.time(), UTC).date())
        return Holds(
            settings=settings,
            origins=dict(self.loaded.origins),
            key_where=self._key_where(),
            gauges=tuple(await self._gauges(provider, model)),
            learned={
                name: LearnedLimit(value=one.value, at=one.learned_at, words=one.words)
                for name, one in learned.items()
            },
            profile_id=self._profile_id(),
            model_note=told[0] if told else "",
            config_path=str(self.config),
        )

    def _key_where(self) -> str:
        from gemtag_tui.gemini.key import find_key  # noqa: PLC0415

        found = find_key(self.environ)
        return found.where if found else ""

    def _profile_id(self) -> str:
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415

        try:
            return load_profile(self.loaded.settings.profile, self.config).id
        except GemtagError:
            return ""

    async def _gauges(self, provider: str, model: str) -> list[Gauge]:
        from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

        snapshot = await live.read(self.lib)
        if snapshot and snapshot.model == model and is_held_by_someone(self.lib.path):
            return snapshot.gauges
        return await self._idle_gauges(provider, model)

    async def _idle_gauges(self, provider: str, model: str) -> list[Gauge]:
        """What a start would find: the ledger's count against the limits in force."""
        from gemtag_tui.core.quota_values import Budgets  # noqa: PLC0415
        from gemtag_tui.engine.admission import Admission  # noqa: PLC0415
        from gemtag_tui.engine.figures import limit_figures  # noqa: PLC0415
        from gemtag_tui.engine.recall import past  # noqa: PLC0415
        from gemtag_tui.store.tracks import Track  # noqa: PLC0415

        settings = self.loaded.settings
        figures = limit_figures(settings, self.loaded.origins, rules_for(model))
        budget = settings.budget
        admission = Admission(figures, Budgets(run=budget.run, day=budget.day, month=budget.month))
        clock = self.lib.clock
        who = Track(id=0, provider=provider, model=model, profile="")
        admission.restore(clock.monotonic(), clock.now(), await past(self.lib, who))
        return admission.gauges(clock.monotonic(), clock.now())

    # Changing

    async def set_value(self, name: str, text: str) -> str:
        """Check and save a setting; returns what is worth saying.

        Raises:
            SettingsError: it is not a value that this setting may have.
        """
        from gemtag_tui.engine.config_write import set_value  # noqa: PLC0415 - tomlkit

        set_value(self.config, name, text)
        return await self._changed(name)

    async def reset_value(self, name: str) -> str:
        """Put a setting back to its default; returns what is worth saying."""
        from gemtag_tui.engine.config_write import reset_value  # noqa: PLC0415

        reset_value(self.config, name)
        return await self._changed(name)

    async def forget(self, name: str) -> str:
        """Forget a learned limit; returns what is worth saying."""
        from gemtag_tui.engine.provider import likely_provider  # noqa: PLC0415

        provider = await likely_provider(self.lib, self.environ)
        model = canonical_model(self.loaded.settings.model)
        await limits.forget(self.lib, provider, model, name)
        return await self._tell_engine()

    async def _changed(self, name: str) -> str:
        self.loaded = self.load()
        if self.loaded.origin(name) == "environment":
            return f"Saved, but {environment_name(name)} is set and stands before it."
        return await self._tell_engine()

    async def _tell_engine(self) -> str:
        from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

        if not is_held_by_someone(self.lib.path):
            return "Saved."
        return f"Saved. The engine: {await self.command('reload')}"

    # Since you left

    async def since(self, left_at: float) -> Since | None:
        """Compare the library with what was noted on leaving."""
        track = await self._present_track()
        noted = _numbers(await self.pref(MARK))
        if track is None or noted is None or noted[0] != track.id:
            return None
        counts = await work.counts(self.lib, track.id)
        spent = await self._spent_since(track, left_at) - noted[3]
        groups = await failures.groups(self.lib, track)
        known = {group.kind for group in groups if group.first_seen < left_at}
        fresh: dict[str, int] = {}
        for group in groups:
            if group.kind not in known:
                fresh[str(group.kind)] = fresh.get(str(group.kind), 0) + group.count
        run = await runs.last(self.lib)
        ended = run.message if run and run.ended_at and run.ended_at >= left_at else ""
        done, bad = counts.tagged - int(noted[1]), counts.known_bad - int(noted[2])
        if not (done > 0 or bad > 0 or ended):
            return None
        return Since(
            left_at=left_at,
            done=max(0, done),
            bad=max(0, bad),
            spent=max(0.0, spent),
            new_kinds=tuple(fresh.items()),
            ended=ended,
        )

    async def note_leaving(self) -> None:
        """Note what is done and spent, for `since`."""
        track = await self._present_track()
        if track is None:
            return
        counts = await work.counts(self.lib, track.id)
        spent = await self._spent(track)
        await self.keep_pref(MARK, f"{track.id} {counts.tagged} {counts.known_bad} {spent}")

    async def _present_track(self) -> Track | None:
        run = await runs.last(self.lib)
        if run is not None:
            return await tracks.track_by_id(self.lib, run.track)
        return await tracks.latest_track(self.lib)

    async def _spent(self, track: Track) -> float:
        return await ledger.month_spend(self.lib, month_of(time.time()), track.provider)

    async def _spent_since(self, track: Track, left_at: float) -> float:
        """What the month of leaving and the present one have cost."""
        months = {month_of(left_at), month_of(time.time())}
        return sum([await ledger.month_spend(self.lib, m, track.provider) for m in months])


def _numbers(text: str) -> tuple[int, int, int, float] | None:
    parts = text.split()
    try:
        return int(parts[0]), int(parts[1]), int(parts[2]), float(parts[3])
    except (ValueError, IndexError):
        return None
