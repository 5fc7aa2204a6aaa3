"""Sidecars by the batch: what a thread or a child process does at one go."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from gemtag_tui.interop.sidecars import Tally, writing
from gemtag_tui.interop.xmp_words import words_of

_IGNORED = ("SIGINT", "SIGHUP", "SIGTERM")
_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


class Job(NamedTuple):
    """One sidecar to be made or merged; a plain tuple, as it goes to another process.

    Attributes:
        path: of the sidecar.
        summary: the result's words for the picture.
        tags: JSON as stored.
        owner: the picture's file name where it matters, else "".
    """

    path: bytes
    summary: str
    tags: str
    owner: str


def put_all(jobs: Sequence[Job], name: bytes | None = None, make_room: bool = False) -> Tally:
    """Make or merge sidecars; all of them are in place, or counted as refused, afterwards.

    Args:
        jobs: what is to be done, in this order.
        name: goes into the parts' names (see `SidecarWriter`).
        make_room: also make the folders that they go to.
    """
    with writing(name) as writer:
        for path, summary, tags, owner in jobs:
            if make_room:
                writer.make_room(path)
            writer.put(path, words_of(summary, _tags(tags), owner))
    return writer.tally


def settle() -> None:
    """Get a child process ready: signals to the whole group are its parent's to act upon."""
    for name in _IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
