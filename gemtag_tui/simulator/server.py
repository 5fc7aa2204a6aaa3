"""The HTTP server: addresses, keys, faults of the control plane, and its life."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from gemtag_tui.simulator import batches, control, filehttp, generate, modelhttp
from gemtag_tui.simulator.catalogue import WIRE
from gemtag_tui.simulator.clock import Clock, SystemClock
from gemtag_tui.simulator.config import SimulatorConfig, load_config
from gemtag_tui.simulator.errors import ApiError, unknown_path
from gemtag_tui.simulator.http import Handler, read_body, reply_error
from gemtag_tui.simulator.models import MODELS
from gemtag_tui.simulator.refusals import refusal
from gemtag_tui.simulator.wire import UNBILLED, spoil
from gemtag_tui.simulator.world import World

HOST = "127.0.0.1"
READ_BUFFER = 1 << 20
SHUTDOWN_SECONDS = 0.05
"""How long calls in flight are waited for at the end."""
ANY_MODEL = MODELS["gemini-3.5-flash-lite"]

VERSION = r"/(?P<version>v1|v1beta)"
MODEL = VERSION + r"/models/(?P<model>[^/:]+)"
BATCH = VERSION + r"/batches/(?P<batch>[^/:]+)"
FILE = VERSION + r"/files/(?P<file>[^/:]+)"

ROUTES: tuple[tuple[str, re.Pattern[str], str, Handler], ...] = tuple(
    (verb, re.compile(pattern), method, handler)
    for verb, pattern, method, handler in (
        ("POST", MODEL + ":generateContent", "generateContent", generate.generate_content),
        ("POST", MODEL + ":countTokens", "countTokens", generate.count_tokens),
        ("GET", VERSION + "/models", "models", modelhttp.list_models),
        ("GET", MODEL, "models", modelhttp.get_model),
        ("POST", "/upload" + VERSION + "/files", "upload", filehttp.upload),
        ("GET", VERSION + "/files", "files", filehttp.list_files),
        ("GET", FILE, "files", filehttp.get_file),
        ("DELETE", FILE, "files", filehttp.delete_file),
        ("GET", "(?:/download)?" + FILE + ":download", "download", filehttp.download),
        ("POST", MODEL + ":batchGenerateContent", "batchGenerateContent", batches.create),
        ("GET", VERSION + "/batches", "batches", batches.list_jobs),
        ("GET", BATCH, "batches", batches.get),
        ("POST", BATCH + ":cancel", "batches", batches.cancel),
        ("DELETE", BATCH, "batches", batches.delete),
        ("GET", "/_sim/stats", "", control.stats),
        ("GET", "/_sim/config", "", control.get_config),
        ("POST", "/_sim/config", "", control.set_config),
        ("POST", "/_sim/reset", "", control.reset),
    )
)


async def dispatch(world: World, request: web.BaseRequest) -> web.StreamResponse:
    """Answer any request."""
    try:
        response = await _route(world, request)
    except ApiError as error:
        response = reply_error(error)
    world.stats.statuses[str(response.status)] += 1
    return response


async def _route(world: World, request: web.BaseRequest) -> web.StreamResponse:
    path = request.path
    for verb, pattern, method, handler in ROUTES:
        if request.method == verb and (found := pattern.fullmatch(path)):
            world.stats.paths[method or path] += 1
            if method:
                world.check_key(_key(request))
            if method in {"", "generateContent"}:
                return await handler(world, request, found.groupdict())
            return await _with_faults(world, request, method, handler, found.groupdict())
    raise unknown_path(path)


def _key(request: web.BaseRequest) -> str:
    key = request.headers.get("x-goog-api-key") or request.query.get("key") or ""
    # The address that an upload was given is its own permission.
    return key or request.query.get("upload_id", "")


async def _with_faults(
    world: World,
    request: web.BaseRequest,
    method: str,
    handler: Handler,
    match: Mapping[str, str],
) -> web.StreamResponse:
    rule = world.rule_for(method, match.get("model", ""))
    if rule is None:
        return await handler(world, request, match)
    error = refusal(rule.fault, ANY_MODEL, world.config.limits)
    if rule.after or (error is None and rule.fault not in UNBILLED):
        right = await handler(world, request, match)
    else:
        await read_body(request, world.config.max_request_bytes)
        right = reply_error(ApiError(503, "The service is currently unavailable."))
    if rule.fault in WIRE and isinstance(right, web.Response):
        return await spoil(world, request, rule, right)
    if error is not None:
        raise error
    return right


class Simulator:
    """A Gemini stand-in on loopback.

    Use as ``async with Simulator(config) as simulator: ... simulator.base_url``.

    Args:
        config: What to simulate.
        clock: Time; by default the machine's, at the configuration's speed.
        rng: Chance; by default seeded by the configuration.
        port: 0 chooses a free one.
    """

    def __init__(
        self,
        config: SimulatorConfig | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        port: int = 0,
    ) -> None:
        self._config = config or SimulatorConfig()
        self._clock = clock
        self._rng = rng or random.Random(self._config.seed)  # noqa: S311
        self.port = port
        self._world: World | None = None

    @property
    def world(self) -> World:
        """Its state, for tests in the same process."""
        if self._world is None:
            raise RuntimeError("the simulator has not been started")
        return self._world

    @property
    def base_url(self) -> str:
        """What to give a client as the base address."""
        return f"http://{HOST}:{self.port}"

    def stats(self, *, images: bool = True) -> dict[str, Any]:
        """The same as ``/_sim/stats``."""
        return self.world.stats.report(self.world.clock.now(), images=images)

    def reconfigure(self, config: SimulatorConfig) -> None:
        """Change limits and faults while it runs."""
        self.world.reconfigure(config)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gemtag-simulator-"))
            self._world = World(self._config, self._own_clock(), self._rng, Path(folder))
            stack.push_async_callback(self._end_work)
            await self._listen(stack)
            self._stack = stack.pop_all()
        self._world.base_url = self.base_url
        return self

    def _own_clock(self) -> Clock:
        start = self._config.clock_start
        own = SystemClock(self._config.clock_speed, start.timestamp() if start else None)
        return self._clock or own

    async def _listen(self, stack: AsyncExitStack) -> None:
        server = web.Server(
            partial(dispatch, self.world), handler_cancellation=True, read_bufsize=READ_BUFFER
        )
        runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, self.port, backlog=1024).start()
        self.port = runner.addresses[0][1]

    async def _end_work(self) -> None:
        """End what batch jobs do in threads, before their files go."""
        self.world.closed = True
        work = [job.work for job in self.world.jobs.values() if job.work is not None]
        await asyncio.gather(*work)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


def serve(port: int, faults_path: Path | None, announce: Callable[[str], None]) -> None:
    """Run until interrupted.

    Args:
        port: 0 chooses a free one.
        faults_path: A JSON or TOML file for ``SimulatorConfig``.
        announce: Called once with the base address when it listens.

    Raises:
        ConfigError: The file cannot be used.
        OSError: The port cannot be had.
    """
    config = load_config(faults_path) if faults_path else SimulatorConfig()
    try:
        asyncio.run(_serve(config, port, announce))
    except KeyboardInterrupt:
        return


async def _serve(config: SimulatorConfig, port: int, announce: Callable[[str], None]) -> None:
    async with Simulator(config, port=port) as simulator:
        announce(simulator.base_url)
        stop = asyncio.Event()
        with suppress(NotImplementedError):  # Windows has no signal handlers in loops.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
