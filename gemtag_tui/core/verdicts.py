"""What is to be done after a call: one value per asset, one signal per lane."""

from __future__ import annotations

from dataclasses import dataclass

from gemtag_tui.core.failures import FailureKind


@dataclass(frozen=True, slots=True)
class Tags:
    """A validated, normalised answer: a summary and tags by bucket name, in the profile's order."""

    summary: str
    buckets: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Tagged:
    """The answer is good."""

    tags: Tags


@dataclass(frozen=True, slots=True)
class Retry:
    """Try this asset again.

    Attributes:
        after: seconds to wait at least.
        kind: what it will be recorded as when its tries are used up.
        why: words for the error log.
        blamed: whether this counts as one of the asset's own tries. Quotas and outages do not.
        better: the next try is the "better try" (more output tokens, stricter words).
    """

    after: float
    kind: FailureKind
    why: str
    blamed: bool = False
    better: bool = False


@dataclass(frozen=True, slots=True)
class KnownBad:
    """This asset is not to be paid for again."""

    kind: FailureKind
    why: str


@dataclass(frozen=True, slots=True)
class Park:
    """The lane waits until a time (Unix seconds); the asset is not blamed."""

    until: float
    why: str


@dataclass(frozen=True, slots=True)
class Halt:
    """The run cannot go on until a person does something; the asset is not blamed.

    Attributes:
        exit_code: 2 for configuration (key, model), 3 for a limit (spend cap, credit).
    """

    why: str
    exit_code: int


Verdict = Tagged | Retry | KnownBad | Park | Halt
