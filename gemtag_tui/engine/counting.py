"""Asking countTokens about a handful of pictures with the request that a run would send."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import KeyMissingError, StoppedError, UsageError
from gemtag_tui.core.estimate import Counted, Moments
from gemtag_tui.core.models import canonical_model, rules_for
from gemtag_tui.core.text import plain
from gemtag_tui.core.told import MOST_TOKENS
from gemtag_tui.engine.attempts import Attempt
from gemtag_tui.engine.piloting import drawn
from gemtag_tui.engine.planning import own_track
from gemtag_tui.engine.preflight import KEY_HELP, Ready, find_provider
from gemtag_tui.engine.preparer import open_preparer
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.gemini.client import GeminiClient
from gemtag_tui.gemini.counts import TokenCount
from gemtag_tui.gemini.key import find_key
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.imaging.values import Prepared
from gemtag_tui.store import counted

if TYPE_CHECKING:
    from gemtag_tui.core.plan_values import Selection
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.engine.preparer import Preparer
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.work import Candidate

DEFAULT = 8
"""Pictures that are asked about."""
AT_ONCE = 4
_STAYS = "The plan stays on what it had."
_LACKING = frozenset({Trouble.MODEL, Trouble.REQUEST})
"""What a server says that does not count tokens, or not of such a request."""


async def count_tokens(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    selection: Selection,
    *,
    size: int = DEFAULT,
    seed: int = 0,
) -> Counted:
    """Count the tokens of some of what remains, and keep that for plans. Costs nothing.

    Raises:
        KeyMissingError: there is no key.
        UsageError: nothing remains, no picture can be read, or the server does not count.
        StoppedError: the server cannot be reached, or wants to be left alone for now.
    """
    profile = load_profile(loaded.settings.profile, config)
    model, key = canonical_model(loaded.settings.model), find_key(environ)
    if key is None:
        raise KeyMissingError(f"Counting asks the API, and no API key was found. {KEY_HELP}")
    some = await _some(lib, loaded, config, environ, selection, size=size, seed=seed)
    ready = Ready(profile, key, rules_for(model), model, "interactive")
    async with contextlib.AsyncExitStack() as stack:
        client = GeminiClient.from_environ(key.secret, environ)
        stack.push_async_callback(client.close)
        provider, _trouble = await find_provider(lib, client, ready)
        preparer = open_preparer(stack, loaded.settings.images)
        asked = Asking(client, preparer, ready, loaded.settings.calls.timeout)
        found = await asked.all(some)
    await counted.keep(lib, provider, model, profile.id, found)
    return found


async def _some(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    selection: Selection,
    *,
    size: int,
    seed: int,
) -> list[Candidate]:
    """Choose as a pilot does."""
    track = await own_track(lib, loaded, config, environ)
    picked = await drawn(lib, track, selection, size=size, seed=seed)
    if not picked:
        raise UsageError("Nothing remains to be tagged: there is nothing to count.")
    return await counted.candidates(lib, [one.asset for one in picked])


class Asking:
    """Makes pictures ready and asks what their requests count for.

    Args:
        client: the connection.
        preparer: reads and decodes pictures.
        ready: profile and model.
        timeout: seconds for one call.
    """

    def __init__(
        self, client: GeminiClient, preparer: Preparer, ready: Ready, timeout: float
    ) -> None:
        self._client = client
        self._preparer = preparer
        self._model = ready.model
        self._resolution = ready.profile.model.media_resolution
        self._rules = ready.rules
        self._form = RequestForm(ready.profile, ready.rules)
        self._timeout = timeout
        self._told = MOST_TOKENS if ready.profile.use_context else 0  # at most, as by rule
        self._room = asyncio.Semaphore(AT_ONCE)

    async def all(self, some: Sequence[Candidate]) -> Counted:
        """Return what the pictures that can be read count for.

        Raises:
            UsageError: none can be read, or the server does not count.
            StoppedError: the server cannot be reached, or wants to be left alone for now.
        """
        told = await asyncio.gather(*map(self._one, some))
        for one in told:
            if isinstance(one, CallError):
                raise _refused(one)
        rows = [one for one in told if one is not None and not isinstance(one, CallError)]
        if not rows:
            raise UsageError("None of the pictures can be read: `gemtag scan` them again.")
        ruled = [float(row[1]) for row in rows]
        images = [float(rule if row.image is None else row.image) for row, rule in rows]
        prompts = [self._told + row.total - own for (row, _), own in zip(rows, images, strict=True)]
        return Counted(len(rows), _moments(prompts), _moments(images), fmean(ruled))

    async def _one(self, candidate: Candidate) -> tuple[TokenCount, int] | CallError | None:
        async with self._room:
            attempt = Attempt(candidate)
            ((_, picture),) = await self._preparer.passed([attempt])
            if picture is None:
                picture = await self._preparer.decoded(attempt)
            if not isinstance(picture, Prepared):
                return None
            body = self._form.body(picture.data, picture.mime)
            told = await self._client.count_tokens(self._model, body, self._timeout)
        if isinstance(told, CallError):
            return told
        return told, self._rules.image_tokens(self._resolution, picture.width, picture.height)


def _moments(values: Sequence[float]) -> Moments:
    return Moments(fmean(values), pstdev(values))


def _refused(error: CallError) -> UsageError | StoppedError:
    """Return what is raised for a refusal, with what that means for the plan."""
    words = plain(error.message)
    if error.trouble in _LACKING or error.http_status in {404, 405, 501}:
        return UsageError(f"This server does not count tokens of such a request: {words} {_STAYS}")
    return StoppedError(f"The tokens could not be counted: {words} {_STAYS}")
