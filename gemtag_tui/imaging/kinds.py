"""What a file is, by its first bytes; and what its name promises."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SNIFF_BYTES: Final = 512
"""How many first bytes :func:`sniff` and :func:`describe` look at."""


class ImageType(Struct, frozen=True):
    """A type of image that we know."""

    name: str
    mime: str
    gemini_accepts: bool
    """JPEG, PNG, WebP, HEIC and HEIF, by Google's page on image understanding."""
    pillow: str | None
    """The one Pillow format that may open it; ``None``: never decoded."""
    label: str


def _type(
    name: str, mime: str, pillow: str | None, label: str, *, accepts: bool = False
) -> ImageType:
    return ImageType(name=name, mime=mime, gemini_accepts=accepts, pillow=pillow, label=label)


JPEG: Final = _type("jpeg", "image/jpeg", "JPEG", "JPEG", accepts=True)
PNG: Final = _type("png", "image/png", "PNG", "PNG", accepts=True)
WEBP: Final = _type("webp", "image/webp", "WEBP", "WebP", accepts=True)
HEIC: Final = _type("heic", "image/heic", "HEIF", "HEIC", accepts=True)
HEIF: Final = _type("heif", "image/heif", "HEIF", "HEIF", accepts=True)
AVIF: Final = _type("avif", "image/avif", "AVIF", "AVIF")
GIF: Final = _type("gif", "image/gif", "GIF", "GIF")
BMP: Final = _type("bmp", "image/bmp", "BMP", "BMP")
TIFF: Final = _type("tiff", "image/tiff", "TIFF", "TIFF")
JP2: Final = _type("jp2", "image/jp2", "JPEG2000", "JPEG 2000")
PPM: Final = _type("ppm", "image/x-portable-anymap", "PPM", "PPM")
ICO: Final = _type("ico", "image/vnd.microsoft.icon", "ICO", "icon")

SUPPORTED: Final = (JPEG, PNG, WEBP, HEIC, HEIF, AVIF, GIF, BMP, TIFF, JP2, PPM, ICO)

SVG: Final = _type("svg", "image/svg+xml", None, "an SVG drawing")
PSD: Final = _type("psd", "image/vnd.adobe.photoshop", None, "a Photoshop document")
DDS: Final = _type("dds", "image/vnd.ms-dds", None, "a DDS texture")
EPS: Final = _type("eps", "application/postscript", None, "a PostScript document")
JXL: Final = _type("jxl", "image/jxl", None, "a JPEG XL picture")
EXR: Final = _type("exr", "image/x-exr", None, "an OpenEXR picture")
RAW: Final = _type("raw", "image/x-raw", None, "a camera's raw file")

_MAGIC: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00\x10\x00\x00\x00CR", RAW),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", JXL),
    (b"\xff\x0a", JXL),
    (b"8BPS", PSD),
    (b"DDS ", DDS),
    (b"%!PS", EPS),
    (b"\xc5\xd0\xd3\xc6", EPS),
    (b"v/1\x01", EXR),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"IIU\x00", RAW),
)

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_HEIF_BRANDS: Final = frozenset({b"mif1", b"mif2"})

_OTHERS: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"ID3", "a sound recording"),
    (b"OggS", "a sound recording"),
    (b"\x00\x05\x16\x07", "a macOS side file"),
)

_IMAGE_SUFFIXES: Final = frozenset(
    b"jpg jpeg jpe jfif pjpeg mpo png apng webp heic heif hif avif gif bmp dib tif tiff jp2 j2k "
    b"jpf jpx j2c jpc ppm pgm pbm pnm ico svg svgz psd psb dds eps tga jxl exr hdr pcx xcf "
    b"cr2 cr3 crw nef nrw arw srf sr2 dng orf raf rw2 pef srw x3f 3fr iiq raw".split()
)
_RAW_SUFFIXES: Final = frozenset(
    b"cr2 crw nef nrw arw srf sr2 dng orf raf rw2 pef srw 3fr iiq raw".split()
)


def sniff(head: bytes) -> ImageType | None:
    """Tell an image's type by its first bytes alone.

    Args:
        head: the first :data:`SNIFF_BYTES` bytes, or all there are.

    Returns:
        The type, which is one of :data:`SUPPORTED` or one with no decoder; ``None`` when the
        content is no image that we know.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    return _by_structure(head)


def _by_brands(head: bytes) -> ImageType | None:
    """Tell an ISO base media file's type by the brands it claims."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major == b"crx ":
        return RAW
    if brands & _AVIF_BRANDS:
        return AVIF
    if brands & _HEIC_BRANDS:
        return HEIC
    return HEIF if brands & _HEIF_BRANDS else None


def _by_structure(head: bytes) -> ImageType | None:
    """Tell the types whose magic is too short to be trusted alone."""
    if head[:2] == b"BM" and len(head) >= 26 and head[14] in _DIB_SIZES and not any(head[15:18]):
        return BMP
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\t", b"\n", b"\r"):
        return PPM
    if head[:4] == b"\x00\x00\x01\x00" and 0 < int.from_bytes(head[4:6], "little") <= 256:
        return ICO
    return SVG if _is_svg(head) else None


_DIB_SIZES: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def _text(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:400].lower()


def _is_svg(head: bytes) -> bool:
    text = _text(head)
    return text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!--")) and b"<svg" in text)


def describe(head: bytes) -> str | None:
    """Name, for people, content that is no image; ``None`` when we don't know it either."""
    if not head.strip(b"\x00"):
        return "nothing but zeros"
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        return "a video"
    if head[:4] == b"RIFF":
        return "a video or a sound recording"
    return _describe_text(head)


def _describe_text(head: bytes) -> str | None:
    text = _text(head)
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML text"
    if text.startswith(b"<?xml"):
        return "XML text"
    printable = sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in head)
    return "text" if printable == len(head) else None


def _suffix(name: bytes) -> bytes:
    return name.rpartition(b"/")[2].rpartition(b".")[2].lower()


def looks_like_image_name(name: bytes) -> bool:
    """Tell whether a file's name, or path, promises an image (known types, read or not)."""
    return b"." in name and _suffix(name) in _IMAGE_SUFFIXES


def is_raw_name(name: bytes) -> bool:
    """Tell whether a file's name promises a camera's raw file: many of those begin like a TIFF."""
    return b"." in name and _suffix(name) in _RAW_SUFFIXES
