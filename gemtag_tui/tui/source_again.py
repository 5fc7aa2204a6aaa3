"""Tagging chosen images with another profile or model: what it costs, and starting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.models import canonical_model, rules_for
from gemtag_tui.core.text import plain
from gemtag_tui.store import selections, tracks
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.store.work import State
from gemtag_tui.tui.wanted_tracks import Again
from gemtag_tui.tui.words import plural

if TYPE_CHECKING:
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.store.library import Library

_NOT_SENT = (State.TAGGED, State.KNOWN_BAD, State.IGNORED, State.BATCH)


class AgainSource:
    """The part of the source that has images tagged once more, with something else."""

    lib: Library
    config: Path
    environ: Mapping[str, str]

    if TYPE_CHECKING:  # given by the class that all parts come together in

        def load(self) -> Loaded: ...  # noqa: D102
        async def start(self, args: Sequence[str] = ()) -> int: ...  # noqa: D102

    async def reach_again(self, assets: Sequence[int], profile: str, model: str = "") -> Again:
        """Return what tagging images with a profile and a model would reach and cost.

        Args:
            assets: the images.
            profile: a profile's name or path.
            model: "" for the settings' own.

        Raises:
            GemtagError: the profile or the settings cannot be read.
        """
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415 - heavy
        from gemtag_tui.engine.provider import likely_provider  # noqa: PLC0415

        settings = self.load().settings
        read = load_profile(profile, self.config)
        asked = canonical_model(model or settings.model)
        provider = await likely_provider(self.lib, self.environ)
        track = await tracks.find_track(self.lib, provider, asked, read.id)
        there = await selections.states_of(self.lib, track.id, assets) if track else {}
        done = sum(there.get(state, 0) for state in _NOT_SENT)
        lane = "interactive" if settings.lane == "auto" else settings.lane
        each = await self._each(read, asked, lane)
        left = len(assets) - done
        return Again(
            count=left,
            tagged=there.get(State.TAGGED, 0),
            other=done - there.get(State.TAGGED, 0),
            cost_usd=None if each is None else each * left,
            model=asked,
            profile=profile,
            profile_name=read.name,
        )

    async def profile_names(self) -> list[str]:
        """Return the profiles there are by name, the settings' own first."""
        from gemtag_tui.engine.profiles import DEFAULT, names  # noqa: PLC0415 - heavy

        own = self.load().settings.profile
        return [own, *(name for name in (DEFAULT, *names(self.config)) if name != own)]

    async def _each(self, profile: Profile, model: str, lane: str) -> float | None:
        from gemtag_tui.core.remedies import each_usd  # noqa: PLC0415
        from gemtag_tui.engine.remedying import basis_for  # noqa: PLC0415 - heavy

        rules = rules_for(model)
        return each_usd(basis_for(profile, rules, model, lane, self.lib.clock.now(), self.config))

    async def tag_again(self, assets: Sequence[int], again: Again) -> str:
        """Start a run of a profile and a model on some images alone.

        Raises:
            UsageError: an engine runs already, or none can be started.
            LibraryError: the library cannot be written.
        """
        if is_held_by_someone(self.lib.path):
            raise UsageError("A run goes on; when it has ended, these can be tagged again.")
        words = f"again with {plain(again.profile_name, 40)} · {again.model}"
        made = await selections.select_these(self.lib, list(assets), words)
        args = ["--model", again.model, "--profile", again.profile, "--selection", str(made.id)]
        pid = await self.start(args)
        about = f"{again.model} is asked about {plural(again.count, 'image')} (process {pid})"
        return f"{about}; 2 shows it, m here its results."
