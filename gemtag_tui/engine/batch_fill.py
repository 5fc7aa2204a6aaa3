"""Filling a job's file: read, check, encode and append, picture after picture, in threads."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_plan import key_of
from gemtag_tui.core.next_try import REENCODE
from gemtag_tui.engine.batch_file import LineMaker
from gemtag_tui.imaging.fastpath import Scanned, passthrough
from gemtag_tui.imaging.values import Changed, Prepared, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gemtag_tui.core.batch_plan import Caps
    from gemtag_tui.engine.batch_file import JobFile
    from gemtag_tui.engine.preparer import Picture
    from gemtag_tui.engine.pricing import Pricing
    from gemtag_tui.gemini.request import RequestForm
    from gemtag_tui.imaging.values import PrepareRules
    from gemtag_tui.store.batch_rows import Taken
    from gemtag_tui.store.batches import JobRow

_MOST_SIZES = 10_000
"""Sizes of pictures whose estimate is remembered."""


@dataclass(slots=True)
class Filled:
    """What became of some assets that were to go into a job; those not named here are in its file.

    Attributes:
        left: the job was full before them.
        passed_over: their files are no longer what was scanned.
        refused: cannot be sent at all.
        decode: have to be decoded first.
    """

    left: list[int] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)
    refused: list[tuple[int, Refused]] = field(default_factory=list)
    decode: list[Taken] = field(default_factory=list)


class Filling:
    """Fills one job's file. A picture is held only while its own line is made.

    Safe for several threads: what counts is decided and written under one lock, and reading,
    hashing and writing run beside each other since they need no interpreter.

    Args:
        job: that is being built.
        file: its file.
        form: of its requests.
        caps: most it may hold.
        pricing: of the batch lane.
        rules: what may be passed through.
        each: US dollars of a request as answers have shown them, `None` while there are none.
    """

    def __init__(
        self,
        job: JobRow,
        file: JobFile,
        form: RequestForm,
        *,
        caps: Caps,
        pricing: Pricing,
        rules: PrepareRules,
        each: float | None = None,
    ) -> None:
        self._nonce = job.nonce
        self._file = file
        self._form = form
        self._caps = caps
        self._pricing = pricing
        self._rules = rules
        self._each = each
        self._maker = LineMaker(form, echo=bool(job.echo))
        self._lock = threading.Lock()
        self._expected: dict[tuple[int, int], tuple[int, float]] = {}
        self.lines = 0
        self.tokens = 0
        self.usd = 0.0
        self.full = False

    def fill(self, part: Sequence[Taken], recorded: Mapping[int, float]) -> Filled:
        """Pass through what can be; blocks.

        Args:
            part: assets in their order.
            recorded: when each asset's content was recorded (Unix seconds); one that is not there
                is hashed in any case.

        Raises:
            OSError: the job's file cannot be written.
        """
        filled = Filled()
        for one in part:
            if self.full:
                filled.left.append(one.candidate.asset)
                continue
            picture = self._read(one, recorded.get(one.candidate.asset))
            if picture is None:
                filled.decode.append(one)
            else:
                self.put(one, picture, filled)
        return filled

    def _read(self, one: Taken, recorded: float | None) -> Picture | None:
        file = one.candidate
        if file.setting == REENCODE:
            return None
        scanned = None if recorded is None else Scanned(file.size, file.mtime_ns, recorded)
        return passthrough(file.path, file.sha256, self._rules, scanned)

    def put(self, one: Taken, picture: Picture, filled: Filled) -> None:
        """Append a picture's line, or note why there is none; blocks.

        Raises:
            OSError: the job's file cannot be written.
        """
        asset = one.candidate.asset
        if isinstance(picture, Prepared):
            key = key_of(asset, self._nonce)
            pieces = self._pieces(one, key, picture)
            if not self._append(pieces, *self._estimate(picture, one.candidate.setting)):
                filled.left.append(asset)
        elif isinstance(picture, Changed) or not os.path.lexists(one.candidate.path):
            filled.passed_over.append(asset)
        else:
            filled.refused.append((asset, picture))

    def _pieces(self, one: Taken, key: str, picture: Prepared) -> list[bytes]:
        asked = one.candidate
        maker = self._maker.changed(asked.setting) if asked.setting else self._maker
        if asked.context:
            return maker.told(key, picture.mime, picture.data, asked.context, one.better)
        return maker.pieces(key, picture.mime, picture.data, better=one.better)

    def _append(self, pieces: list[bytes], tokens: int, usd: float) -> bool:
        """Append a line; `False` when the job is full before it."""
        size = sum(map(len, pieces))
        with self._lock:
            if self.full or (self.lines and self._over(size, tokens)):
                self.full = True
                return False
            self.lines += 1
            self.tokens += tokens
            self.usd += usd
            self.full = self.lines >= self._caps.requests
            self._file.append(pieces)
            return True

    def _over(self, size: int, tokens: int) -> bool:
        caps = self._caps
        if self._file.size + size > caps.bytes:
            return True
        return bool(caps.tokens) and self.tokens + tokens > caps.tokens

    def _estimate(self, picture: Prepared, setting: str = "") -> tuple[int, float]:
        """Return a request's likely input tokens and US dollars; many pictures are of one size."""
        size = picture.width, picture.height
        if setting:
            form = self._form.changed(setting)
            tokens, _ = form.estimate(*size)
            return tokens, self._pricing.expected(tokens, form.max_output())
        found = self._expected.get(size)
        if found is None:
            tokens, output = self._form.estimate(*size)
            usd = self._pricing.expected(tokens, output) if self._each is None else self._each
            found = tokens, usd
            if len(self._expected) < _MOST_SIZES:
                self._expected[size] = found
        return found
