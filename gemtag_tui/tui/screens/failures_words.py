"""What each kind of failure means, whether another try can help, and what to do."""

from __future__ import annotations

from typing import Literal

from gemtag_tui.core.failures import TRANSIENT_KINDS, FailureKind, Standing
from gemtag_tui.tui.paint import Tone

Hope = Literal["yes", "perhaps", "no"]

_KINDS: dict[FailureKind, tuple[str, Hope, str]] = {
    FailureKind.UNREADABLE: (
        "the file cannot be read or decoded", "no",
        "Repair or replace the file; the next scan sees that it changed.",
    ),
    FailureKind.UNSUPPORTED: (
        "not an image that can be sent or converted", "no",
        "Convert it to JPEG, PNG or WebP, or ignore it.",
    ),
    FailureKind.TOO_LARGE: (
        "over the limit in pixels or bytes", "no",
        "Shrink the file, or raise images.max_pixels or images.max_bytes and scan again.",
    ),
    FailureKind.BLOCKED: (
        "the prompt was blocked, no answer came", "no",
        "The same image is blocked again. Another model may answer; else ignore it.",
    ),
    FailureKind.SAFETY: (
        "the answer was withheld for safety", "no",
        "Lower a threshold in the profile or use another model; else ignore it.",
    ),
    FailureKind.RECITATION: (
        "the answer was withheld: it recites a source", "perhaps",
        "Another model often answers in other words; else ignore it.",
    ),
    FailureKind.TRUNCATED: (
        "the answer was cut off, its better try too", "perhaps",
        "A tries each once more with more room for the answer.",
    ),
    FailureKind.MALFORMED: (
        "the answer was not in the form asked for", "perhaps",
        "Retry once; if it stays, use another model.",
    ),
    FailureKind.EMPTY: (
        "the answer had no text", "perhaps",
        "Retry once; if it stays, use another model.",
    ),
    FailureKind.REJECTED_IMAGE: (
        "the API refused this image", "no",
        "E sends a picture made anew, D another resolution; else ignore it.",
    ),
    FailureKind.OVERLOADED: (
        "the service was overloaded, several times", "yes",
        "Nothing: it comes back by itself. R tries it sooner.",
    ),
    FailureKind.TIMEOUT: (
        "no answer came in time, several times", "yes",
        "Nothing: it comes back by itself. R tries it sooner.",
    ),
    FailureKind.NETWORK: (
        "the connection failed, several times", "yes",
        "Check the network; it comes back by itself.",
    ),
    FailureKind.QUOTA: (
        "refused for quota, again and again", "yes",
        "Nothing: it comes back when the quota is free. 6 shows the limits.",
    ),
    FailureKind.MISSING_FROM_BATCH: (
        "the batch job ended without a line for it", "yes",
        "Nothing: it is sent again by the next run.",
    ),
    FailureKind.BATCH_LINE_ERROR: (
        "its line in the batch job is an error", "yes",
        "Nothing: it is sent again by the next run.",
    ),
}  # fmt: skip

_HOPES: dict[Hope, tuple[str, Tone]] = {
    "yes": ("yes", "good"),
    "perhaps": ("perhaps", "warn"),
    "no": ("no", "muted"),
}
STANDINGS: dict[Standing, tuple[str, Tone]] = {
    Standing.OPEN: ("◌ tried again", "warn"),
    Standing.KNOWN_BAD: ("✗ known bad", "bad"),
    Standing.IGNORED: ("– ignored", "muted"),
    Standing.RESOLVED: ("✓ resolved", "good"),
}


def kind_words(kind: FailureKind) -> str:
    """The kind as people read it: rejected image."""
    return kind.replace("_", " ")


def cause_of(kind: FailureKind) -> str:
    """What the kind means."""
    return _KINDS[kind][0]


def hope_of(kind: FailureKind) -> tuple[str, Tone]:
    """Whether another try can help."""
    return _HOPES[_KINDS[kind][1]]


def advice_of(kind: FailureKind, standing: Standing) -> str:
    """What to do about it."""
    if standing is Standing.IGNORED:
        return "Nothing is done about it. O opens it again."
    if standing is Standing.KNOWN_BAD and kind in TRANSIENT_KINDS:
        return "It was given up; R tries it again."
    return _KINDS[kind][2]
