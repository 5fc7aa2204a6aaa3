"""Words for a run that cannot go on: what happened, and what to do about it."""

from __future__ import annotations

import re

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.text import plain

_MODEL = re.compile(r"models/(gemini-[A-Za-z0-9.-]*[A-Za-z0-9])")
_REPLACEMENT = re.compile(r"to use (?:models/)?(gemini-[A-Za-z0-9.-]*[A-Za-z0-9])")

_ADVICE = {
    Trouble.SPEND_CAP: (
        "The project's monthly spending cap is reached. Raise it at ai.studio/spend, or go on next"
        " month; everything tagged is kept."
    ),
    Trouble.CREDIT: (
        "The billing account's prepaid credit is used up. Top it up at ai.studio/projects, then"
        " start again; everything tagged is kept."
    ),
    Trouble.NO_QUOTA: (
        "This project's tier does not include this model (its limit is 0). Link billing at"
        " ai.studio/projects, or choose another model."
    ),
    Trouble.KEY: (
        "The API refuses this key. Make or check one at aistudio.google.com/apikey and set it as"
        " GEMINI_API_KEY."
    ),
    Trouble.BILLING: (
        "The API does not serve this project from here: its country or its billing stands in the"
        " way. See ai.studio/projects."
    ),
    Trouble.REQUEST: (
        "The API refuses the form of the request, so every image would fail alike. Check the"
        " profile's options and the model, or the base URL if one is set."
    ),
}


def halt_words(error: CallError) -> str:
    """Return what a person needs to know when a run stops because of this error."""
    said = plain(error.message, 400)
    if error.trouble is Trouble.MODEL:
        return f"{_model_advice(said)} The API says: {said}"
    advice = _ADVICE.get(error.trouble, "The API refuses every request.")
    return f"{advice} The API says: {said}"


def _model_advice(said: str) -> str:
    if instead := _REPLACEMENT.search(said):
        gone = "The API no longer serves this model to this key."
        return f"{gone} Set the model to {instead[1]} instead."
    if named := _MODEL.search(said):
        return f"The API does not serve {named[1]} to this key. Choose another model."
    return "The API does not know this model, or the base URL is not the API's. Check both."
