"""`gemtag plan --list`: the images behind one of the plan's numbers."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from gemtag_tui.cli.output import json_line, line, path_fields
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.plan_lists import Listed


def print_list(shell: Shell, loaded: Loaded, name: str) -> int:
    """Print a list, a line for each image; with `--json` lines of JSON."""
    if name == "near":
        from gemtag_tui.cli.near import print_groups  # noqa: PLC0415

        return print_groups(shell, loaded)
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.planning import own_track  # noqa: PLC0415
    from gemtag_tui.store.plan_lists import listed  # noqa: PLC0415

    async def tell(library: Library) -> int:
        track = await own_track(library, loaded, shell.config, shell.environ)
        async with aclosing(listed(library, track, name)) as rows:
            async for one in rows:
                _print(one, as_json=shell.json)
        return 0

    return with_library(shell, tell, readonly=True)


def _print(one: Listed, *, as_json: bool) -> None:
    if as_json:
        more = {"kind": one.kind, "message": one.message} if one.kind else {}
        json_line({"id": one.id, **path_fields(one.path), **more}, flush=False)
    else:
        why = f"  ({plain(one.kind)}: {plain(one.message, 200)})" if one.kind else ""
        line(f"{plain(one.path)}{why}")
