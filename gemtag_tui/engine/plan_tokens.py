"""Tokens of one image's call, by rule, as the request for it would be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.estimate import PerImage
from gemtag_tui.gemini.request import RequestForm

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.core.profile import Profile

TYPICAL_SIDES = (1536, 1152)
"""Pixels to reckon with for models that count a picture by its size."""


def rule_text(profile: Profile, rules: ModelRules) -> tuple[float, float, float]:
    """Return tokens of the prompt without the image, of the answer, and of thinking in it."""
    tokens = rule_tokens(profile, rules)
    return tokens.prompt, tokens.output, tokens.thinking


def rule_tokens(profile: Profile, rules: ModelRules) -> PerImage:
    """Return what the model's rules and the profile's length lead to expect."""
    width, height = TYPICAL_SIDES
    image = rules.image_tokens(profile.model.media_resolution, width, height)
    tokens_in, output = RequestForm(profile, rules).estimate(width, height)
    thinking = min(output, rules.thinking.headroom(profile.model.thinking) // 4)
    return PerImage(
        float(tokens_in - image), float(image), float(output), "rule", thinking=float(thinking)
    )
