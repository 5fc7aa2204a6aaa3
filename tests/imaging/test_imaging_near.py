from __future__ import annotations

import os
from pathlib import Path

import pytest
from imaging_samples import encoded, noise, quarters, turned
from PIL import Image, ImageDraw

from gemtag_tui.core.near import NO_LOOK, Kind, Look, Seen, alike, distance, shape_of
from gemtag_tui.imaging.near import look
from gemtag_tui.imaging.near_pool import LookPool
from gemtag_tui.imaging.values import Limits, Sought


def sought(path: Path) -> Sought:
    status = path.stat()
    return Sought(os.fsencode(path), status.st_size, status.st_mtime_ns)


def looked(folder: Path, data: bytes, name: str = "x.jpg", limits: Limits | None = None) -> Look:
    path = folder / name
    path.write_bytes(data)
    found = look(sought(path), limits or Limits())
    assert found is not None
    return found


def scene(seed: int, width: int = 1200, height: int = 800) -> Image.Image:
    """Blobs of colour on a ground, as different by seed as photographs are."""
    import random

    chance = random.Random(seed)
    colour = lambda: tuple(chance.randrange(256) for _ in range(3))  # noqa: E731
    picture = Image.new("RGB", (width, height), colour())
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = chance.randrange(width), chance.randrange(height)
        w, h = chance.randrange(100, width // 2), chance.randrange(100, height // 2)
        draw.ellipse((x - w, y - h, x + w, y + h), fill=colour())
    return picture


@pytest.mark.parametrize("seed", range(6))
def test_copies_are_near_and_other_pictures_are_not(tmp_path, seed):
    picture = scene(seed)
    own = looked(tmp_path, encoded(picture, "JPEG", quality=92))
    assert own.kind is Kind.TELLING
    copies = (
        encoded(picture.resize((300, 200)), "JPEG", quality=60),
        encoded(picture, "PNG"),
        encoded(picture.resize((640, 427)), "WEBP", quality=40),
        encoded(picture.resize((2400, 1600)), "JPEG", quality=80, progressive=True),
    )
    sizes = ((300, 200), (1200, 800), (640, 427), (2400, 1600))
    first = Seen(1, own, shape_of(1200, 800))
    for data, size in zip(copies, sizes, strict=True):
        assert alike(first, Seen(2, looked(tmp_path, data), shape_of(*size)), 4)
    other = looked(tmp_path, encoded(scene(seed + 100), "JPEG"))
    assert distance(own.hash, other.hash) > 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_s_orientation_makes_no_difference(tmp_path, orientation):
    upright = looked(tmp_path, turned("PNG", 1))
    assert looked(tmp_path, turned("PNG", orientation), "y.png") == upright


def test_one_colour_says_so_whatever_its_form(tmp_path):
    red = Image.new("RGB", (500, 300), (200, 10, 10))
    looks = {looked(tmp_path, encoded(red, form)) for form in ("PNG", "BMP", "GIF")}
    assert looks == {Look(Kind.FLAT, 0, 0xC80A0A)}


def test_a_page_with_a_word_on_it_is_not_taken_for_a_blank_one(tmp_path):
    page = Image.new("RGB", (2480, 3508), (255, 255, 255))
    blank = looked(tmp_path, encoded(page, "PNG"))
    ImageDraw.Draw(page).rectangle((300, 300, 700, 360), fill=(0, 0, 0))
    written = looked(tmp_path, encoded(page, "PNG"))
    assert (blank.kind, written.kind) == (Kind.FLAT, Kind.VAGUE)


@pytest.mark.parametrize(
    "data",
    [b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 60, b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)
def test_what_cannot_be_read_has_no_look(tmp_path, data):
    assert looked(tmp_path, data) == NO_LOOK


def test_a_broken_end_and_too_many_pixels_have_no_look(tmp_path):
    data = encoded(noise(400, 300), "JPEG")
    assert looked(tmp_path, data[: len(data) // 2]) == NO_LOOK
    assert looked(tmp_path, data, limits=Limits(max_pixels=1000)) == NO_LOOK


def test_a_file_that_changed_since_the_scan_is_left_for_the_next_one(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(encoded(quarters(), "PNG"))
    then = sought(path)
    path.write_bytes(encoded(quarters(192), "PNG"))
    assert look(then, Limits()) is None
    assert look(sought(path), Limits(max_bytes=10)) is None
    path.unlink()
    assert look(then, Limits()) is None


async def test_a_pool_looks_at_many_and_a_deadly_one_harms_none(tmp_path):
    class Fragile(LookPool):
        look_task = "imaging_near_traps:look_many"

    files = []
    for number in range(70):
        path = tmp_path / f"{'deadly' if number == 3 else number}.png"
        path.write_bytes(encoded(quarters(96 + number), "PNG"))
        files.append(sought(path))
    pool = Fragile(2, deadline=20)
    try:
        looks = await pool.look_many(files)
    finally:
        await pool.aclose()
    assert looks[3] == NO_LOOK
    assert looks[:3] + looks[4:] == [look(one, Limits()) for one in files[:3] + files[4:]]
