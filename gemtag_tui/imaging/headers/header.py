"""What a header says of a picture."""

from __future__ import annotations

from msgspec import Struct


class Header(Struct, frozen=True):
    """Size and make-up of a picture, before any decoding."""

    width: int
    """Pixels, as stored."""
    height: int
    """Pixels, as stored."""
    orientation: int = 1
    """EXIF orientation 1–8."""
    frames: int | None = 1
    """Number of frames; ``None`` when only decoding would tell."""
    plain: bool = True
    """True when any reader of this type shows it right: eight bits, one frame, no CMYK."""
    doubtful: bool = False
    """True when the end of the picture seems to be missing, so that only decoding can tell."""

    short: bool = False
    """True when the file has fewer bytes than the least such a picture takes."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels with the orientation applied."""
        if self.orientation >= 5:
            return self.height, self.width
        return self.width, self.height
