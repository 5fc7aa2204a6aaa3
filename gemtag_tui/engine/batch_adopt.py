"""Taking in a job of ours that the library has forgotten: it was restored from an older copy.

A line's key names its asset by number. That number means the same picture here only if this library
is the one that made the job, and the picture was in it before. Both are checked; in doubt nothing
is taken.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import RESULTS_DAYS
from gemtag_tui.core.batch_operation import RemoteJob
from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.core.profile import ECHO_FIELD
from gemtag_tui.core.reading import read_json
from gemtag_tui.core.text import plain
from gemtag_tui.engine import batch_account
from gemtag_tui.gemini.batch_lines import key_of_line, usual_line
from gemtag_tui.store import batch_adoption, batches, tracks
from gemtag_tui.store.batch_adoption import Orphan

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.tracks import Track

_KEY = re.compile(r"([1-9][0-9]{0,17})-([a-z0-9]{1,32})")
_DAY = 86_400.0


async def adopt(ground: Ground, name: str) -> str:
    """Make a job on the account one of this library's again; returns what was done, in words.

    Raises:
        UsageError: there is no such job, it is not ours, or its images cannot be told.
        StoppedError: the server does not answer.
    """
    listed = await batch_account.list_account(ground)
    names = {name, f"batches/{name}"}
    remote = next((one for one in listed if {one.name, one.display_name} & names), None)
    if remote is None:
        raise UsageError(f"The account shows this key no batch job {plain(name, 80)!r}.")
    row = await batches.get(ground.lib, remote.name)
    row = row or await batches.get(ground.lib, remote.display_name)
    if row is not None:
        await batch_account.reconcile(ground)
        return f"batch job {row.id} is in the library: `gemtag batches sync` looks after it"
    number = await _number(ground, remote)
    track = await _track(ground, remote)
    results = await _results(ground, remote)
    orphan = await asyncio.to_thread(_read, results, remote, number)
    own, held = await batch_adoption.adopt(ground.lib, track, orphan)
    return (
        f"adopted as batch job {number}: {own:,} of its {len(orphan.assets):,} images are here, "
        f"{held:,} of them wait for a result; its lines are taken in now"
    )


async def _number(ground: Ground, remote: RemoteJob) -> int:
    """Return the id that a job of ours had.

    Raises:
        UsageError: it is not this library's, or the library has gone another way since.
    """
    number = await batch_account.number_of(ground, remote.display_name)
    if number is None:
        raise UsageError(
            f"{plain(remote.display_name or remote.name, 80)} was not made by this library, so "
            "nothing tells which pictures its lines are about."
        )
    if await batches.by_id(ground.lib, number) is not None:
        raise UsageError(
            f"This library has made another batch job {number} since: it is not the one that made "
            f"{plain(remote.name)}, and its numbers may mean other pictures."
        )
    if remote.created_at is None or not remote.ended or not remote.output_file:
        state = plain(remote.raw_state, 40)
        raise UsageError(f"{plain(remote.name)} is {state}: it can be adopted once it has results.")
    return number


async def _track(ground: Ground, remote: RemoteJob) -> Track:
    fitting = [
        one
        for one in await tracks.list_tracks(ground.lib)
        if one.provider == ground.provider and one.model == remote.model
    ]
    if not fitting:
        raise UsageError(
            f"The job was made for {plain(remote.model, 60)}, which this library was never run "
            "with: `gemtag run --model` begins it, `--limit 1` is enough."
        )
    return max(fitting, key=lambda one: one.id)


async def _results(ground: Ground, remote: RemoteJob) -> Path:
    target = ground.folder / f"{remote.display_name}.results.jsonl"
    part = target.with_name(f"{target.name}.part")
    error = await ground.files.download(remote.output_file, part)
    if error is not None:
        words = plain(error.message, 300)
        raise StoppedError(f"The results of {plain(remote.name)} cannot be fetched: {words}")
    return await asyncio.to_thread(part.replace, target)


def _read(path: Path, remote: RemoteJob, number: int) -> Orphan:
    """Read which assets a file of results is about.

    Raises:
        UsageError: its keys are not those of one job of ours.
    """
    assets: dict[str, set[int]] = defaultdict(set)
    echo = False
    with path.open("rb") as file:
        for line in file:
            found = _KEY.fullmatch(key_of_line(line) or "")
            if found:
                assets[found[2]].add(int(found[1]))
                echo = echo or _echoes(line)
    if len(assets) != 1:
        raise UsageError(f"The lines of {plain(remote.name)} do not have the keys of one job.")
    ((nonce, ids),) = assets.items()
    expires = (remote.ended_at or remote.created_at or 0.0) + RESULTS_DAYS * _DAY
    return Orphan(number, remote, nonce, echo, path.name, expires, ids)


def _echoes(line: bytes) -> bool:
    usual = usual_line(line)
    data: Any = read_json(usual.text) if usual is not None else None
    return isinstance(data, dict) and ECHO_FIELD in data
