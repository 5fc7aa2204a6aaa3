"""A result on its way out of the library: what every export is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Exported(NamedTuple):
    """A result as it stands in the library.

    A plain tuple, as an export meets a million of them.

    Attributes:
        result: the result's id: later results have higher ones.
        asset: the asset's id: what people are shown.
        sha256: 32 bytes of the content, `None` when it was never readable.
        profile: the profile's id; `profile_name` is for people.
        tags: JSON as stored: `{"bucket": ["tag", …]}`.
        tagged_at: Unix seconds.
        missing: 1 when no file with this content is there now.
        path: bytes of the file that stands for it; empty when none is known any more.
        edited: a person corrected it.
        inherited_from: the asset that the result was made for, a near-duplicate; `None`: this one.
        made_with: the setting of the one try that it was made with (see
            `gemtag_tui.core.next_try`), "" as the profile says.
    """

    result: int
    asset: int
    sha256: bytes | None
    provider: str
    model: str
    profile: str
    profile_name: str
    summary: str
    tags: str
    lane: str
    served_model: str
    cost_usd: float
    tagged_at: float
    missing: int
    path: bytes
    edited: bool = False
    inherited_from: int | None = None
    made_with: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What many results have in common, as `Exported` names it; the same object for all of them."""

    provider: str
    model: str
    profile: str
    profile_name: str
    lane: str
    served_model: str
    missing: bool
    edited: bool
    inherited_from: int | None
    made_with: str


Slim: TypeAlias = tuple[int, bytes, bytes | None, Shared, str, str, float, float]
"""A result's asset, path, sha256, what it shares, summary, tags, cost and time (see `Exported`)."""


def path_text(path: bytes) -> tuple[str, str | None]:
    r"""Return a path as text, and in hex as well when it is not UTF-8 (`\xNN` for odd bytes)."""
    try:
        return path.decode(), None
    except UnicodeDecodeError:
        return path.decode(errors="backslashreplace"), path.hex()
