"""What the remedies for failures cost here: from what calls of a track have used so far."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.next_try import Wish, more_output, other_resolution, read_wish
from gemtag_tui.core.profile import Profile
from gemtag_tui.core.profile_text import profile_from_body
from gemtag_tui.core.remedies import Basis, Remedy, each_usd, likely_output, remedies
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.store import results
from gemtag_tui.store.tracks import profile_body

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.store.failures import FailureGroup
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.next_choice import Reached
    from gemtag_tui.store.tracks import Track

STRONGER = "gemini-3.8-flash"
"""Asked when a model's answer cannot be used (model notes, 2026-11)."""
_SIDE = 1024


async def basis_of(
    lib: Library, track: Track, config: Path, *, lane: str = "interactive", other_model: str = ""
) -> Basis:
    """Return what one call of a track uses: measured, else as the request's form estimates.

    Args:
        lib: the library.
        track: what failed.
        config: the settings file, beside which the user's own prices lie.
        lane: that the price is for.
        other_model: to escalate to; the stronger one of the table when empty.

    Raises:
        GemtagError: the profile or the prices cannot be read.
    """
    profile: Profile = profile_from_body(await profile_body(lib, track.profile) or "")
    rules = rules_for(track.model)
    made = basis_for(profile, rules, track.model, lane, lib.clock.now(), config)
    measured = await results.average_tokens(lib, track)
    if measured is not None and measured.results >= 20:
        image, text = measured.image, measured.prompt - measured.image
        made = replace(made, prompt=text, image=image, output=measured.output)
    return replace(made, other_model=other_model or STRONGER)


def basis_for(  # noqa: PLR0917 (what a price depends on)
    profile: Profile, rules: ModelRules, model: str, lane: str, at: float, config: Path
) -> Basis:
    """Return what one call uses as the request's form estimates, before anything was measured.

    Raises:
        GemtagError: the user's own prices cannot be read.
    """
    other = other_resolution(profile)
    whole, said = RequestForm(profile, rules).estimate(_SIDE, _SIDE)
    image = float(rules.image_tokens(profile.model.media_resolution, _SIDE, _SIDE))
    return Basis(
        model=model,
        lane=lane,
        prompt=float(whole) - image,
        image=image,
        output=float(said),
        max_output=profile.model.max_output_tokens,
        at=at,
        overrides=own_prices(config),
        more_output=more_output(profile, rules),
        resolution=other,
        resolution_image=float(rules.image_tokens(other, _SIDE, _SIDE)),
    )


async def wish_of(lib: Library, track: Track, typed: str) -> Wish:
    """Return what is wished of a track's next tries (see `read_wish`).

    Raises:
        GemtagError: it is nothing that can be wished, or the profile cannot be read.
    """
    profile = profile_from_body(await profile_body(lib, track.profile) or "")
    return read_wish(typed, profile, rules_for(track.model))


def cost_of(wish: Wish, reached: Reached, track: Track, basis: Basis) -> float | None:
    """Return what the tries that are wished cost in US dollars, `None`: not known."""
    output = likely_output(basis, reached.output) if wish.more else None
    image = None
    if wish.fixed is not None and wish.fixed.output:
        output = likely_output(basis, wish.fixed.output)
    if wish.fixed is not None and wish.fixed.resolution:
        rules = rules_for(track.model)
        image = float(rules.image_tokens(wish.fixed.resolution, _SIDE, _SIDE))
    each = each_usd(basis, output=output, image=image)
    return None if each is None else each * reached.count


def remedies_of(group: FailureGroup, basis: Basis) -> tuple[Remedy, ...]:
    """Return the remedies for a group of failures, the best first."""
    kind = FailureKind(group.kind)
    return remedies(kind, group.standing, group.count, basis, raw=group.raw)
