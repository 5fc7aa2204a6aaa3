"""Tokens of one image: measured over the latest results, or by rule while there are too few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.estimate import PerImage, choose_tokens
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.store import results

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

TYPICAL_SIDES = (1536, 1152)
"""Pixels to reckon with for models that count a picture by its size."""


def rule_tokens(profile: Profile, rules: ModelRules) -> PerImage:
    """Return what the model's rules and the profile's length lead to expect."""
    width, height = TYPICAL_SIDES
    image = rules.image_tokens(profile.model.media_resolution, width, height)
    tokens_in, output = RequestForm(profile, rules).estimate(width, height)
    return PerImage(float(tokens_in - image), float(image), float(output), "rule")


async def tokens_per_image(
    lib: Library, track: Track | None, profile: Profile, rules: ModelRules
) -> PerImage:
    """Return tokens for the plan, and words for what they rest on."""
    rule = rule_tokens(profile, rules)
    seen = None if track is None else await results.average_tokens(lib, track)
    if seen is None:
        return rule
    basis = f"measured over the last {seen.results:,} results"
    measured = PerImage(seen.prompt - seen.image, seen.image, seen.output, basis, seen.results)
    return choose_tokens(rule, measured)
