"""What one image's call uses, and what many cost: values with their likely range. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

Range = tuple[float, float]
"""Factors from the likely figure to the low and the high one."""

RULE_PROMPT: Range = (0.85, 1.2)
"""Four characters a token is a rule of thumb."""
RULE_IMAGE: Range = (0.9, 1.0)
"""Published figures are maxima; 1,069 of 1,120 was seen (2026)."""
RULE_OUTPUT: Range = (0.5, 1.6)
"""Answers are shorter or longer than a rule can know."""
LEAST_OFF = 0.02
"""Even a long measurement is off by this: what comes is not what was."""
NOT_RANDOM = 0.05
"""The latest results are no random sample of what remains."""
FEW = 0.25
"""How far a single result may be off."""


@dataclass(frozen=True, slots=True)
class PerImage:
    """Tokens of one image's call.

    Attributes:
        prompt: text sent with the image, the image's own tokens left out.
        image: tokens the image counts for.
        output: tokens of the answer, thinking included.
        basis: words for where the figures come from.
        measured: results they were measured over, 0 for a rule.
        prompt_off, image_off, output_off: how far each may be off.
        thinking: of `output`, by rule.
    """

    prompt: float
    image: float
    output: float
    basis: str
    measured: int = 0
    prompt_off: Range = RULE_PROMPT
    image_off: Range = RULE_IMAGE
    output_off: Range = RULE_OUTPUT
    thinking: float = 0.0

    @property
    def tokens_in(self) -> float:
        """Input tokens, which is what TPM counts."""
        return self.prompt + self.image

    def bound(self, end: int) -> PerImage:
        """Return the least (0) or the most (1) that one image may take."""
        return replace(
            self,
            prompt=self.prompt * self.prompt_off[end],
            image=self.image * self.image_off[end],
            output=self.output * self.output_off[end],
        )


@dataclass(frozen=True, slots=True)
class Duration:
    """How long it takes, and which limit decides that.

    Attributes:
        seconds: from now to the end; infinite when it never ends.
        binding: rpm, tpm, rpd, spend, month_cap, concurrency, upload, preparation, enqueued, batch,
            or "" when there is nothing to do.
        per_minute: images a minute while it goes.
        low, high: seconds if all goes well, and if not; 0 for not reckoned.
    """

    seconds: float
    binding: str
    per_minute: float
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Money for all remaining images, in US dollars."""

    likely: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and standard deviation of some results' figures."""

    mean: float
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What results of a model and profile have used.

    Attributes:
        results: how many, the latest.
        prompt: tokens in without the image's own; `image`, `output`: see `PerImage`.
        ruled_image: what the rule gives for the images of these results.
        pilot: of the results, those of a sample taken to measure with; 0 for none.
    """

    results: int
    prompt: Moments
    image: Moments
    output: Moments
    ruled_image: float = 0.0
    pilot: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What the API's own count said of some pictures' requests.

    Attributes:
        images: how many pictures.
        prompt: tokens in without the image's own; `image`: the image's.
        ruled_image: what the rule gives for these pictures, in the middle.
    """

    images: int
    prompt: Moments
    image: Moments
    ruled_image: float = 0.0


COUNTED_PROMPT: Range = (0.97, 1.2)
"""Whether a count holds the answer's form, which a call has besides, is not documented."""


def counted_tokens(rule: PerImage, counted: Counted) -> PerImage:
    """Return the rule with what was counted of it in its place; answers can't be counted ahead.

    Counts of pictures were seen that were lower than what was charged (2026): the range reaches to
    the rule where they differ.
    """
    image = counted.image.mean
    if counted.ruled_image > 0:
        image = rule.image * counted.image.mean / counted.ruled_image
    ends = (rule.image * rule.image_off[0], rule.image * rule.image_off[1], image)
    return replace(
        rule,
        prompt=counted.prompt.mean,
        image=image,
        basis=f"counted over {counted.images:,}",
        prompt_off=COUNTED_PROMPT,
        image_off=(min(ends) / image, max(ends) / image) if image else (1.0, 1.0),
    )


def choose_tokens(
    rule: PerImage, seen: Measured | None, counted: Counted | None = None
) -> PerImage:
    """Return measured tokens as soon as there are any, else what was counted, else the rule's.

    Images of models that count by size are taken at the rule for what remains, corrected by how
    far the rule was off for what was seen.
    """
    if seen is None or seen.results < 1:
        return rule if counted is None else counted_tokens(rule, counted)
    image = seen.image.mean
    if seen.ruled_image > 0:
        image = rule.image * seen.image.mean / seen.ruled_image
    sampled = seen.pilot >= seen.results
    words = "result" if seen.results == 1 else "results"
    basis = f"pilot of {seen.results:,}" if sampled else f"measured over {seen.results:,} {words}"
    return PerImage(
        prompt=seen.prompt.mean,
        image=image,
        output=seen.output.mean,
        basis=basis,
        measured=seen.results,
        prompt_off=off(seen.prompt, seen.results, sampled=sampled),
        image_off=off(seen.image, seen.results, sampled=sampled),
        output_off=off(seen.output, seen.results, sampled=sampled),
        thinking=min(rule.thinking, seen.output.mean),
    )


def off(moments: Moments, results: int, *, sampled: bool) -> Range:
    """Return how far a measured mean may be off, by about two standard errors."""
    share = FEW
    if results > 1 and moments.mean > 0:
        share = 2.2 * moments.deviation / moments.mean / sqrt(results)
    least = LEAST_OFF if sampled else LEAST_OFF + NOT_RANDOM
    share = min(0.9, max(least, share, 0.0 if results > 5 else FEW / results))
    return 1 - share, 1 + share
