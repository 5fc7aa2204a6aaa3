"""What a run needs before it touches the library: a profile, a key, a model and an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import KeyMissingError, UsageError
from gemtag_tui.core.models import ModelRules, canonical_model, rules_for
from gemtag_tui.core.profile import Profile
from gemtag_tui.core.text import plain
from gemtag_tui.engine.paths import config_path
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.gemini.key import FoundKey, find_key
from gemtag_tui.store import prefs

if TYPE_CHECKING:
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.gemini.client import GeminiClient
    from gemtag_tui.store.library import Library

GOOGLE = "google"
DEFAULT_HOST = "generativelanguage.googleapis.com"

_ASK_AGAIN = (0.5, 1.0, 2.0, 4.0)
"""Seconds between questions to an address that nobody has answered at yet."""
PROVIDER_PREF = "provider:"
BUILT_LANES = ("interactive", "flex", "batch")
KEY_HELP = (
    "Set GEMINI_API_KEY (a key comes from aistudio.google.com/apikey), "
    "or try `gemtag demo`, which needs none."
)


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything a run is made of that comes from outside the library."""

    profile: Profile
    key: FoundKey
    rules: ModelRules
    model: str
    lane: str


def make_ready(request: RunRequest, environ: Mapping[str, str]) -> Ready:
    """Check and gather what a run needs.

    Raises:
        KeyMissingError: there is no key.
        ProfileError: the profile cannot be used.
        UsageError: the lane is not one that can be run.
    """
    settings = request.settings
    profile = load_profile(settings.profile, request.config or config_path(None, environ))
    model = canonical_model(settings.model)
    key = find_key(environ)
    if key is None:
        raise KeyMissingError(f"No Gemini API key was found. {KEY_HELP}")
    rules, lane = rules_for(model), choose_lane(request.lane)
    check_lane("batch" if request.split else lane, settings, rules)
    if request.split and lane == "batch":
        raise UsageError("In two parts, the first goes through interactive or flex: name either.")
    return Ready(profile, key, rules, model, lane)


def check_lane(lane: str, settings: Settings, rules: ModelRules) -> None:
    """Make sure that a lane can be had at all, before anything is made ready for it.

    Raises:
        UsageError: the project's tier has no batch jobs.
    """
    if lane != "batch" or settings.batch.max_enqueued_tokens:
        return
    if not rules.batch_available(settings.limits.tier):
        raise UsageError(
            f"The {settings.limits.tier} tier has no batch jobs for {rules.id}. Link billing at "
            "ai.studio/projects and set limits.tier, or use `--lane interactive`. Nothing was sent."
        )


def choose_lane(wanted: str) -> str:
    """Return the lane that is run for what was asked; for "auto" until a library says more.

    Raises:
        UsageError: this version cannot run it.
    """
    if wanted == "auto":
        return "interactive"
    if wanted not in BUILT_LANES:
        raise UsageError(
            f"This version runs the lanes {' and '.join(BUILT_LANES)}, not {wanted!r}. "
            "Nothing was sent."
        )
    return wanted


async def find_provider(
    lib: Library, client: GeminiClient, ready: Ready
) -> tuple[str, CallError | None]:
    """Return who answers at the address: "google", or "simulator" when it says that it is one.

    Google's own address is not asked. Any other is asked for the model's description, which costs
    nothing; when it does not answer, what it said last time holds. Where nobody has ever answered,
    it is not known whose results these would be, and so nothing is begun.

    Returns:
        The provider, and what stood in the way of asking.

    Raises:
        UsageError: nobody answers there, and nobody ever has.
    """
    if client.address.host == DEFAULT_HOST:
        return GOOGLE, None
    name = f"{PROVIDER_PREF}{client.address.root}"
    known = await prefs.get(lib, name, "")
    words = ""
    for pause in (*_ASK_AGAIN, 0.0):
        seen = await client.get_model(ready.model)
        if not isinstance(seen, CallError):
            await prefs.put(lib, name, seen.provider)
            return seen.provider, None
        if known or seen.trouble is not Trouble.NETWORK:
            return known or GOOGLE, seen
        words = seen.message
        await lib.clock.sleep(pause)
    raise UsageError(
        f"Nobody answers at {plain(client.address.root)}, which GOOGLE_GEMINI_BASE_URL names "
        f"({words}). Start what should listen there, or unset it to ask Google."
    )
