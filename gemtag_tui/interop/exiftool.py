"""ExifTool, where a person has installed it: the only thing that ever writes into pictures.

It is given one picture at a time and writes a new file beside it; the XMP that goes in is merged by
the same rules as a sidecar.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.interop.xmp_read import SidecarError

OLDEST = (12, 24)
"""Older ones run code that a hostile file carries (CVE-2021-22204)."""
_SECONDS = 120
_CONFIG = ("-config", "")
_EXTENDED = b"HasExtendedXMP"


class ExifTool:
    """ExifTool as it is installed here.

    Raises:
        UsageError: it is not, or it is too old.
    """

    def __init__(self) -> None:
        found = shutil.which("exiftool")
        if found is None:
            words = "ExifTool is not installed here. Install it (package libimage-exiftool-perl, "
            raise UsageError(words + "or exiftool), or export XMP sidecars instead.")
        self._program = found
        said = self._run("-ver").stdout.decode("ascii", "replace").strip()
        numbers = re.match(r"(\d+)\.(\d+)", said)
        if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
            words = (
                f"ExifTool {plain(said, 20)} is too old: 12.24 or newer is needed, as older ones "
            )
            raise UsageError(words + "run code that hostile pictures carry.")

    def _run(self, *words: str | bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._program, *_CONFIG, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )

    def packet(self, picture: bytes) -> bytes:
        """Return the XMP in a picture, b"" when there is none.

        Args:
            picture: its absolute path.

        Raises:
            SidecarError: it cannot be read.
        """
        done = self._call("-q", "-b", "-XMP", picture)
        if done.returncode and not done.stdout:
            raise SidecarError(f"cannot be read by ExifTool: {_words(done)}")
        if _EXTENDED in done.stdout:
            raise SidecarError("has XMP in several parts, which is not merged")
        return done.stdout

    def write(self, picture: bytes, packet: Path, new: bytes) -> None:
        """Write a copy of a picture with another XMP packet.

        Args:
            picture: its absolute path; it is only read.
            packet: a file that holds the packet.
            new: where the copy goes; nothing is there yet.

        Raises:
            SidecarError: it cannot be done.
        """
        done = self._call("-q", "-m", b"-XMP<=" + os.fsencode(packet), b"-o", new, picture)
        if done.returncode or not os.path.exists(new):  # noqa: PTH110 (bytes)
            raise SidecarError(f"cannot be written by ExifTool: {_words(done)}")

    def _call(self, *words: str | bytes) -> subprocess.CompletedProcess[bytes]:
        try:
            return self._run(*words)
        except subprocess.TimeoutExpired as error:
            raise SidecarError(f"kept ExifTool busy for {_SECONDS} s") from error


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return plain(said[0], 200) if said else f"it ended with {done.returncode}"
