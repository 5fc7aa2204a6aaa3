"""A job's input file: whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.engine.batch_ground import sync_folder
from gemtag_tui.gemini.request import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.gemini.request import RequestForm

PART = ".part"


class LineMaker:
    """Makes lines as pieces, so that no picture is copied into a line.

    The pieces joined are `gemini.request.line(key, form.body(image, mime, better, echo, context))`.

    Args:
        form: of the track's requests.
        echo: have the answer repeat the key.
    """

    def __init__(self, form: RequestForm, *, echo: bool) -> None:
        self._form = form
        self._echo = echo
        self._mark = f"mark-{secrets.token_hex(8)}"
        self._parts: dict[tuple[str, bool], tuple[list[bytes], bytes]] = {}
        self._changed: dict[str, LineMaker] = {}

    def changed(self, setting: str) -> LineMaker:
        """Return what makes lines with one setting as a picture's next try has it."""
        if setting not in self._changed:
            self._changed[setting] = LineMaker(self._form.changed(setting), echo=self._echo)
        return self._changed[setting]

    def told(self, key: str, mime: str, image: bytes, context: str, better: bool) -> list[bytes]:
        """Return the pieces of a line that tells of its picture."""
        echo = key if self._echo else None
        whole = line(key, self._form.body(b"\0", mime, better, echo, context))
        head, _, after = whole.partition(b"\0")
        return [head, image, after]

    def pieces(self, key: str, mime: str, image: bytes, *, better: bool = False) -> list[bytes]:
        """Return one line's pieces.

        Raises:
            ValueError: Gemini does not take this MIME type.
        """
        before, after = self._parts.get((mime, better)) or self._split(mime, better=better)
        return [msgspec.json.encode(key).join(before), image, after]

    def _split(self, mime: str, *, better: bool) -> tuple[list[bytes], bytes]:
        echo = self._mark if self._echo else None
        whole = line(self._mark, self._form.body(b"\0", mime, better, echo))
        head, _, after = whole.partition(b"\0")
        self._parts[mime, better] = head.split(msgspec.json.encode(self._mark)), after
        return self._parts[mime, better]


class JobFile:
    """Writes a file under a temporary name and gives it its own when it is whole.

    Every method blocks and is for a thread; lines may come from several threads at once. Raises
    `OSError` as the system does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(path.name + PART)
        self._handle = os.open(
            self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600
        )
        self._lock = threading.Lock()
        self._synced = 0
        self.size = 0

    @property
    def unsynced(self) -> int:
        """Bytes that were written since the last :meth:`sync` began."""
        return self.size - self._synced

    def append(self, pieces: Sequence[bytes]) -> None:
        """Append one line, given in at most a thousand pieces, none of which is copied."""
        whole = sum(map(len, pieces))
        with self._lock:
            written = os.writev(self._handle, pieces) if hasattr(os, "writev") else 0
            if written < whole:
                rest = memoryview(b"".join(pieces))[written:]
                while rest:
                    rest = rest[os.write(self._handle, rest) :]
            self.size += whole

    def sync(self) -> None:
        """Bring to the disk what is written so far, so that the end has less to wait for."""
        self._synced = self.size
        getattr(os, "fdatasync", os.fsync)(self._handle)

    def finish(self) -> None:
        """Bring all of it to the disk and give it its name."""
        os.fsync(self._handle)
        self._close()
        self._part.replace(self.path)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._close()
        for path in (self._part, self.path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
