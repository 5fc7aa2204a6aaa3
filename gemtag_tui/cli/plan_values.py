"""Lengths of time and dates as people give them on a command line."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import click

from gemtag_tui.core.text import plain

_UNITS = {"m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(m|min|h|d|w)", re.IGNORECASE)


class Moment(click.ParamType[float]):
    """A date or a date with a time, local unless it says otherwise; gives Unix seconds."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the moment."""
        if isinstance(value, float):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone().timestamp()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{plain(str(value), 40)!r} is no date such as 2026-11-22.", param, ctx)


class Length(click.ParamType[float]):
    """A length such as 36h or 3d, or the date by which; gives seconds from now."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        match = _LENGTH.fullmatch(str(value).strip())
        if match is not None and float(match[1]) > 0:
            return float(match[1]) * _UNITS[match[2].lower()]
        try:
            until = datetime.fromisoformat(str(value)).astimezone().timestamp()
        except (ValueError, OverflowError, OSError):
            until = 0.0
        if until <= time.time():
            words = plain(str(value), 40)
            self.fail(f"{words!r} is no time such as 36h or 3d, nor a date ahead.", param, ctx)
        return until - time.time()
