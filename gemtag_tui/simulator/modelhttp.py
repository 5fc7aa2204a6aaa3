"""models.list and models.get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gemtag_tui.simulator.errors import unknown_model
from gemtag_tui.simulator.http import page, reply_json
from gemtag_tui.simulator.models import ALIASES, MODELS, find
from gemtag_tui.simulator.tokens import MAX_PROMPT
from gemtag_tui.simulator.world import World

METHODS = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]


def resource(name: str) -> dict[str, Any]:
    """The Model message."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "description": f"A stand-in for {name}.",
        "inputTokenLimit": MAX_PROMPT,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": METHODS,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": True,
    }


async def list_models(
    _world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/models. Retired models are listed too: a list is no proof of access."""
    names = [*MODELS, *(ALIASES if match["version"] == "v1beta" else ())]
    chosen, token = page(names, request.query, 50, 1000)
    body: dict[str, Any] = {"models": [resource(name) for name in chosen]}
    if token:
        body["nextPageToken"] = token
    return reply_json(body)


async def get_model(
    _world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/models/{model}."""
    name, version = match["model"], match["version"]
    if find(name, version) is None:
        raise unknown_model(name, version, "GetModel")
    return reply_json(resource(name))
