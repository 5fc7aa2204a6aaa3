"""generateContent and countTokens over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from gemtag_tui.simulator.catalogue import ERRORS, REFUSALS, WIRE
from gemtag_tui.simulator.config import Rule
from gemtag_tui.simulator.errors import invalid
from gemtag_tui.simulator.http import read_body, reply_json
from gemtag_tui.simulator.pictures import Picture, check
from gemtag_tui.simulator.quotas import quota_error
from gemtag_tui.simulator.refusals import refusal
from gemtag_tui.simulator.replies import Answer, render
from gemtag_tui.simulator.request import GenerateRequest, decode, read_count, read_generate
from gemtag_tui.simulator.tokens import MAX_PROMPT
from gemtag_tui.simulator.wire import UNBILLED, spoil
from gemtag_tui.simulator.world import World, latency

TIER_HEADER = "x-gemini-service-tier"


async def generate_content(
    world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /{version}/models/{model}:generateContent."""
    world.stats.received.add(world.clock.now())
    body = await read_body(request, world.config.max_request_bytes)
    model = world.model(match["model"], match["version"], "generateContent")
    asked = read_generate(decode(body), model, match["version"])
    world.stats.enter()
    try:
        return await _serve(world, request, asked)
    except asyncio.CancelledError:
        world.stats.abandoned += 1
        raise
    finally:
        world.stats.in_flight -= 1


async def _serve(
    world: World, request: web.BaseRequest, asked: GenerateRequest
) -> web.StreamResponse:
    pictures = await world.see(asked)
    images = tuple(picture.sha256 for picture in pictures)
    world.stats.attempts.update(images)
    attempt = world.stats.attempts[images[0]] if images else 1
    rule = world.rule_for(
        "generateContent", asked.model.name, asked, images=images, attempt=attempt
    )
    if rule is not None and rule.fault in REFUSALS and not rule.after:
        _refuse(world, rule, asked)
    answer = world.answer(asked, pictures)
    _admit(world, asked, answer.prompt_tokens)
    with world.tiers.serving(asked.service_tier, world.seconds()):
        await _wait(world, rule, answer.service_tier)
    for picture in pictures:
        check(picture)
    if answer.prompt_tokens > MAX_PROMPT:
        raise invalid(
            f"The input token count exceeds the maximum number of tokens allowed {MAX_PROMPT}."
        )
    return await _deliver(world, request, Served(asked, answer, pictures, rule))


def _refuse(world: World, rule: Rule, asked: GenerateRequest) -> None:
    error = refusal(rule.fault, asked.model, world.config.limits)
    if error is not None:
        raise error


def _admit(world: World, asked: GenerateRequest, tokens: int) -> None:
    now = world.clock.now()
    broken = world.quotas.admit(asked.model, tokens, now)
    if broken:
        world.stats.refused.update(one.kind for one in broken)
        raise quota_error(broken, asked.model, world.config.limits)
    world.stats.admit(tokens, now)


async def _wait(world: World, rule: Rule | None, service_tier: str) -> None:
    seconds = latency(world, service_tier)
    if rule is not None and rule.fault not in WIRE and rule.seconds is not None:
        seconds = rule.seconds
    if seconds > 0:
        await world.clock.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Served:
    """A call whose time has passed: what was asked, the right answer, and the fault."""

    asked: GenerateRequest
    answer: Answer
    pictures: Sequence[Picture]
    rule: Rule | None


async def _deliver(world: World, request: web.BaseRequest, served: Served) -> web.StreamResponse:
    asked, answer, pictures, rule = served.asked, served.answer, served.pictures, served.rule
    if rule is not None and rule.fault in ERRORS and not rule.after:
        _refuse(world, rule, asked)
    other = world.other_text(asked, pictures) if rule and rule.fault == "swapped" else ""
    output = render(answer, rule, other)
    if rule is None or rule.after or rule.fault not in UNBILLED:
        world.pay(answer, output.output_tokens, pictures)
        world.stats.served_by_minute[int(world.clock.now() // 60)] += 1
    if rule is not None and rule.after:
        _refuse(world, rule, asked)
    told = world.config.tiers.told in {"both", "header"}
    right = reply_json(output.body, {TIER_HEADER: answer.service_tier} if told else {})
    if rule is not None and rule.fault in WIRE:
        return await spoil(world, request, rule, right)
    return right


async def count_tokens(
    world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /{version}/models/{model}:countTokens: free, and no generation quota."""
    body = await read_body(request, world.config.max_request_bytes)
    model = world.model(match["model"], match["version"], "countTokens")
    asked = read_count(decode(body), model, match["version"])
    pictures = await world.see(asked)
    for picture in pictures:
        check(picture)
    answer = world.answer(asked, pictures)
    details = [{"modality": "TEXT", "tokenCount": answer.text_tokens}]
    if pictures:
        details.append({"modality": "IMAGE", "tokenCount": answer.image_tokens})
    return reply_json({"totalTokens": answer.prompt_tokens, "promptTokensDetails": details})
