"""Looking at pictures in a child that some names kill."""

from __future__ import annotations

import os

from gemtag_tui.imaging import near


def look_many(files, limits):
    if any(b"deadly" in one.path for one in files):
        os._exit(9)
    return near.look_many(files, limits)
