"""Pillow, held on a short lead: one allowed format, our limits, named failures."""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from typing import IO, TYPE_CHECKING, Final

from PIL import Image, UnidentifiedImageError

from gemtag_tui.imaging.headers import Header
from gemtag_tui.imaging.modes import averageable, displayable
from gemtag_tui.imaging.values import (
    Limits,
    RefusedError,
    check_size,
    damaged,
    truncated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gemtag_tui.imaging.kinds import ImageType

DECODER_ERRORS: Final = (
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    UnidentifiedImageError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    RuntimeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    BufferError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow 13 and its plug-ins were seen to raise, or may, on damaged and hostile files."""

_NO_HEIF: Final = (
    "this picture has to be re-encoded, and HEIC is read only with the heic extra installed"
)
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION: Final = 0x0112


@contextlib.contextmanager
def failures_named() -> Iterator[None]:
    """Turn whatever a decoder raises into a refusal in our words.

    Raises:
        RefusedError: for each of :data:`DECODER_ERRORS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DECODER_ERRORS as error:
        raise refusal(error) from error


def refusal(error: BaseException) -> RefusedError:
    """Put a decoder's exception into our words."""
    if isinstance(error, MemoryError):
        return RefusedError("too_large", "decoding it takes more memory than is allowed")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return RefusedError("too_large", "its pixels are over the limit")
    if isinstance(error, UnidentifiedImageError):
        return damaged("its header makes no sense")
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return truncated()
    return damaged("the picture could not be decoded")


def open_image(file: IO[bytes], kind: ImageType, limits: Limits) -> Image.Image:
    """Open a picture without decoding it; call within :func:`failures_named`.

    Args:
        file: the content, at its beginning.
        kind: its type, as sniffed: no other format is tried.
        limits: held against the size in the header.

    Raises:
        RefusedError: when it may not or can not be decoded.
    """
    if kind.pillow is None:
        raise RefusedError("unsupported", f"{kind.label} is not read")
    if kind.pillow == "HEIF":
        _register_heif()
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    image = Image.open(file, formats=[kind.pillow])
    check_size(image.width, image.height, limits)
    return image


def _register_heif() -> None:
    try:
        from pillow_heif import register_heif_opener  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise RefusedError("unsupported", _NO_HEIF) from None
    register_heif_opener(thumbnails=False)


def inspect(file: IO[bytes], kind: ImageType, limits: Limits) -> Header:
    """Let Pillow read a header that our own parsers leave to it.

    Raises:
        RefusedError: when it can't.
    """
    with failures_named(), open_image(file, kind, limits) as image:
        turn = exif_orientation(image)
        width, height = image.size
        if kind.pillow == "TIFF" and turn >= 5:  # of a TIFF, Pillow gives the upright size
            width, height = height, width
        return Header(width=width, height=height, orientation=turn, frames=None, plain=False)


def check_decodes(file: IO[bytes], kind: ImageType, limits: Limits) -> None:
    """Decode a doubtful picture, as coarsely as its format allows.

    Raises:
        RefusedError: when it can't be decoded to its end.
    """
    with failures_named(), open_image(file, kind, limits) as image:
        image.draft(None, (64, 64))
        image.load()


def exif_orientation(image: Image.Image) -> int:
    """Return a picture's EXIF orientation, 1 where it has none or its EXIF is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return a size shrunk, never enlarged, so that its longer side is at most ``side``."""
    longer = max(size)
    if longer <= side:
        return size
    width, height = (max(1, round(edge * side / longer)) for edge in size)
    return width, height


def upright(image: Image.Image, side: int, turn: int | None = None) -> Image.Image:
    """Decode, shrink and turn a picture, in that order: all cost falls with the size.

    Args:
        image: as opened.
        side: the longer side wanted, in pixels.
        turn: its orientation where known; else it is asked of Pillow.

    Returns:
        The picture in mode ``L`` or ``RGB``.
    """
    target = fit(image.size, side)
    image.draft(None, target)
    image.load()
    turn = exif_orientation(image) if turn is None else turn
    # Loading a TIFF turns it, so the target is worked out anew.
    small = shrink(image, fit(image.size, side))
    return small.transpose(_TURNS[turn]) if turn in _TURNS else small


def shrink(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Resample to the target in a mode that can be averaged, and make it ``L`` or ``RGB``."""
    ready = averageable(image)
    if ready.size != target:
        ready = ready.resize(target, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return displayable(ready, image)
