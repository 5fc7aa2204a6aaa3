"""What results have used so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

LATEST = 1000

_AVERAGE = """
    SELECT count(*), avg(tokens_prompt), avg(tokens_image), avg(tokens_output) FROM (
        SELECT provider, model, profile, tokens_prompt, tokens_image, tokens_output
        FROM asset_ai ORDER BY id DESC LIMIT ?
    ) WHERE provider = ? AND model = ? AND profile = ? AND tokens_prompt > 0
"""


@dataclass(frozen=True, slots=True)
class Averages:
    """Mean tokens of some results; `prompt` includes `image`."""

    results: int
    prompt: float
    image: float
    output: float


async def average_tokens(lib: Library, track: Track, latest: int = LATEST) -> Averages | None:
    """Return the averages of a track's results among the library's latest, `None` without any."""
    row = await lib.row(_AVERAGE, (latest, track.provider, track.model, track.profile))
    return None if row is None or not row[0] else Averages(*row)
