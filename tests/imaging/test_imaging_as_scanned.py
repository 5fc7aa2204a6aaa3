"""When a file need not be hashed again."""

from __future__ import annotations

import hashlib
import os
import time

import pytest
from PIL import Image

from gemtag_tui.imaging.fastpath import TICK_SECONDS, Scanned, is_as_scanned, passthrough
from gemtag_tui.imaging.values import Changed, Prepared, PrepareRules

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no change time")
LATER = TICK_SECONDS + 60.0


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    return path


def scanned(path, after: float = LATER) -> Scanned:
    status = path.stat()
    return Scanned(status.st_size, status.st_mtime_ns, status.st_ctime + after)


def test_an_untouched_file_is_not_hashed(file):
    wrong = bytes(32)
    assert isinstance(passthrough(bytes(file), wrong, PrepareRules(), scanned(file)), Prepared)
    assert isinstance(passthrough(bytes(file), wrong, PrepareRules()), Changed)


def test_whatever_may_have_been_touched_is_hashed(file):
    known = scanned(file)
    digest = hashlib.sha256(file.read_bytes()).digest()
    fresh = scanned(file, TICK_SECONDS / 2)
    assert not is_as_scanned(file.stat(), fresh), "written in the tick of its record"
    assert isinstance(passthrough(bytes(file), digest, PrepareRules(), fresh), Prepared)
    assert not is_as_scanned(file.stat(), known._replace(size=known.size + 1))
    assert not is_as_scanned(file.stat(), known._replace(mtime_ns=known.mtime_ns + 1))


def test_a_write_behind_a_restored_time_is_seen(file):
    before = file.stat()
    known = Scanned(before.st_size, before.st_mtime_ns, time.time() - 3600.0)
    data = bytearray(file.read_bytes())
    digest = hashlib.sha256(data).digest()
    data[-1] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert isinstance(passthrough(bytes(file), digest, PrepareRules(), known), Changed)
