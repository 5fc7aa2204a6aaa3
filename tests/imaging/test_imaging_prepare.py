from __future__ import annotations

import base64
import hashlib
import io
import struct

import pytest
from imaging_samples import (
    BLUE,
    QUARTERS,
    RED,
    WHITE,
    corners,
    encoded,
    near,
    noise,
    pixels,
    prepared,
    quarters,
    turned,
    write,
)
from PIL import Image

from gemtag_tui.imaging.fastpath import passthrough
from gemtag_tui.imaging.prepare import prepare
from gemtag_tui.imaging.probe import probe
from gemtag_tui.imaging.thumb import thumbnail
from gemtag_tui.imaging.values import Changed, Limits, PrepareRules, Probed, Refused


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_the_service_takes_is_sent_byte_for_byte(tmp_path, form):
    data = encoded(quarters(), form)
    outcome = prepared(write(tmp_path, "a", data), data)
    assert outcome.source == "passed"
    assert base64.b64decode(outcome.data) == data
    assert outcome.mime == f"image/{form.lower()}"
    assert (outcome.width, outcome.height, outcome.raw_size) == (96, 64, len(data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_picture_is_sent_upright(tmp_path, form, orientation):
    data = turned(form, orientation)
    path = write(tmp_path, "a", data)
    found = probe(path, Limits())
    assert isinstance(found, Probed)
    assert (found.width, found.height) == (96, 64)
    assert found.passable == (orientation == 1 and form != "TIFF")
    outcome = prepared(path, data)
    assert outcome.source == ("passed" if found.passable else "reencoded")
    assert (outcome.width, outcome.height) == (96, 64)
    assert all(map(near, corners(pixels(outcome)), QUARTERS))


@pytest.mark.parametrize("orientation", [1, 5, 6, 8])
def test_a_large_photograph_is_shrunk_before_it_is_turned(tmp_path, orientation):
    data = turned("JPEG", orientation, 2400, 1600)
    outcome = prepared(write(tmp_path, "a.jpg", data), data, max_side=600)
    assert (outcome.width, outcome.height) == (600, 400)
    assert all(map(near, corners(pixels(outcome)), QUARTERS))


def deep_grey() -> Image.Image:
    values = [0, 20_000, 40_000, 65_535]
    row = b"".join(struct.pack("<H", v) * 16 for v in values)
    return Image.frombytes("I;16", (64, 16), row * 16)


def clear_palette() -> Image.Image:
    picture = Image.new("P", (96, 64), 0)
    picture.putpalette([*RED, *BLUE])
    picture.paste(1, (48, 0, 96, 64))
    return picture


def left_and_right(picture: Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    w, h = picture.size
    return picture.getpixel((w // 8, h // 2)), picture.getpixel((7 * w // 8, h // 2))


def test_cmyk_comes_out_in_its_own_colours(tmp_path):
    data = encoded(quarters().convert("CMYK"), "JPEG", quality=95)
    outcome = prepared(write(tmp_path, "a.jpg", data), data)
    assert outcome.source == "reencoded"
    assert all(near(a, b, 40) for a, b in zip(corners(pixels(outcome)), QUARTERS, strict=True))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, form):
    data = encoded(deep_grey(), form)
    shades = pixels(prepared(write(tmp_path, "a", data), data))
    found = [shades.getpixel((8 + 16 * i, 8))[0] for i in range(4)]
    assert all(abs(a - b) <= 6 for a, b in zip(found, [0, 78, 156, 255], strict=True)), found


def test_floating_point_grey_is_scaled_to_what_it_holds(tmp_path):
    picture = Image.new("F", (64, 32), -3.0)
    picture.paste(5.0, (32, 0, 64, 32))
    data = encoded(picture, "TIFF")
    left, right = left_and_right(pixels(prepared(write(tmp_path, "a.tif", data), data)))
    assert near(left, (0, 0, 0))
    assert near(right, WHITE)


def test_a_transparent_palette_lies_on_white(tmp_path):
    data = encoded(clear_palette(), "PNG", transparency=0)
    path = write(tmp_path, "a.png", data)
    left, right = left_and_right(pixels(prepared(path, data, max_side=48)))
    assert near(left, WHITE)
    assert near(right, BLUE)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_lies_on_white(tmp_path, mode):
    picture = Image.new(mode, (96, 64), (0, 0) if mode == "LA" else (0, 0, 0, 0))
    picture.paste((60, 255) if mode == "LA" else (60, 60, 60, 255), (48, 0, 96, 64))
    data = encoded(picture, "PNG")
    left, right = left_and_right(pixels(prepared(write(tmp_path, "a", data), data, max_side=48)))
    assert near(left, WHITE)
    assert near(right, (60, 60, 60))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "TIFF"])
def test_the_first_frame_of_several_is_sent(tmp_path, form):
    frames = [Image.new("RGB", (96, 64), colour) for colour in (RED, BLUE, BLUE)]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    outcome = prepared(write(tmp_path, "a", data), data)
    assert outcome.source == "reencoded"
    assert near(corners(pixels(outcome))[0], RED)


def test_an_animated_png_passes_as_the_png_it_is(tmp_path):
    frames = [Image.new("RGB", (96, 64), colour) for colour in (RED, BLUE)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    path = write(tmp_path, "a.png", data)
    found = probe(path, Limits())
    assert isinstance(found, Probed)
    assert found.frames == 2
    assert prepared(path, data).source == "passed"
    small = prepared(path, data, max_side=48)
    assert near(corners(pixels(small))[0], RED)


@pytest.mark.parametrize("form", ["BMP", "GIF", "TIFF", "PPM", "JPEG2000", "ICO", "AVIF"])
def test_other_types_are_sent_as_jpeg(tmp_path, form):
    data = encoded(quarters(), form)
    outcome = prepared(write(tmp_path, "a", data), data)
    assert (outcome.source, outcome.mime) == ("reencoded", "image/jpeg")
    assert base64.b64decode(outcome.data).startswith(b"\xff\xd8")


def test_a_long_tail_counts_as_bytes(tmp_path):
    data = encoded(quarters(), "JPEG") + bytes(30 * 1024 * 1024)
    outcome = prepared(write(tmp_path, "a.jpg", data), data)
    assert outcome.source == "reencoded"
    assert outcome.raw_size < 10_000


def test_a_short_tail_does_no_harm(tmp_path):
    data = encoded(quarters(), "JPEG") + b"a film behind the photograph" * 1000
    assert prepared(write(tmp_path, "a.jpg", data), data).source == "passed"


def test_too_many_pixels_or_too_long_a_side_do_not_pass(tmp_path):
    data = encoded(Image.new("L", (900, 30)), "PNG")
    path = write(tmp_path, "a.png", data)
    assert prepared(path, data).source == "passed"
    wide = prepared(path, data, passthrough_max_side=800, reencode_side=300)
    assert (wide.source, wide.width, wide.height) == ("reencoded", 300, 10)
    assert prepared(path, data, passthrough_max_pixels=20_000).source == "reencoded"
    assert prepared(path, data, max_side=899).source == "reencoded"


def test_quality_falls_before_a_picture_is_refused(tmp_path):
    data = encoded(noise(400, 400), "BMP")
    path = write(tmp_path, "a.bmp", data)
    best = prepared(path, data)
    less = prepared(path, data, max_bytes_inline=best.raw_size - 1)
    assert less.raw_size < best.raw_size
    outcome = prepare(path, digest(data), PrepareRules(max_bytes_inline=100))
    assert isinstance(outcome, Refused)
    assert outcome.kind == "too_large"


def test_a_changed_file_is_said_to_have_changed(tmp_path):
    old, new = encoded(quarters(), "JPEG"), encoded(quarters(), "BMP")
    path = write(tmp_path, "a.jpg", new)
    assert isinstance(prepare(path, digest(old), PrepareRules()), Changed)
    assert isinstance(passthrough(path, digest(old), PrepareRules()), Changed)


def test_a_changed_large_file_is_said_to_have_changed(tmp_path):
    path = write(tmp_path, "a.bmp", encoded(Image.new("RGB", (1800, 1800)), "BMP"))
    assert isinstance(prepare(path, bytes(32), PrepareRules()), Changed)


def test_a_large_file_is_decoded_from_the_disk(tmp_path):
    data = encoded(quarters(1800, 1800), "BMP")
    assert len(data) > 8 * 1024 * 1024
    outcome = prepared(write(tmp_path, "a.bmp", data), data)
    assert all(map(near, corners(pixels(outcome)), QUARTERS))


def test_the_fast_path_leaves_decoding_to_a_child(tmp_path):
    rules = PrepareRules()
    for orientation, form in ((6, "JPEG"), (1, "TIFF")):
        data = turned(form, orientation)
        assert passthrough(write(tmp_path, "a", data), digest(data), rules) is None
    good = turned("JPEG", 1)
    path = write(tmp_path, "a", good)
    assert passthrough(path, digest(good), rules) == prepare(path, digest(good), rules)
    assert passthrough(path, digest(good), PrepareRules(passthrough_max_bytes=100)) is None


def test_a_vanished_file_is_unreadable(tmp_path):
    path = bytes(tmp_path / "gone.jpg")
    for outcome in (
        passthrough(path, bytes(32), PrepareRules()),
        prepare(path, bytes(32), PrepareRules()),
        thumbnail(path, 64),
    ):
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.message) == ("unreadable", "the file is gone")


def test_the_colour_profile_goes_along(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(quarters(), "TIFF", icc_profile=profile)
    outcome = prepared(write(tmp_path, "a.tif", data), data)
    sent = Image.open(io.BytesIO(base64.b64decode(outcome.data)))
    assert sent.info["icc_profile"] == profile


@pytest.mark.parametrize("profile", [b"junk" * 50, b"\x00" * 200])
def test_a_damaged_colour_profile_is_left_out(tmp_path, profile):
    data = encoded(quarters(), "TIFF", icc_profile=profile)
    outcome = prepared(write(tmp_path, "a.tif", data), data)
    assert "icc_profile" not in Image.open(io.BytesIO(base64.b64decode(outcome.data))).info


def test_a_thumbnail_is_small_and_upright(tmp_path):
    small = thumbnail(write(tmp_path, "a.jpg", turned("JPEG", 6, 960, 640)), 60)
    assert isinstance(small, bytes)
    picture = Image.open(io.BytesIO(small))
    assert picture.size == (60, 40)
    assert all(map(near, corners(picture.convert("RGB")), QUARTERS))
