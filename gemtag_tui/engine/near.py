"""Near-duplicates: looking at pictures, grouping them, and bringing tracks in line.

Every step is kept as it is made, so that what was stopped goes on from there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.core.errors import LibraryBusyError
from gemtag_tui.core.near import Grouper
from gemtag_tui.engine.preparer import image_limits
from gemtag_tui.imaging.near_pool import LookPool
from gemtag_tui.imaging.values import Sought
from gemtag_tui.store import near_groups, near_looks, near_work, tracks
from gemtag_tui.store.lock import EngineLock
from gemtag_tui.store.near_looks import Force

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.core.near import Follow, Look
    from gemtag_tui.core.settings import Images, Settings
    from gemtag_tui.store.library import Library

_AT_ONCE = 256
"""Pictures looked at and then kept together."""
MOST_WORKERS = 4
Told = Callable[[str], None]


class Looker(Protocol):
    """Looks at pictures; `gemtag_tui.imaging.near_pool.LookPool` is one."""

    async def look_many(self, files: Sequence[Sought]) -> list[Look | None]:
        """Return one outcome for each file, in their order."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is: groups, the pictures in them beyond the first of each, and those looked at."""

    groups: int
    duplicates: int
    looked: int


async def after_scan(
    lib: Library, settings: Settings, *, once: bool = False, told: Told = lambda _: None
) -> Found | None:
    """Look at what was not looked at yet, and group anew what is to be; `None` when it is off.

    When the setting was on and is not any more, whoever waits for another picture is let go.

    Args:
        lib: the library.
        settings: in force.
        once: do it although the setting is off; it then holds until a person ends it.
        told: hears how far it is, in words.

    Raises:
        LibraryError: the library cannot be written.
        ImagingUnavailableError: no child process can be run.
    """
    images, force = settings.images, await near_looks.in_force(lib)
    if not (images.near_duplicates or once):
        if force is not None and force.by_setting:
            await near_work.end(lib)
        return None
    looked = await _look_at_all(lib, images, told)
    wanted = Force(images.near_distance, images.near_duplicates, force.version if force else 0)
    if force != wanted or await near_looks.is_stale(lib):
        wanted = await _group(lib, wanted, told)
    else:  # files may be back that were missing: they have their own place until they are told
        wanted = await near_groups.renew(lib, wanted)
    await in_line(lib, wanted)
    groups, pictures = await near_groups.count(lib)
    return Found(groups, pictures - groups, looked)


async def _look_at_all(lib: Library, images: Images, told: Told) -> int:
    total = await near_looks.count_missing(lib)
    if not total:
        return 0
    pool = LookPool(
        images.workers or min(MOST_WORKERS, os.cpu_count() or 1),
        deadline=images.decode_seconds,
        limits=image_limits(images),
    )
    try:
        return await look_at(lib, pool, total, told)
    finally:
        await pool.aclose()


async def look_at(lib: Library, looker: Looker, total: int, told: Told = lambda _: None) -> int:
    """Look at every picture that was not looked at yet; returns at how many.

    Files that changed since the scan are left for after the next one.

    Args:
        lib: the library.
        looker: says what pictures look like.
        total: how many there are, for the words.
        told: hears how far it is.
    """
    after = done = 0
    while some := await near_looks.missing(lib, after, _AT_ONCE):
        told(f"looking for near-duplicates: {done:,} of {total:,} pictures")
        looks = await looker.look_many([Sought(one.path, one.size, one.mtime_ns) for one in some])
        pairs = [
            (one.asset, look) for one, look in zip(some, looks, strict=True) if look is not None
        ]
        await near_looks.keep(lib, pairs)
        done += len(pairs)
        after = some[-1].asset
    return done


async def _group(lib: Library, force: Force, told: Told) -> Force:
    """Group all pictures anew; stopped, the old groups hold."""
    grouper = Grouper(force.distance)
    follows: list[tuple[int, Follow]] = []
    done = 0
    async for some in near_looks.seen(lib):
        for one in some:
            follow = grouper.place(one)
            if follow is not None:
                follows.append((one.asset, follow))
        done += len(some)
        told(f"grouping near-duplicates: {done:,} pictures compared")
        await asyncio.sleep(0)
    force = replace(force, version=force.version + 1)
    await near_groups.replace(lib, near_groups.rows_of(follows), force)
    return force


async def in_line(lib: Library, force: Force) -> None:
    """Bring all tracks in line with the groups.

    While an engine runs, only as far as it can hold no picture in its hands; it does the rest by
    itself when it starts the next time.
    """
    lock = EngineLock(lib.path)
    try:
        lock.acquire(wait=0.0)
    except LibraryBusyError:
        for track in await tracks.list_tracks(lib):
            await near_work.apply(lib, track.id, force, running=True)
        return
    try:
        for track in await tracks.list_tracks(lib):
            await near_work.apply(lib, track.id, force)
    finally:
        lock.release()


async def make_ready(lib: Library, track: int, settings: Settings) -> None:
    """Bring the track of a run in line before anything is sent; one short look when this is off.

    Raises:
        LibraryError: the library cannot be written.
    """
    force = await near_looks.in_force(lib)
    if force is None:
        return
    if force.by_setting and not settings.images.near_duplicates:
        await near_work.end(lib)
        return
    await near_work.apply(lib, track, force)
