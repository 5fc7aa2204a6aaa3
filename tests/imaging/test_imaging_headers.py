from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imaging_samples import encoded, noise, quarters, turned
from PIL import Image

from gemtag_tui.imaging.headers import Header, read_header
from gemtag_tui.imaging.headers.bmff import read_bmff
from gemtag_tui.imaging.headers.exif import orientation
from gemtag_tui.imaging.kinds import AVIF, HEIC, HEIF, SUPPORTED, ImageType, sniff
from gemtag_tui.imaging.values import RefusedError

PARSED = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"]


def header_of(data: bytes) -> Header | None:
    kind = sniff(data[:512])
    assert kind is not None
    return read_header(kind, data, len(data))


@pytest.mark.parametrize("form", PARSED)
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (301, 8), (640, 427)])
def test_the_size_is_what_pillow_says(form, size):
    data = encoded(noise(*size), form)
    header = header_of(data)
    assert header is not None
    assert (header.width, header.height) == Image.open(io.BytesIO(data)).size == size
    assert not header.doubtful


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"progressive": True}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
        ("WEBP", {"lossless": True}),
        ("PNG", {"bits": 8, "compress_level": 0}),
    ],
)
def test_other_ways_of_packing(form, options):
    header = header_of(encoded(quarters(90, 60), form, **options))
    assert header == Header(width=90, height=60)


def test_what_other_readers_may_show_wrong_is_not_plain():
    frames = [quarters(), quarters().rotate(180)]
    for data in (
        encoded(quarters().convert("CMYK"), "JPEG"),
        encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        encoded(Image.new("I;16", (9, 9)), "PNG"),
    ):
        header = header_of(data)
        assert header is not None
        assert not header.plain


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_read(form, turn):
    header = header_of(turned(form, turn))
    assert header is not None
    assert header.orientation == turn
    assert header.upright_size == (96, 64)


def test_orientation_behind_the_pixels_of_a_png():
    data = turned("PNG", 6)
    at = data.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(data[at : at + 4], "big")
    late = data[:at] + data[end:-12] + data[at:end] + data[-12:]
    header = header_of(late)
    assert header is not None
    assert header.orientation == 6


def exif(order: str, kind: int, value: bytes, count: int = 1) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IHHHI", 8, count, 0x0112, kind, 1) + value


@pytest.mark.parametrize(
    ("block", "turn"),
    [
        (exif("<", 3, b"\x06\0\0\0"), 6),
        (exif(">", 3, b"\0\x06\0\0"), 6),
        (exif(">", 4, b"\0\0\0\x08"), 8),
        (exif("<", 1, b"\x03\0\0\0"), 3),
        (exif("<", 3, b"\x09\0\0\0"), 1),
        (exif("<", 3, b"\0\0\0\0"), 1),
        (exif("<", 3, b"\x06\0\0\0", count=65_535), 6),
        (exif("<", 3, b"\x06"), 1),
        (b"II*\0\xff\xff\xff\xff", 1),
        (b"", 1),
        (b"XX*\0", 1),
    ],
)
def test_orientation_from_exif(block, turn):
    assert orientation(block) == turn


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def ispe(width: int, height: int) -> bytes:
    return box(b"ispe", struct.pack(">III", 0, width, height))


def heic(properties: list[bytes], wanted: bytes, primary: int = 1, items: int = 1) -> bytes:
    ipma = struct.pack(">II", 0, items) + wanted
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + box(b"ipma", ipma))
    meta = box(b"meta", bytes(4) + box(b"pitm", struct.pack(">IH", 0, primary)) + iprp)
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta + box(b"mdat", bytes(100))


def test_the_size_of_a_heic_is_that_of_its_primary_item_turned():
    tile, whole, turn = ispe(512, 512), ispe(4032, 3024), box(b"irot", b"\x03")
    data = heic([tile, whole, turn], b"\0\1\1\x01" + b"\0\2\2\x82\x83", primary=2, items=2)
    assert sniff(data) is HEIC
    assert header_of(data) == Header(width=3024, height=4032)
    thumbnail = heic([tile, whole, turn], b"\0\1\1\x01" + b"\0\2\2\x82\x83", primary=1, items=2)
    assert header_of(thumbnail) == Header(width=512, height=512)


def test_a_heic_that_names_no_primary_item_has_its_largest_size():
    assert header_of(heic([ispe(64, 64), ispe(300, 200)], b"")) == Header(width=300, height=200)


@pytest.mark.parametrize(
    "data",
    [
        heic([], b""),
        heic([box(b"ispe", b"\0\0\0\0\0\0")], b""),
        heic([ispe(9, 9)], b"")[:-50],
        heic([ispe(9, 9)], b"")[:40],
        heic([ispe(9, 9)], b"").replace(b"iprp", b"nope"),
        box(b"ftyp", b"heic\0\0\0\0") + struct.pack(">I", 4) + b"meta" + bytes(40),
        box(b"ftyp", b"heic\0\0\0\0") + box(b"free", b"") * 9000,
    ],
)
def test_a_damaged_heic_is_refused(data):
    with pytest.raises(RefusedError):
        read_bmff(data, len(data))


def test_a_description_out_of_reach_is_for_the_decoder():
    data = heic([ispe(9, 9)], b"")
    start, rest = data[:24], data[24:]
    assert start[4:8] == b"ftyp"
    late = start + box(b"free", bytes(5000)) + rest
    assert read_bmff(late[:2000], len(late)) is None
    assert read_bmff(late, len(late)) == Header(width=9, height=9)


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"heic\0\0\0\0mif1heic", HEIC),
        (b"mif1\0\0\0\0mif1heic", HEIC),
        (b"mif1\0\0\0\0mif1miaf", HEIF),
        (b"mif1\0\0\0\0mif1avif", AVIF),
        (b"avis\0\0\0\0avis", AVIF),
        (b"isom\0\0\0\0mp42", None),
    ],
)
def test_brands(brands, kind):
    assert sniff(box(b"ftyp", brands) + bytes(40)) is kind


SAMPLES = [
    *(encoded(quarters(48, 32), form) for form in PARSED),
    turned("JPEG", 6),
    turned("PNG", 6),
    turned("WEBP", 6),
    heic([ispe(9, 9), box(b"irot", b"\1")], b"\0\1\2\1\2"),
]


def sensible(kind: ImageType, data: bytes) -> bool:
    try:
        header = read_header(kind, data, len(data))
    except RefusedError as error:
        return error.kind == "unreadable"
    return header is None or 1 <= header.orientation <= 8


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_hostile_bytes_are_refused_or_read_never_more(data):
    sample = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at : at + 1] = data.draw(st.binary(max_size=5))
        if not sample:
            break
    cut = bytes(sample[: data.draw(st.integers(0, len(sample)))])
    for kind in SUPPORTED:
        if kind is sniff(cut[:512]):
            assert sensible(kind, cut)
