# ruff: noqa: PTH101, PTH109, PTH116, PTH118, PTH119, PTH120, PTH123, PTH211 - names are bytes
from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
import zlib

import pytest
from imaging_samples import encoded, quarters, turned, write
from PIL import Image

from gemtag_tui.imaging import files
from gemtag_tui.imaging.kinds import looks_like_image_name
from gemtag_tui.imaging.probe import is_skipped, probe, probe_many
from gemtag_tui.imaging.values import Limits, Probed, Refused

LIMITS = Limits()


def refused(path: bytes, limits: Limits = LIMITS) -> Refused:
    outcome = probe(path, limits)
    assert isinstance(outcome, Refused), outcome
    return outcome


def test_a_good_picture(tmp_path):
    data = turned("JPEG", 6)
    path = write(tmp_path, "a.jpg", data)
    found = probe(path, LIMITS)
    assert found == Probed(
        sha256=hashlib.sha256(data).digest(),
        size=len(data),
        mtime_ns=os.stat(path).st_mtime_ns,
        format="jpeg",
        mime="image/jpeg",
        width=96,
        height=64,
        frames=1,
        orientation=6,
        passable=False,
    )


def test_content_decides_not_the_name(tmp_path):
    found = probe(write(tmp_path, "a.png", encoded(quarters(), "JPEG")), LIMITS)
    assert isinstance(found, Probed)
    assert found.mime == "image/jpeg"


def test_a_name_of_any_bytes(tmp_path):
    data = encoded(quarters(), "JPEG")
    for name in (b"\xff\xfe\x80.jpg", b"a\nb\x1b[31m.jpg", b"-rf.jpg", b"[red]x[_].jpg"):
        path = bytes(tmp_path) + b"/" + name
        with open(path, "wb") as file:
            file.write(data)
        assert isinstance(probe(path, LIMITS), Probed)


def make_fifo(path: bytes) -> None:
    os.mkfifo(path)


def make_socket(path: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(os.path.dirname(path))
        try:
            made.bind(os.path.basename(path).decode())
        finally:
            os.chdir(here)


def make_link(path: bytes) -> None:
    target = os.path.join(os.path.dirname(path), b"target.jpg")
    with open(target, "wb") as file:
        file.write(encoded(quarters(), "JPEG"))
    os.symlink(target, path)


def make_cycle(path: bytes) -> None:
    os.symlink(path, path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_fifo, "a pipe, not a file"),
        (make_socket, "a socket, not a file"),
        (make_link, "a symbolic link, which is not followed"),
        (make_cycle, "a symbolic link, which is not followed"),
        (os.mkdir, "a folder, not a file"),
    ],
)
def test_what_is_no_file_is_never_opened(tmp_path, monkeypatch, make, words):
    path = bytes(tmp_path / "x.jpg")
    make(path)
    monkeypatch.setattr(files.os, "open", lambda *_: pytest.fail("it was opened"))
    outcome = refused(path)
    assert (outcome.kind, outcome.message, outcome.sha256) == ("unreadable", words, None)


def test_a_file_swapped_for_a_pipe_is_not_read(tmp_path, monkeypatch):
    path = bytes(tmp_path / "x.jpg")
    os.mkfifo(path)
    regular = os.stat(write(tmp_path, "good.jpg", encoded(quarters(), "JPEG")))
    monkeypatch.setattr(files.os, "lstat", lambda _: regular)
    assert refused(path).message == "a pipe, not a file"


def test_a_device_is_never_opened():
    assert refused(b"/dev/zero").message == "a device, not a file"


def test_a_sparse_file_of_five_gigabytes_is_never_read(tmp_path, monkeypatch):
    path = write(tmp_path, "x.jpg", b"")
    os.truncate(path, 5 * 1024**3)
    monkeypatch.setattr(files.os, "read", lambda *_: pytest.fail("it was read"))
    outcome = refused(path)
    assert (outcome.kind, outcome.size) == ("too_large", 5 * 1024**3)
    assert outcome.message == "5,368,709,120 bytes is over the limit of 536,870,912"


def test_missing_empty_and_impossible_paths(tmp_path):
    assert refused(bytes(tmp_path / "gone.jpg")).message == "the file is gone"
    assert refused(write(tmp_path, "a.jpg", b"")).message == "empty file"
    assert refused(b"/" + b"a" * 5000).message == "the path is too long for this system"
    assert refused(b"a\x00b.jpg").message == "the path is not one this system can open"


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_permission_denied(tmp_path):
    path = write(tmp_path, "a.jpg", encoded(quarters(), "JPEG"))
    os.chmod(path, 0)
    is_root = os.geteuid() == 0
    if is_root:
        for folder in [tmp_path, *tmp_path.parents][:3]:
            os.chmod(folder, stat.S_IMODE(os.stat(folder).st_mode) | 0o055)
        os.seteuid(65_534)
    try:
        outcome = refused(path)
    finally:
        if is_root:
            os.seteuid(0)
    assert (outcome.kind, outcome.message) == ("unreadable", "permission denied")


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"<!DOCTYPE html><html>404", "unsupported", "not an image: HTML text"),
        (b"\xef\xbb\xbf\n <html>", "unsupported", "not an image: HTML text"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "unsupported", "a PostScript document, which is not read"),
        (b"%PDF-1.7\n", "unsupported", "not an image: a PDF document"),
        (b"<?xml version='1.0'?><svg/>", "unsupported", "an SVG drawing, which is not read"),
        (b"\x00\x00\x00\x18ftypmp42\0\0\0\0isom", "unsupported", "not an image: a video"),
        (
            b"\x00\x00\x00\x18ftypcrx \0\0\0\1crx isom",
            "unsupported",
            "a camera's raw file, which is not read",
        ),
        (b"just words", "unsupported", "not an image: text"),
        (bytes(4096), "unsupported", "not an image: nothing but zeros"),
        (b"\x93\x01\xf3\x07" * 9, "unreadable", "not an image: its content is of no known type"),
    ],
)
def test_other_content_under_an_images_name(tmp_path, data, kind, words):
    path = write(tmp_path, "a.jpg", data)
    outcome = refused(path)
    assert (outcome.kind, outcome.message) == (kind, words)
    assert outcome.sha256 == hashlib.sha256(data).digest()
    assert not is_skipped(path, outcome)


