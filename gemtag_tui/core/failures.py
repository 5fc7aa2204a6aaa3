"""What can be wrong with an asset, and how that stands."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why an asset has no result. The values are part of the command contract."""

    UNREADABLE = "unreadable"
    """The file cannot be opened, read or decoded."""
    UNSUPPORTED = "unsupported"
    """Named like an image, but of a type that can be neither sent nor decoded."""
    TOO_LARGE = "too_large"
    """Over a limit of ours (pixels, side, bytes) or of the API's."""
    BLOCKED = "blocked"
    """The prompt was blocked: the answer had no candidate."""
    SAFETY = "safety"
    """The answer was withheld for safety, prohibited content or personal data."""
    RECITATION = "recitation"
    """The answer was withheld because it recites."""
    TRUNCATED = "truncated"
    """The answer ended at the output limit, also after its better try."""
    MALFORMED = "malformed"
    """The answer is not what the schema asks for, also after its better try."""
    EMPTY = "empty"
    """The answer had no text."""
    REJECTED_IMAGE = "rejected_image"
    """The API refused this image (400)."""
    OVERLOADED = "overloaded"
    """503, 500, 504 or a bare 429, several times for this asset."""
    TIMEOUT = "timeout"
    """No answer before the deadline, several times for this asset."""
    NETWORK = "network"
    """The connection failed, several times for this asset."""
    QUOTA = "quota"
    """Refused for quota over and over: never the asset's fault."""
    MISSING_FROM_BATCH = "missing_from_batch"
    """A batch job ended without a line for this asset."""
    BATCH_LINE_ERROR = "batch_line_error"
    """A batch job answered this asset's line with an error."""


LOCAL_KINDS = frozenset({FailureKind.UNREADABLE, FailureKind.UNSUPPORTED, FailureKind.TOO_LARGE})
"""Found out without asking a model: they stand for every provider, model and profile."""

TRANSIENT_KINDS = frozenset(
    {
        FailureKind.OVERLOADED,
        FailureKind.TIMEOUT,
        FailureKind.NETWORK,
        FailureKind.QUOTA,
        FailureKind.MISSING_FROM_BATCH,
        FailureKind.BATCH_LINE_ERROR,
    }
)
"""Come back by themselves after a delay; every other kind is known bad."""


class Standing(StrEnum):
    """How a failure stands."""

    OPEN = "open"
    """Will be tried again, not before its `next_retry`."""
    KNOWN_BAD = "known_bad"
    """Never sent again unless the file or the model changes or a person says so."""
    IGNORED = "ignored"
    """A person said to leave it alone."""
    RESOLVED = "resolved"
    """A later try succeeded, or the file changed."""
