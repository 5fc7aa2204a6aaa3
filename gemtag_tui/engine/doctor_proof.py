"""The doctor's checks that rest on what happened: a model that answered, a form that was taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.schema import response_schema
from gemtag_tui.engine.checks import Check
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.store.proof import Proof, proof, taught

if TYPE_CHECKING:
    from gemtag_tui.core.profile import Profile
    from gemtag_tui.engine.config import Loaded

MOST_WORDS = 1_000
"""Words of fixed vocabularies in one form. "Very large schemas may be rejected" is all that the
structured output page says (2026): this mark is ours."""
FORM_FIX = "t on 1 Plan, or `gemtag plan --pilot 5`, proves it with five images."
SMALLER_FIX = "Shorten or leave out vocabularies in the profile."


def proof_checks(loaded: Loaded, config: Path, library: Path, model: str) -> list[Check]:
    """Say whether a model has answered here, and whether it took the profile's form.

    A model that is listed need not be served: only an answer proves it, and only that the form of
    answers is accepted.

    Args:
        loaded: the settings in force.
        config: the settings file, beside which profiles lie.
        library: the library file; one that is not there proves nothing.
        model: its canonical id.
    """
    try:
        profile = load_profile(loaded.settings.profile, config)
        there = library.exists()
        seen = proof(library, model, profile.id) if there else Proof()
        lessons = taught(library, model) if there else {}
    except GemtagError:
        return []  # other checks say so
    return [*_taught(lessons), _served(seen, model), _form(seen, profile, model)]


def _taught(lessons: dict[str, float]) -> list[Check]:
    if not lessons:
        return []
    figures = ", ".join(f"{name} {lessons[name]:,.10g}" for name in sorted(lessons))
    words = f"A run keeps to {figures} where that is less: the server has refused more."
    return [Check.ok("learned", f"{words} 6 Limits forgets it.")]


def _served(seen: Proof, model: str) -> Check:
    if seen.day:
        by = "" if seen.provider == "google" else f" ({seen.provider})"
        return Check.ok("served", f"{model} answered on {seen.day}{by}.")
    words = f"{model} has not answered here yet; no listing proves that it is served to this key."
    return Check.ok("served", f"{words} {FORM_FIX}")


def _form(seen: Proof, profile: Profile, model: str) -> Check:
    if seen.tagged:
        return Check.ok("form", f"{model} answered in this profile's form {seen.tagged:,} times.")
    words = sum(len(bucket.vocabulary) for bucket in profile.buckets)
    fields = len(response_schema(profile)["properties"])
    if words > MOST_WORDS:
        large = f"{words:,} words in its vocabularies may be too many for one form of answers."
        return Check.warn("form", large, SMALLER_FIX)
    return Check.ok(
        "form", f"{fields} fields, {words:,} fixed words: not tried with {model} yet. {FORM_FIX}"
    )
