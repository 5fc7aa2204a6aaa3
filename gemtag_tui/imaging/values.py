"""Values that cross between the engine and the children that read images; all of them pickle."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

MIB: Final = 1024 * 1024

RefusalKind: TypeAlias = Literal["unreadable", "unsupported", "too_large"]
"""The failure kinds an image can end in before anything is sent."""

Source: TypeAlias = Literal["passed", "reencoded"]
"""Whether the file's own bytes are sent, or a picture made from them."""


class Limits(Struct, frozen=True):
    """What a file may ask of us, judged on its header before anything is decoded."""

    max_bytes: int = 512 * MIB
    """Larger files are refused unread."""
    max_pixels: int = 200_000_000
    """Width × height; the largest phone sensors give 199.8 million."""
    max_side: int = 65_535
    """Pixels of the longer side; what JPEG can hold."""


class PrepareRules(Struct, frozen=True):
    """How a picture is made ready to send. Sizes are of raw bytes, before base64."""

    passthrough_max_bytes: int = 7_000_000
    """Larger files are re-encoded; 7 MB is the least inline limit Google states for one image."""
    passthrough_max_pixels: int = 50_000_000
    """Larger pictures are shrunk: what the service does with them is not stated."""
    passthrough_max_side: int = 16_384
    """Pixels of the longer side above which a picture is shrunk."""
    max_side: int | None = None
    """Shrink every picture with a longer side than this; ``None`` lets them pass."""
    reencode_side: int = 1536
    """The longer side of a picture that has to be re-encoded for any reason."""
    max_bytes_inline: int = 14_000_000
    """No prepared picture is larger; 14 MB is under 20 MB of request once in base64."""
    jpeg_quality: int = 87
    limits: Limits = Limits()

    @property
    def target_side(self) -> int:
        """The longer side, in pixels, of whatever is re-encoded."""
        return min(self.max_side or self.reencode_side, self.reencode_side)


class Probed(Struct, frozen=True):
    """What a readable image is."""

    sha256: bytes
    """Digest of the whole content, 32 bytes."""
    size: int
    mtime_ns: int
    format: str
    """Name of the type, such as ``jpeg``; see :mod:`gemtag_tui.imaging.kinds`."""
    mime: str
    width: int
    """Pixels, upright."""
    height: int
    """Pixels, upright."""
    frames: int | None
    """Number of frames where the header tells."""
    orientation: int
    """EXIF orientation, 1–8; the size above has it applied."""
    passable: bool
    """True when Gemini takes the content as it is, size limits apart."""


class Refused(Struct, frozen=True):
    """Why a file can't be used, in words for people."""

    kind: RefusalKind
    message: str
    sha256: bytes | None = None
    """Digest of the whole content, where it was read."""
    size: int = 0
    mtime_ns: int = 0
    image: bool = False
    """True when the content is an image of some sort, whatever the file is called."""


class Sought(Struct, frozen=True):
    """A file to look at, with the size and time it was scanned with."""

    path: bytes
    size: int
    mtime_ns: int


class Changed(Struct, frozen=True):
    """The file no longer holds what was scanned: scan it again."""

    message: str = "the file has changed since it was scanned"


class Prepared(Struct, frozen=True):
    """A picture ready to be joined into a request."""

    mime: str
    data: bytes
    """Base64 text, without line breaks."""
    width: int
    """Pixels of what is sent."""
    height: int
    source: Source
    raw_size: int
    """Bytes before base64."""


class RefusedError(Exception):
    """Raised inside this package when a picture can't be used; ends as a :class:`Refused`.

    Args:
        kind: the failure's kind.
        message: our words for it.
    """

    def __init__(self, kind: RefusalKind, message: str) -> None:
        super().__init__(kind, message)
        self.kind: RefusalKind = kind
        self.message = message


TRUNCATED: Final = "the file ends before the picture does"


def truncated() -> RefusedError:
    """Return the refusal of a file that lacks its end."""
    return RefusedError("unreadable", TRUNCATED)


def damaged(what: str) -> RefusedError:
    """Return the refusal of a file whose content contradicts itself."""
    return RefusedError("unreadable", f"damaged: {what}")


def check_size(width: int, height: int, limits: Limits) -> None:
    """Hold a picture's size against the limits.

    Raises:
        RefusedError: when a side is missing or too long, or the pixels are too many.
    """
    if width < 1 or height < 1:
        raise damaged(f"the picture has no area ({width} × {height} pixels)")
    if max(width, height) > limits.max_side:
        message = f"{width:,} × {height:,} pixels: a side is over the limit of {limits.max_side:,}"
        raise RefusedError("too_large", message)
    if width * height > limits.max_pixels:
        message = f"{width * height:,} pixels is over the limit of {limits.max_pixels:,}"
        raise RefusedError("too_large", message)
