"""Batch jobs over HTTP: create, get, list, cancel, delete.

Creating is not idempotent: the same request twice makes two jobs. Source: gemini-facts §2.3, §5.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from gemtag_tui.simulator.errors import ApiError, invalid, too_large
from gemtag_tui.simulator.filestore import StoredFile, new_id
from gemtag_tui.simulator.http import page, read_body, reply_json
from gemtag_tui.simulator.jobs import ENDED, Job
from gemtag_tui.simulator.jsonl import InputLine, LineError, count_lines, read_lines
from gemtag_tui.simulator.lines import LineWorker, spoiled
from gemtag_tui.simulator.models import ENQUEUED_TOKENS, Model
from gemtag_tui.simulator.proto import Reader
from gemtag_tui.simulator.quotas import help_only
from gemtag_tui.simulator.request import decode, reduce_request
from gemtag_tui.simulator.schema import CREATE_BATCH
from gemtag_tui.simulator.tokens import image_tokens
from gemtag_tui.simulator.world import World

ID_LENGTH = 36
MAX_INLINE = 20 * 2**20
PATIENCE = 5.0
"""Real seconds that a look at a job waits for its lines; after that it is still running."""
WIDTH, HEIGHT = 1024, 768
"""What a picture counts as before it is looked at."""


async def create(
    world: World, request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /{version}/models/{model}:batchGenerateContent."""
    body = await read_body(request, world.config.max_request_bytes)
    version = match["version"]
    model = world.model(match["model"], version, "batchGenerateContent")
    batch = Reader(version).read(decode(body), CREATE_BATCH).get("batch") or {}
    source = batch.get("inputConfig") or {}
    await settle_all(world)
    _check_allowed(world)
    if source.get("fileName"):
        stored = world.files.find(str(source["fileName"]).removeprefix("files/"))
        job = await _from_file(world, model, version, stored, batch)
    else:
        if len(body) > MAX_INLINE:
            raise too_large(MAX_INLINE)
        job = _inlined(world, model, (source.get("requests") or {}).get("requests") or [], batch)
    return reply_json(job.operation(world.clock.now()))


def _check_allowed(world: World) -> None:
    if world.config.limits.tier == "free":
        if world.config.batches.on_free_tier == "429":
            raise help_only()
        raise ApiError(
            400, "Batch is not available on the free tier.", status="FAILED_PRECONDITION"
        )
    now = world.clock.now()
    active = sum(job.state(now) not in ENDED for job in world.jobs.values())
    if active >= world.config.batches.max_jobs:
        raise help_only()


async def _from_file(
    world: World, model: Model, version: str, stored: StoredFile, batch: dict[str, Any]
) -> Job:
    requests = await asyncio.to_thread(count_lines, stored.path)
    tokens = 0
    if _room(world, model) is not None:
        lines = read_lines(stored.path, version)
        tokens = await asyncio.to_thread(_enqueued, lines, model)
    job = _add(world, model, batch, (requests, tokens))
    job.input_file = stored.id
    job.work = asyncio.create_task(_work(world, job, read_lines(stored.path, version)))
    return job


def _inlined(
    world: World, model: Model, requests: list[dict[str, Any]], batch: dict[str, Any]
) -> Job:
    if not requests:
        raise invalid("* BatchGenerateContentRequest.batch.input_config: must be specified\n")
    lines = [InputLine(None, one.get("request") or {}, one.get("metadata")) for one in requests]
    tokens = _enqueued(lines, model) if _room(world, model) is not None else 0
    job = _add(world, model, batch, (len(lines), tokens))
    job.work = asyncio.create_task(_work(world, job, lines))
    return job


def _add(world: World, model: Model, batch: dict[str, Any], size: tuple[int, int]) -> Job:
    """Add a job of so many requests and tokens.

    Raises:
        ApiError: 429 when its tokens do not fit beside those of the active jobs.
    """
    room = _room(world, model)
    if room is not None and size[1] > room:
        raise help_only()
    world.numbers["job"] += 1
    number, outcomes = world.numbers["job"], world.config.batches.outcomes
    job = Job(
        id=new_id(ID_LENGTH),
        number=number,
        model=model,
        display_name=batch.get("displayName", ""),
        created=world.clock.now(),
        requests=size[0],
        tokens=size[1],
        settings=world.config.batches,
        plan=outcomes[number - 1] if number <= len(outcomes) else "succeed",
        priority=batch.get("priority"),
    )
    world.jobs[job.id] = job
    return job


