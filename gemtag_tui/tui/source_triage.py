"""Settling failures: what it would reach and cost, doing it, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import LOCAL_KINDS
from gemtag_tui.core.text import plain
from gemtag_tui.store import failure_rows, failures, live, next_choice
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.tui.wanted_failures import Reach
from gemtag_tui.tui.words import number, plural

if TYPE_CHECKING:
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.core.remedies import Basis, Remedy
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.wanted import Paragraphs

_ASKS_OTHER = "model"
CHANGED = ("more-output", "resolution", "re-encode")
"""Retries with a changed setting."""
BASIS_SECONDS = 30.0
"""How long what a call uses on average is taken as it was measured."""


class TriageSource:
    """The part of the source that settles failures."""

    lib: Library
    config: Path
    _measured: tuple[Track, str, float, Basis] | None = None

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def shown_track(self) -> Track | None: ...  # noqa: D102

        def load(self) -> Loaded: ...  # noqa: D102

        @property
        def settings(self) -> Settings: ...  # noqa: D102

        async def start(self, args: Sequence[str] = ()) -> int: ...  # noqa: D102

    # What can be done

    async def renew_causes(self) -> None:
        """Group failures by today's rules when they were grouped by older ones."""
        await failure_rows.renew_causes(self.lib)

    async def remedies(self, groups: Sequence[FailureGroup]) -> list[tuple[Remedy, ...]]:
        """Return what can be done about each cause with its price, the best first."""
        from gemtag_tui.engine.remedying import remedies_of  # noqa: PLC0415 - heavy

        basis = await self._basis() if groups else None
        return [() if basis is None else remedies_of(one, basis) for one in groups]

    async def _basis(self) -> Basis | None:
        from gemtag_tui.engine.remedying import basis_of  # noqa: PLC0415 - heavy

        track = await self.shown_track()
        if track is None:
            return None
        lane = self.settings.lane if self.settings.lane != "auto" else "interactive"
        now, known = self.lib.clock.now(), self._measured
        if known is None or known[:2] != (track, lane) or not 0 <= now - known[2] < BASIS_SECONDS:
            made = await basis_of(self.lib, track, self.config, lane=lane)
            known = self._measured = (track, lane, now, made)
        return known[3]

    async def reach(self, verb: str, selections: Sequence[Selection]) -> Reach:
        """Return what a decision would reach and cost; changes nothing."""
        if verb in CHANGED:
            return await self._reach_changed(verb, selections)
        as_verb = "retry" if verb == _ASKS_OTHER else verb
        seen = await failures.preview(self.lib, await self._own(selections), as_verb)
        found = Reach(count=seen.count, local=seen.local, raw=seen.raw, spent_usd=seen.spent_usd)
        if verb not in {"retry", "reopen", _ASKS_OTHER} or not found.sent:
            return found
        from gemtag_tui.core.remedies import each_usd  # noqa: PLC0415

        basis = await self._basis()
        if basis is None:
            return replace(found, cost_usd=None)
        model = basis.other_model if verb == _ASKS_OTHER else basis.model
        each = each_usd(basis, model=model)
        cost = None if each is None else each * found.sent
        return replace(found, cost_usd=cost, model=model)

    async def _reach_changed(self, verb: str, selections: Sequence[Selection]) -> Reach:
        from gemtag_tui.engine.remedying import cost_of, wish_of  # noqa: PLC0415 - heavy

        track, basis = await self.shown_track(), await self._basis()
        if track is None or basis is None:
            return Reach()
        wish = await wish_of(self.lib, track, verb)
        found = await next_choice.reach(self.lib, await self._own(selections), track, wish)
        room = f"room for {number(round(found.output))} tokens"
        return Reach(
            count=found.count,
            refused=found.refused,
            spent_usd=found.spent_usd,
            cost_usd=cost_of(wish, found, track, basis),
            model=track.model,
            setting=wish.fixed.words if wish.fixed else room,
        )

    async def _own(self, selections: Sequence[Selection]) -> list[Selection]:
        """The same failures of the present track alone."""
        track = await self.shown_track()
        return [one if one.ids else replace(one, track=track) for one in selections]

    # Doing it

    async def decide(self, verb: str, selections: Sequence[Selection]) -> str:
        """Retry, ignore or reopen failures of the present track, in one transaction.

        Raises:
            UsageError: there is no such verb.
            LibraryError: the library cannot be written.
        """
        if verb in CHANGED:
            return await self._try_changed(verb, selections)
        act = {"retry": failures.retry, "ignore": failures.ignore, "reopen": failures.reopen}
        if verb not in act:
            raise UsageError(f"There is no {verb!r} for failures.")
        before = await failures.awaiting_scan(self.lib)
        moved = await act[verb](self.lib, await self._own(selections))
        scans = await failures.awaiting_scan(self.lib) - before
        if not moved:
            return "Nothing was changed: none of these can be moved that way."
        if verb == "ignore":
            return f"{plural(moved, 'image')} will be left alone. u takes that back."
        return _again_words(moved, scans, await self._when())

    async def _try_changed(self, verb: str, selections: Sequence[Selection]) -> str:
        from gemtag_tui.engine.remedying import wish_of  # noqa: PLC0415 - heavy

        track = await self.shown_track()
        if track is None:
            return "Nothing was changed: no model was asked yet."
        wish = await wish_of(self.lib, track, verb)
        moved = await next_choice.choose(self.lib, await self._own(selections), track, wish)
        if not moved:
            return "Nothing was changed: none of these can be tried that way."
        how = f" with {wish.fixed.words}" if wish.fixed else " with more room"
        return _again_words(moved, 0, await self._when(), how)

    async def _when(self) -> str:
        """Say what tries failures of the shown track again."""
        from gemtag_tui.core.models import canonical_model  # noqa: PLC0415
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415 - heavy

        track, settings = await self.shown_track(), self.load().settings
        if track is None:
            return "by the next run"
        if is_held_by_someone(self.lib.path):
            now = await live.read(self.lib)
            ours = (track.provider, track.model, track.profile)
            if now and (now.provider, now.model, now.profile_id) == ours:
                return "by the run that goes on"
            return f"by a run of {track.model} once the present one has ended"
        if canonical_model(settings.model) != track.model:
            return f"by a run of {track.model}: M on 1 Plan chooses it, S starts"
        if load_profile(settings.profile, self.config).id != track.profile:
            return f"by a run with profile {track.profile_name}: p on 1 Plan chooses it, S starts"
        return "by the next run (S on 1 Plan)"

    async def rejudge(self, selections: Sequence[Selection]) -> str:
        """Judge stored answers again by the profile as it is now; nothing is sent.

        Raises:
            GemtagError: the profile cannot be read, or the library cannot be written.
        """
        from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415 - heavy
        from gemtag_tui.engine.rejudge import rejudge  # noqa: PLC0415
        from gemtag_tui.store.tracks import ensure_track  # noqa: PLC0415

        latest = await self.shown_track()
        if latest is None:
            return "Nothing was judged: no model was asked yet."
        profile = load_profile(self.load().settings.profile, self.config)
        owner = (latest.provider, latest.model, profile.id, profile.name, profile.body)
        track = await ensure_track(self.lib, *owner)
        done = await rejudge(self.lib, track, profile, await self._own(selections))
        if not done.looked:
            return "Nothing was judged: the answers were to a profile with other buckets."
        good = f"{number(done.tagged)} {'is' if done.tagged == 1 else 'are'} good now"
        back = " u takes that back." if done.tagged else ""
        return f"{plural(done.looked, 'stored answer')} judged again, at no cost: {good}.{back}"

    async def ask_other(self, selections: Sequence[Selection], model: str) -> str:
        """Start a run of another model on the images alone.

        Raises:
            UsageError: an engine runs already, or none can be started.
            LibraryError: the library cannot be written.
        """
        from gemtag_tui.store import selections as kept  # noqa: PLC0415 - seldom wanted

        if is_held_by_someone(self.lib.path):
            raise UsageError("A run goes on; when it has ended, another model can be asked.")
        assets = await failures.assets(self.lib, await self._own(selections))
        if not assets:
            return "Nothing was started: no model was asked about any of these."
        made = await kept.select_these(self.lib, assets, f"failures for {model}")
        pid = await self.start(["--model", model, "--selection", str(made.id)])
        about = f"{model} is asked about {plural(made.assets, 'image')} (process {pid})"
        return f"{about}; 2 shows it, m here its failures."

    async def undo_decision(self) -> str:
        """Take the last decision back as far as nothing was spent since.

        Raises:
            UsageError: there is none.
            LibraryError: the library cannot be written.
        """
        change, back, stuck = await failures.undo(self.lib)
        words = f"Undone: {plain(change.words, 60)}; {plural(back, 'failure')} as before."
        if stuck:
            words += f" {number(stuck)} tried again or sent since: these stay as they are."
        return words

    # What was sent

    async def failure_sent(self, row: FailureRow) -> Paragraphs:
        """Return what was sent when it failed, as far as it is known."""
        if not row.provider or row.kind in LOCAL_KINDS:
            return [("What was sent", "Nothing: this was found before a model was asked.")]
        from gemtag_tui.core.errors import ProfileError  # noqa: PLC0415
        from gemtag_tui.core.profile_text import profile_from_body  # noqa: PLC0415
        from gemtag_tui.store.tracks import profile_body  # noqa: PLC0415

        try:
            profile = profile_from_body(await profile_body(self.lib, row.profile) or "")
        except ProfileError:
            return [("What was sent", f"The picture, with profile {row.profile} to {row.model}.")]
        return [("What was sent", _sent_words(row, profile)), ("Prompt", profile.prompt)]


def _sent_words(row: FailureRow, profile: Profile) -> str:
    options, names = profile.model, ", ".join(bucket.name for bucket in profile.buckets)
    lane = f"lane {row.lane or 'unknown'}" + (f", job {row.job}" if row.job else "")
    room = f"at most {number(options.max_output_tokens)} output tokens"
    parts = (
        f"the picture, to {row.model} ({row.provider})",
        f"{lane}, run {row.run or 'unknown'}",
        f"profile {profile.name} ({row.profile}), in {profile.language}",
        f"resolution {options.media_resolution}, {room}, thinking {options.thinking}",
        f"buckets: {names}",
    )
    return "\n".join(parts)


def _again_words(moved: int, scans: int, when: str, how: str = "") -> str:
    sent = max(0, moved - scans)
    parts = [f"{plural(sent, 'image')} are tried{how or ' again'} {when}."] if sent else []
    if scans:
        parts.append(f"{plural(scans, 'file')} will be looked at anew by the next scan.")
    return " ".join(parts)
