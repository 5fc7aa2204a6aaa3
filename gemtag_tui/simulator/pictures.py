"""Judging and describing the pictures of a request, each once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import struct
import threading
from collections import OrderedDict
from dataclasses import dataclass

import msgspec
from PIL import Image, UnidentifiedImageError

from gemtag_tui.simulator.errors import ApiError, bad_fields, invalid
from gemtag_tui.simulator.look import Look, look_at, look_from_hash

FORMATS = ("JPEG", "PNG", "WEBP")
HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif"})
UNDECODABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    IndexError,
    TypeError,
    struct.error,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
NOT_VALID = "Provided image is not valid."
UNPROCESSABLE = (
    "Unable to process input image. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the hash of its bytes and its look, or why it is refused."""

    sha256: str
    look: Look
    refusal: str = ""


class Pictures:
    """Describes pictures, remembering the last ones by the hash of their base64 text.

    Args:
        read_pixels: False describes from the hash alone, decoding nothing.
        max_pixels: Pictures of more pixels are refused.
        remembered: How many descriptions are kept.
    """

    def __init__(self, *, read_pixels: bool, max_pixels: int, remembered: int) -> None:
        self._read_pixels = read_pixels
        self._max_pixels = max_pixels
        self._remembered = remembered
        self._known: OrderedDict[bytes, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def cached(self, data: str) -> Picture | None:
        """The description of a base64 text seen before."""
        return self._recall(_key(data))

    def _recall(self, key: bytes) -> Picture | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def describe(self, data: str) -> Picture:
        """Describe the picture in a base64 text.

        Raises:
            ApiError: 400 when the text is no base64.
        """
        key = _key(data)
        found = self._recall(key)
        if found is not None:
            return found
        picture = self.describe_bytes(decode_base64(data))
        with self._lock:
            self._known[key] = picture
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
        return picture

    def describe_bytes(self, content: bytes) -> Picture:
        """Describe the picture in a file's bytes."""
        digest = hashlib.sha256(content).hexdigest()
        made_up = look_from_hash(digest)
        if not self._read_pixels or _is_heif(content):
            return Picture(digest, made_up)
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > self._max_pixels:
                    return Picture(digest, made_up, UNPROCESSABLE)
                return Picture(digest, look_at(image))
        except UnidentifiedImageError:
            return Picture(digest, made_up, NOT_VALID)
        except UNDECODABLE:
            return Picture(digest, made_up, UNPROCESSABLE)


def check(picture: Picture) -> None:
    """Raise Google's 400 for a picture that is none."""
    if picture.refusal:
        raise invalid(picture.refusal)


def decode_base64(data: str) -> bytes:
    """Decode base64 as proto-JSON does: either alphabet, padding optional.

    Raises:
        ApiError: 400 when it is not base64.
    """
    try:
        return msgspec.convert(data, bytes)
    except msgspec.ValidationError:
        pass
    try:
        padded = data + "=" * (-len(data) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise _not_base64(data) from None


def _not_base64(data: str) -> ApiError:
    where = "contents[0].parts[0].inline_data.data"
    words = f"Invalid value at '{where}' (TYPE_BYTES), Base64 decoding failed for \"{data[:40]}\""
    return bad_fields([(where, words)])


def _key(data: str) -> bytes:
    return hashlib.sha256(data.encode("utf-8", "surrogatepass")).digest()


def _is_heif(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS
