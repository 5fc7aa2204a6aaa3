"""Judging an open file's content: its type, its header, and whether it may pass as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.imaging.headers import Header, read_header
from gemtag_tui.imaging.kinds import (
    JPEG,
    PNG,
    RAW,
    SNIFF_BYTES,
    TIFF,
    WEBP,
    ImageType,
    is_raw_name,
    sniff,
)
from gemtag_tui.imaging.values import Limits, check_size, truncated

if TYPE_CHECKING:
    from gemtag_tui.imaging.files import Content


def sniff_content(path: bytes, data: bytes) -> ImageType | None:
    """Tell a file's type by its content; raw files that begin like a TIFF by their name as well.

    The picture that a TIFF reader finds first in a raw file is a thumbnail of 160 pixels.
    """
    kind = sniff(data[:SNIFF_BYTES])
    return RAW if kind is TIFF and is_raw_name(path) else kind


def inspect_content(content: Content, kind: ImageType, limits: Limits) -> Header:
    """Read the header by our own parsers, by Pillow where those give up.

    A picture whose end seems to be missing is decoded, as only that can tell.

    Raises:
        RefusedError: when it is damaged or over the limits.
    """
    header = read_header(kind, content.data, content.size)
    if header is None:
        return _ask_decoder(content, kind, limits)
    check_size(header.width, header.height, limits)
    if header.short:
        raise truncated()
    if header.doubtful:
        _decode_once(content, kind, limits)
    return header


def is_passable(kind: ImageType, header: Header) -> bool:
    """Tell whether the service takes such a picture, and sees it upright, as it is."""
    sound = header.plain and not header.doubtful and not header.short
    return kind.gemini_accepts and sound and header.orientation == 1


def turn_of(kind: ImageType, header: Header) -> int | None:
    """Return the turn that a decoded picture still needs; ``None`` when its decoder is to say.

    A TIFF is turned by its decoder, and HEIC and AVIF keep their turns in boxes of their own.
    """
    return header.orientation if kind in (JPEG, PNG, WEBP) else None


def _ask_decoder(content: Content, kind: ImageType, limits: Limits) -> Header:
    from gemtag_tui.imaging.decode import inspect  # noqa: PLC0415 - Pillow only where it is needed

    with content.stream() as file:
        return inspect(file, kind, limits)


def _decode_once(content: Content, kind: ImageType, limits: Limits) -> None:
    from gemtag_tui.imaging.decode import check_decodes  # noqa: PLC0415 - as above

    with content.stream() as file:
        check_decodes(file, kind, limits)
