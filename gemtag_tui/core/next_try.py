"""What one picture's next try is made with, where that is not what the profile says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.profile import MediaResolution, Profile

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules

MOST_OUTPUT = 32_768
"""Most output tokens that are asked for; the models themselves end at 65,536."""
SIDE = 1024
"""The longer side, in pixels, of a picture that is made anew."""
RESOLUTIONS: tuple[str, ...] = get_args(MediaResolution)
REENCODE = "re-encode"
_OUTPUT = re.compile(r"output=([1-9][0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NextTry:
    """One changed setting; the others are as the profile says.

    Attributes:
        output: room for the answer, in tokens; 0: as the profile says.
        resolution: how finely the model looks, "" as the profile says.
        reencode: send a picture made anew instead of the file's own bytes.
    """

    output: int = 0
    resolution: str = ""
    reencode: bool = False

    def __str__(self) -> str:
        """The form in which it is stored: `output=4096`, `resolution=low` or `re-encode`."""
        if self.output:
            return f"output={self.output}"
        return f"resolution={self.resolution}" if self.resolution else REENCODE

    @property
    def words(self) -> str:
        """The same for people."""
        if self.output:
            return f"room for {self.output:,} tokens"
        return f"{self.resolution} resolution" if self.resolution else "a picture made anew"

    def profile(self, profile: Profile) -> Profile:
        """Return a profile with this one setting changed."""
        changed: dict[str, Any] = {}
        if self.output:
            changed["max_output_tokens"] = self.output
        elif self.resolution:
            changed["media_resolution"] = self.resolution
        return msgspec.structs.replace(
            profile, model=msgspec.structs.replace(profile.model, **changed)
        )


@lru_cache(maxsize=64)
def read_next_try(stored: str) -> NextTry | None:
    """Return what a stored form says; `None` for "" and what this version does not know."""
    if stored == REENCODE:
        return NextTry(reencode=True)
    if match := _OUTPUT.fullmatch(stored):
        return NextTry(output=int(match[1])) if int(match[1]) <= MOST_OUTPUT else None
    name, _, value = stored.partition("=")
    if name == "resolution" and value in RESOLUTIONS:
        return NextTry(resolution=value)
    return None


def words_of(stored: str) -> str:
    """Return a stored form for people: as it is where this version does not know it."""
    known = read_next_try(stored)
    return stored if known is None else known.words


def more_output(profile: Profile, rules: ModelRules) -> int:
    """Return the tokens of a try with more output than the better try had, which failed."""
    room = rules.thinking.headroom(profile.model.thinking)
    return min(MOST_OUTPUT, 4 * profile.model.max_output_tokens + room)


def other_resolution(profile: Profile) -> str:
    """Return the resolution to try after a profile's own: a lower one where there is any."""
    return "medium" if profile.model.media_resolution == "low" else "low"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of the next tries of some failures.

    Attributes:
        fixed: the same setting for all.
        more: for each twice the room that it has had at most, and at first so much; 0: no.
    """

    fixed: NextTry | None = None
    more: int = 0


def read_wish(typed: str, profile: Profile, rules: ModelRules) -> Wish:
    """Read `more-output`, `output=N`, `resolution=R` or `re-encode`.

    Raises:
        UsageError: it is something else.
    """
    if typed == "more-output":
        return Wish(more=more_output(profile, rules))
    if typed == "resolution":
        return Wish(NextTry(resolution=other_resolution(profile)))
    found = read_next_try(typed)
    if found is None:
        raise UsageError(
            f"{typed[:60]!r} is nothing that a try can be made with. Known: more-output, "
            f"output=N (up to {MOST_OUTPUT}), resolution={'|'.join(RESOLUTIONS)}, {REENCODE}, "
            "model=NAME."
        )
    if found.resolution == profile.model.media_resolution:
        raise UsageError(f"The profile's media resolution is {found.resolution} already.")
    return Wish(found)