def _room(world: World, model: Model) -> int | None:
    """Tokens that may still be enqueued for a model; None is no limit."""
    limits, limit = world.config.limits, world.config.batches.enqueued_tokens
    if limit is None and limits.by_tier:
        limit = ENQUEUED_TOKENS[limits.tier][model.batch_class]
    if limit is None:
        return None
    now = world.clock.now()
    active = [job for job in world.jobs.values() if job.state(now) not in ENDED]
    return limit - sum(job.tokens for job in active if job.model is model)


def _enqueued(lines: Iterable[InputLine], model: Model) -> int:
    """Input tokens of requests, pictures unseen; what is no request counts nothing."""
    total = 0
    with contextlib.suppress(LineError):
        for line in lines:
            with contextlib.suppress(ApiError):
                asked = reduce_request(line.request, model)
                total += asked.text_tokens + sum(
                    image_tokens(model, part.resolution or asked.resolution, WIDTH, HEIGHT)
                    for part in asked.images
                )
    return total


async def _work(world: World, job: Job, lines: Iterable[InputLine]) -> None:
    """Work a job's lines off, in a thread; when its results show is the clock's business."""
    files = world.files
    rng = random.Random(f"{world.config.seed}:{job.number}")  # noqa: S311
    try:
        outcome = await asyncio.to_thread(LineWorker(world, job.model, rng).work, lines)
    except LineError as error:
        job.broken = str(error)
        return
    except (ApiError, OSError) as error:
        job.broken = f"The input file cannot be read: {error}"
        return
    if job.input_file:
        written = await asyncio.to_thread(spoiled, outcome.results, world, rng)
        job.result_path = files.new_path()
        job.result_path.write_bytes(b"".join(line + b"\n" for line in written))
    job.outcome = outcome


async def settle(world: World, job: Job) -> None:
    """Bring a job up to the present: wait for its lines, and bill it when it has succeeded."""
    now = world.clock.now()
    if job.work is not None and job.needs_work(now):
        await asyncio.wait({job.work}, timeout=PATIENCE)
    if job.settled or job.outcome is None or job.state(now) != "SUCCEEDED":
        return
    job.settled = True
    if job.result_path is not None:
        ready = job.finishes + job.settings.output_delay_seconds
        world.files.add_result(f"batch-{job.id}", job.result_path, ready)
    for bill in job.outcome.bills:
        world.pay(bill.answer, bill.output_tokens, bill.pictures)


async def settle_all(world: World) -> None:
    """Bring every job up to the present."""
    for job in list(world.jobs.values()):
        await settle(world, job)


def _find(world: World, match: Mapping[str, str]) -> Job:
    job = world.jobs.get(match["batch"])
    if job is None:
        raise ApiError(404, "Requested entity was not found.")
    return job


async def get(
    world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/batches/{batch}."""
    job = _find(world, match)
    await settle(world, job)
    return reply_json(job.operation(world.clock.now()))


async def list_jobs(
    world: World, request: web.BaseRequest, _match: Mapping[str, str]
) -> web.StreamResponse:
    """GET /{version}/batches, newest first; inlined responses are left out."""
    await settle_all(world)
    chosen, token = page(list(world.jobs.values())[::-1], request.query, 10, 100)
    now = world.clock.now()
    body: dict[str, Any] = {}
    if chosen:
        body["operations"] = [job.operation(now, inlined=False) for job in chosen]
    if token:
        body["nextPageToken"] = token
    return reply_json(body)


async def cancel(
    world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """POST /{version}/batches/{batch}:cancel: best effort, and nothing for what has ended."""
    job = _find(world, match)
    await settle(world, job)
    if job.ended(world.clock.now()) is None:
        job.cancelled = world.clock.now()
    return reply_json({})


async def delete(
    world: World, _request: web.BaseRequest, match: Mapping[str, str]
) -> web.StreamResponse:
    """DELETE /{version}/batches/{batch}."""
    job = _find(world, match)
    await settle(world, job)
    del world.jobs[job.id]
    return reply_json({})
