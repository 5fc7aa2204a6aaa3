"""The doctor's checks of key, model and limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.models import canonical_model, notices, rules_for
from gemtag_tui.core.price_own import Overrides
from gemtag_tui.core.prices import price, price_notices
from gemtag_tui.core.text import plain
from gemtag_tui.engine.checks import Check
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.gemini.client import GeminiClient, ModelSeen
from gemtag_tui.gemini.key import NAMES, FoundKey, find_key

GET_KEY = "Get one at aistudio.google.com/apikey, then: export GEMINI_API_KEY=…"
NET_FIX = "Check the network, a proxy, and GOOGLE_GEMINI_BASE_URL if it is set."
MODEL_FIX = "Choose another: `gemtag config set model NAME`."
PRICE_FIX = "Give your own in prices.toml (docs/prices.md), or choose another model."
FIXES = {
    Trouble.KEY: "Check the key at aistudio.google.com/apikey, or make a new one.",
    Trouble.BILLING: "Check billing, and whether the API is offered in your country.",
    Trouble.MODEL: MODEL_FIX,
    Trouble.NETWORK: NET_FIX,
    Trouble.TIMEOUT: NET_FIX,
    Trouble.CREDIT: "Add credit in AI Studio.",
    Trouble.SPEND_CAP: "Raise the spend cap in AI Studio, or wait for the new month.",
}
PASSING = {Trouble.NETWORK, Trouble.TIMEOUT, Trouble.OVERLOADED, Trouble.CAPACITY}
"""Troubles that pass by themselves: a run would wait for their end."""


def key_check(environ: Mapping[str, str]) -> Check:
    """Say where a key was found, and never the key."""
    try:
        found = find_key(environ)
    except GemtagError as error:
        return Check.fail("key", error.message, GET_KEY)
    if found is None:
        return Check.fail("key", "No API key was found.", GET_KEY)
    both = [name for name in NAMES if environ.get(name, "").strip()]
    if len(both) > 1:
        return Check.warn(
            "key", f"Found in {found.where}.", f"{both[1]} is set too and is not used: unset one."
        )
    return Check.ok("key", f"Found in {found.where}.")


def model_checks(model: str, now: float, own: Overrides = ()) -> list[Check]:
    """Say what is known of a model and its price without asking anybody.

    Args:
        model: its canonical id.
        now: Unix seconds.
        own: the user's own prices.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    checks = [Check.warn("model", words, MODEL_FIX) for words in notices(model, today)]
    if not checks:
        checks.append(Check.ok("model", f"{model}: no end of it is announced."))
    if price(model, "interactive", now, own) is None:
        words = f"The price of {model} is not known: costs are counted as 0, budgets hold nothing."
        return [*checks, Check.warn("price", words, PRICE_FIX)]
    return checks + [
        Check.warn("price", words, MODEL_FIX) for words in price_notices(model, today, own)
    ]


async def api_checks(model: str, environ: Mapping[str, str]) -> list[Check]:
    """Ask the API for a model's description when there is a key; that costs nothing."""
    try:
        found = find_key(environ)
    except GemtagError:
        found = None
    return [] if found is None else [await _api_check(found, model, environ)]


async def _api_check(found: FoundKey, model: str, environ: Mapping[str, str]) -> Check:
    try:
        client = GeminiClient.from_environ(found.secret, environ)
    except GemtagError as error:
        return Check.fail("api", error.message, NET_FIX)
    host = plain(client.address.host)
    if not client.address.secure:
        words = f"The key would travel to {host} without encryption; it was not sent."
        return Check.fail("api", words, "Use an https address in GOOGLE_GEMINI_BASE_URL.")
    try:
        seen = await client.get_model(model)
    finally:
        await client.close()
    if isinstance(seen, CallError):
        return _refused(seen, host, model)
    return _served(seen, model, host)


def _refused(error: CallError, host: str, model: str) -> Check:
    verb = "answered" if error.http_status else "cannot be reached"
    words = f"{host} {verb}: {plain(error.message, 300)}"
    if error.trouble is Trouble.MODEL and rules_for(model).known:
        # Being described is no proof that a model is served, and not being so none that it is not.
        return Check.warn("api", words, "`gemtag run --limit 1` shows whether it is served.")
    fix = FIXES.get(error.trouble, "Try again later; nothing was charged.")
    return Check("api", "warn" if error.trouble in PASSING else "fail", words, fix)


def _served(seen: ModelSeen, model: str, host: str) -> Check:
    words = f"{host} takes the key and lists {model} (a listing is no proof that it is served)."
    if seen.methods and "generateContent" not in seen.methods:
        return Check.fail("api", f"{model} cannot generate content.", MODEL_FIX)
    if seen.provider != "google":
        return Check.warn(
            "api",
            f"{host} is the {seen.provider}: its results are marked so, and nothing is paid.",
            "Unset GOOGLE_GEMINI_BASE_URL to ask Google.",
        )
    return Check.ok("api", words)


def limit_checks(loaded: Loaded, model: str = "") -> list[Check]:
    """Say which limits hold for a model (the settings' own when "") and where each comes from."""
    settings = loaded.settings
    rules = rules_for(canonical_model(model or settings.model))
    tier = settings.limits.tier
    table = rules.limits.get(tier)
    figures = limit_figures(settings, loaded.origins, rules)
    shown = ", ".join(
        f"{name} {_figure(getattr(figures, name).value)} ({getattr(figures, name).source})"
        for name in ("rpm", "tpm", "rpd", "spend")
    )
    whose = loaded.origin("limits.tier")
    words = f"Tier {tier} ({whose}): {shown}."
    if table is not None and not table.available:
        fix = "Link billing in AI Studio, or choose another model."
        return [Check.fail("limits", f"The {tier} tier does not have {rules.id}.", fix)]
    if whose == "default" or (table is not None and table.assumed):
        fix = "Compare with AI Studio, then: gemtag config set limits.tier … (and limits.rpm …)"
        return [Check.warn("limits", f"{words} Tier and figures are assumed.", fix)]
    return [Check.ok("limits", words)]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value else "none"
