"""Points in time, as people type them."""

from __future__ import annotations

import re
import time
from datetime import datetime

import click

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def since_seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float:  # noqa: ARG001
    """Return Unix seconds for a day, a time, a while ago, or Unix seconds; 0 for nothing.

    Raises:
        click.BadParameter: it is none of these.
    """
    if value is None:
        return 0.0
    found = moment(value.strip(), time.time())
    if found is None:
        raise click.BadParameter("say 2026-11-22, 2026-11-22T09:30, 36h, 7d, or Unix seconds")
    return found


def moment(words: str, now: float) -> float | None:
    """Return what some words mean in Unix seconds; days and times without a zone are local."""
    if (ago := _AGO.fullmatch(words)) is not None:
        return max(0.0, now - int(ago[1]) * _SECONDS[ago[2]])
    if re.fullmatch(r"\d{1,12}(\.\d+)?", words) and len(words) != len("20261122"):
        return float(words)
    try:
        return datetime.fromisoformat(words).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None
