"""The final state of every shared sample, each looked at for its reason."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gemtag_tui.imaging.prepare import prepare
from gemtag_tui.imaging.probe import is_skipped, probe
from gemtag_tui.imaging.values import Limits, Prepared, PrepareRules, Probed, Refused

ROOT = Path(__file__).parents[2].parent / "shared/data/images"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the shared images are not here")

PASSED = {
    "10.png": "photo",
    "12.png": "photo",
    "1418519.png": "photo",
    "22.png": "photo",
    "2581922.png": "photo",
    "2736139.png": "photo",
    "6.png": "photo",
    "Alpha_Lossless_(2).webp": "still, with transparency",
    "Alpha_Lossy_(2).webp": "still, with transparency",
    "DSCN0027.jpg": "camera, upright",
    "DSCN0040.jpg": "camera, upright",
    "DSCN0042.jpg": "camera, upright",
    "HTC_Desire.webp": "orientation 1",
    "Landscape_0.jpg": "orientation 0, which means nothing",
    "Portrait_0.jpg": "orientation 0, which means nothing",
    "Sony_DCR-PC120E.jpg": "camera, upright",
    "Temperament-pie-chart-according-to-Eysenck.png": "drawing",
    "astronaut.png": "photo",
    "chelsea.png": "orientation 1",
    "china.jpg": "photo",
    "coffee.png": "photo",
    "flower.jpg": "photo",
    "rocket.jpg": "photo",
    "2x2.png": "tiny, but whole",
    "32-lens_data.jpeg": "odd EXIF, sound picture",
    "L_JPEG.jpg": "grey",
    "YCbCr_JPEG.jpg": "the usual colours",
    "NegativeArraySizeException.ItemInfoBox.init.heif": "a sound HEIC that upset another reader",
    "cheers_1440x960.heic": "a sound HEIC",
    "delay_round.png": "an animated PNG is a PNG",
    "sequence_repeat.png": "an animated PNG is a PNG",
    "image01088.jpg": "odd EXIF, sound picture",
    "image02206.jpg": "odd EXIF, sound picture",
    "unknown_compression_method.png": "an odd comment, sound pixels",
}
REENCODED = {
    "Landscape_2.jpg": "mirrored",
    "Landscape_4.jpg": "mirrored",
    "Landscape_8.jpg": "lying",
    "Portrait_2.jpg": "mirrored",
    "Portrait_5.jpg": "mirrored and lying",
    "Portrait_8.jpg": "lying",
    "fox.profile0.8bpc.yuv420.odd-width.odd-height.avif": "AVIF",
    "fox.profile2.12bpc.yuv422.monochrome.odd-height.avif": "AVIF",
    "fox.profile2.8bpc.yuv422.odd-height.avif": "AVIF",
    "hdr_cosmos12920_cicp9-16-9_yuv444_full_qp20.avif": "AVIF",
    "orientation_3.jpg": "upside down",
    "orientation_6.jpg": "lying",
    "gps_nan.jpg": "lying, says big-endian EXIF",
    "1x30000.png": "a side over what may pass",
    "30000x1.png": "a side over what may pass",
    "png_13000x13000_1bit.png": "169 megapixels are over what may pass",
    "1fd1e52b45cac9917c274d94b311abb10641249f.png": "16 bits",
    "I16_PNG.png": "16 bits",
    "basi4a16.png": "16 bits",
    "basn2c16.png": "16 bits",
    "tbgn2c16.png": "16 bits",
    "Bad_smile-incorrect-image-length.ico": "a wrong length beside a sound picture",
    "ed943a3fd5680127de2928ea8d280f18a036c40e.jpg": "odd segments, but it decodes",
    "rgb32bf-abgr.bmp": "BMP",
    "rotating-squares.gif": "GIF",
}
UNREADABLE = {
    "105131a1fafc821c0a9bbd59d5f6f9ac8c6fe8c3.jpg": "scrambled",
    "4cab68b28acd00ff38b086cb451d08ab8c3e7310.jpg": "497 bytes for 32 × 8192 pixels",
    "60016fd7c21c3fbc6e23765b1433bf209b07f8fe.jpg": "8 bytes of nothing",
    "8e206b14f6cb059de6e23f45da2d16f69577bbba.png": "header fails its checksum",
    "Bad_shortfile.bmp": "cut off",
    "Bad_unusual_extend_buffer_usage.bmp": "253 bytes for 48 megapixels",
    "b76802811ab80fe51044c6a2eb6aff9dd5f77836.png": "header fails its checksum",
    "broken_data_stream.png": "cut off within its pixels",
    "c1c1d18eaa95ac059cb78f318a3b9c9d40d66b60.jpg": "25 bytes of nothing",
    "crash-1152ec2d1a1a71395b6f2ce6721c38924d025bf3.tif": "scrambled",
    "crash-2020-10-test.tif": "scrambled",
    "crash-338516dbd2f0e83caddb8ce256c22db3bd6dc40f.tif": "scrambled",
    "f80b67ca15a07161b56cd7b23f82660d865aab00.jpg": "scrambled",
    "jpeg_02_2.jpg": "cut off",
    "jpeg_03_10.jpg": "cut off",
    "jpeg_06_2000.jpg": "cut off",
    "jpeg_08_49163.jpg": "cut off",
    "photo.jpg.part": "a download that never ended",
    "png_02_100.png": "cut off",
    "xd3n2c08.png": "three bits a colour",
    "xd9n2c08.png": "99 bits a colour",
    "zero_height.j2k": "no rows",
}
UNSUPPORTED = {
    "check.svg": "a drawing",
    "timeout-52d106579505547091ef69b58341351a37c23e31.dds": "a texture",
}
SKIPPED = {"raw_negative_stride.bin": "no image by name nor by content"}
TOO_LARGE = {
    "Bad_height.bmp": "claims more rows than the limit",
    "Bad_width.bmp": "claims more columns than the limit",
    "decompression_bomb.ico": "claims four gigapixels",
    "png_2147483647x1.png": "claims two gigapixels",
}

WANTED = {
    name: state
    for state, names in (
        ("passed", PASSED),
        ("reencoded", REENCODED),
        ("unreadable", UNREADABLE),
        ("unsupported", UNSUPPORTED),
        ("too_large", TOO_LARGE),
        ("skipped", SKIPPED),
    )
    for name in names
}


def samples() -> list[Path]:
    return sorted(p for folder in ("good", "odd") for p in (ROOT / folder).glob("*"))


def final_state(place: Path) -> str:
    path = os.fsencode(place)
    found = probe(path, Limits())
    if isinstance(found, Refused):
        return "skipped" if is_skipped(path, found) else found.kind
    outcome = prepare(path, found.sha256, PrepareRules())
    return outcome.source if isinstance(outcome, Prepared) else outcome.kind


@pytest.mark.parametrize("place", samples(), ids=lambda place: place.name)
def test_each_sample_ends_in_its_state(place):
    assert final_state(place) == WANTED[place.name]


def test_a_heic_that_must_be_shrunk_is_decoded_where_that_is_installed():
    pytest.importorskip("pillow_heif")
    path = os.fsencode(ROOT / "odd/cheers_1440x960.heic")
    found = probe(path, Limits())
    assert isinstance(found, Probed)
    outcome = prepare(path, found.sha256, PrepareRules(max_side=300))
    assert isinstance(outcome, Prepared)
    assert (outcome.source, outcome.width, outcome.height) == ("reencoded", 300, 200)


def test_without_a_heic_decoder_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = os.fsencode(ROOT / "odd/cheers_1440x960.heic")
    found = probe(path, Limits())
    assert isinstance(found, Probed)
    outcome = prepare(path, found.sha256, PrepareRules(max_side=300))
    assert isinstance(outcome, Refused)
    assert outcome.kind == "unsupported"
    assert "heic extra" in outcome.message


def test_the_table_names_the_samples_and_nothing_else():
    assert {place.name for place in samples()} == set(WANTED)


def test_the_table_has_every_good_sample_prepared():
    good = {place.name for place in (ROOT / "good").glob("*")}
    assert good <= set(PASSED) | set(REENCODED)
