"""The simulator's own addresses: what it counted, what it is told, and starting afresh."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from gemtag_tui.simulator.batches import settle_all
from gemtag_tui.simulator.config import ConfigError, parse_config
from gemtag_tui.simulator.errors import invalid
from gemtag_tui.simulator.http import read_body, reply_json
from gemtag_tui.simulator.request import decode
from gemtag_tui.simulator.world import World

MAX_CONFIG = 10_000_000


async def stats(
    world: World, request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /_sim/stats; ``?images=0`` leaves the counts by picture out."""
    await settle_all(world)
    every = request.query.get("images", "1") != "0"
    return reply_json(world.stats.report(world.clock.now(), images=every))


async def get_config(
    world: World, _request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /_sim/config."""
    return reply_json(world.config)


async def set_config(
    world: World, request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /_sim/config: the sections given replace those in force, whole."""
    changes = decode(await read_body(request, MAX_CONFIG))
    if not isinstance(changes, dict):
        raise invalid("Expected an object of sections.")
    try:
        world.reconfigure(parse_config({**msgspec.to_builtins(world.config), **changes}))
    except ConfigError as error:
        raise invalid(str(error)) from None
    return reply_json(world.config)


async def reset(
    world: World, _request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /_sim/reset: forget counts, quotas, files and jobs."""
    world.reset()
    return reply_json({})