def test_what_is_no_image_by_name_nor_content_is_skipped_unhashed(tmp_path):
    for name in ("notes.txt", "noextension", ".jpg.d", "film.mp4"):
        path = write(tmp_path, name, b"hello")
        outcome = refused(path)
        assert outcome.sha256 is None
        assert is_skipped(path, outcome)
    drawing = write(tmp_path, "drawing", b"<svg xmlns='x'/>")
    assert not is_skipped(drawing, refused(drawing))
    part = write(tmp_path, "photo.jpg.part", encoded(quarters(), "JPEG")[:-200])
    assert not is_skipped(part, refused(part))


def test_a_raw_file_is_not_taken_for_the_thumbnail_in_it(tmp_path):
    data = encoded(quarters(), "TIFF")
    assert isinstance(probe(write(tmp_path, "a.tif", data), LIMITS), Probed)
    assert refused(write(tmp_path, "a.NEF", data)).kind == "unsupported"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_picture_cut_off_is_unreadable(tmp_path, form, share):
    data = encoded(quarters(640, 480).rotate(30), form)
    outcome = refused(write(tmp_path, "a.jpg", data[: int(len(data) * share)]))
    assert (outcome.kind, outcome.message) == (
        "unreadable",
        "the file ends before the picture does",
    )
    assert outcome.image


def test_a_file_that_grows_meanwhile_is_unreadable(tmp_path, monkeypatch):
    path = write(tmp_path, "a.jpg", encoded(quarters(), "JPEG"))
    read = files.read_exactly

    def read_and_grow(fd: int, size: int) -> bytes:
        with open(path, "ab") as file:
            file.write(b"more")
        return read(fd, size)

    monkeypatch.setattr(files, "read_exactly", read_and_grow)
    assert refused(path).message == "the file changed while it was being read"


def test_limits_are_held_on_the_header(tmp_path):
    path = write(tmp_path, "a.png", encoded(quarters(100, 50), "PNG"))
    assert isinstance(probe(path, Limits(max_pixels=5000, max_side=100)), Probed)
    many = refused(path, Limits(max_pixels=4999))
    assert (many.kind, many.message) == ("too_large", "5,000 pixels is over the limit of 4,999")
    assert refused(path, Limits(max_side=99)).kind == "too_large"
    assert refused(path, Limits(max_bytes=50)).kind == "too_large"


def test_a_large_file_is_hashed_in_pieces(tmp_path):
    data = encoded(quarters(2000, 1600), "BMP")
    assert len(data) > files.WHOLE_BYTES
    found = probe(write(tmp_path, "a.bmp", data), LIMITS)
    assert isinstance(found, Probed)
    assert found.sha256 == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ((60_000, 3_000), "unreadable"),
        ((60_000, 60_000), "too_large"),
        ((2, 2**31 - 1), "too_large"),
        ((0, 40), "unreadable"),
    ],
)
def test_a_png_that_claims_more_than_it_can_hold(tmp_path, claim, kind):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", *claim, 8, 2, 0, 0, 0)
    good = encoded(quarters(), "PNG")
    forged = good[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + good[33:]
    assert refused(write(tmp_path, "a.png", forged)).kind == kind


def test_a_bomb_that_is_whole_is_refused_by_its_header(tmp_path, monkeypatch):
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    outcome = refused(write(tmp_path, "a.png", bomb))
    assert (outcome.kind, outcome.image) == ("too_large", True)


def test_one_bad_file_among_many(tmp_path):
    good = write(tmp_path, "a.jpg", encoded(quarters(), "JPEG"))
    bad = write(tmp_path, "b.jpg", b"\xff\xd8\xff")
    outcomes = probe_many([good, bad, bytes(tmp_path), good], LIMITS)
    assert [isinstance(o, Probed) for o in outcomes] == [True, False, False, True]


@pytest.mark.parametrize(
    ("name", "promises"),
    [
        (b"a.jpg", True),
        (b"/x.y/B.JPEG", True),
        (b"a.heic", True),
        (b"a.svg", True),
        (b"\xff.webp", True),
        (b"a.jpg.part", False),
        (b"jpg", False),
        (b"/photos.jpg/notes", False),
        (b"", False),
    ],
)
def test_names_that_promise_an_image(name, promises):
    assert looks_like_image_name(name) is promises
