"""A profile: what is asked of the model, and in which form it is to answer.

A profile comes from TOML text (`parse_profile`); whoever does I/O reads the file. The default one
is the package's own `default_profile.toml`, beside this module.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

DEFAULT_PROFILE_FILE = "default_profile.toml"
"""Name of the default profile's file within the package `gemtag_tui.core`."""

SUMMARY_FIELD = "summary"
ECHO_FIELD = "image_id"
RESERVED_NAMES = frozenset({SUMMARY_FIELD, ECHO_FIELD})
"""Names in the answer that are not buckets."""

_JOINTS = re.compile(r"[\s_‐‑–'’.-]+")
_CANON_VERSION = 1
"""Raised when the words that gemtag itself adds to every request change what is answered."""

MediaResolution = Literal["default", "low", "medium", "high"]
RESOLUTIONS: tuple[str, ...] = get_args(MediaResolution)
Thinking = Literal["minimum", "off", "minimal", "low", "medium", "high"]
Threshold = Literal["", "off", "none", "only_high", "medium_and_above", "low_and_above"]


class Bucket(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, cache_hash=True
):
    """One group of tags."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """Field in the answer and in everything stored: small letters, digits, underscores."""
    description: Annotated[str, Meta(min_length=1, max_length=2000)]
    """What belongs in it, in words for the model."""
    cap: Annotated[int, Meta(ge=1, le=50)] = 8
    """Most tags kept."""
    title: Annotated[str, Meta(max_length=40)] = ""
    """Heading for people; the name with a capital when empty."""
    vocabulary: tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...] = ()
    """When given, only these words are allowed, in this spelling."""
    required: bool = False
    """Whether an answer without a tag here is wrong."""
    keep_case: bool = False
    """Keep capitals as they come (for text seen in the picture)."""

    @property
    def heading(self) -> str:
        """The title, or one made from the name."""
        return self.title or self.name.replace("_", " ").capitalize()


class ModelOptions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, cache_hash=True
):
    """How the model is to work. What a model cannot do is left out of the request."""

    media_resolution: MediaResolution = "low"
    """How finely the model looks: this decides the tokens of an image."""
    max_output_tokens: Annotated[int, Meta(ge=64, le=8192)] = 1024
    """Where an answer is cut off; thinking has room of its own on top."""
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    """Left out unless given, and for models that ignore it."""
    thinking: Thinking = "minimum"
    """`minimum`: as little as the model allows."""


class Safety(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, cache_hash=True
):
    """Thresholds of Gemini's adjustable filters; "" leaves the API's default."""

    harassment: Threshold = ""
    hate_speech: Threshold = ""
    sexually_explicit: Threshold = ""
    dangerous_content: Threshold = ""


class Profile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, cache_hash=True
):
    """Everything that decides what an answer says, and the form it takes."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    """For people; renaming does not tag anything again."""
    prompt: Annotated[str, Meta(min_length=1, max_length=20_000)]
    """The system instruction, before what gemtag adds about language and form."""
    buckets: Annotated[tuple[Bucket, ...], Meta(min_length=1, max_length=24)]
    """In the order in which they are shown."""
    language: Annotated[str, Meta(min_length=1, max_length=60)] = "English"
    """Language of the summary and the tags."""
    summary_words: Annotated[int, Meta(ge=0, le=200)] = 25
    """Most words asked for in the summary; 0: no summary."""
    use_context: bool = False
    """Tell the model what is known of each picture from where it was found (sidecars, lists)."""
    model: ModelOptions = ModelOptions()
    safety: Safety = Safety()

    def __post_init__(self) -> None:
        names = [bucket.name for bucket in self.buckets]
        for name in names:
            if name in RESERVED_NAMES:
                raise ValueError(f"a bucket cannot be called {name!r}: choose another name")
            if names.count(name) > 1:
                raise ValueError(f"two buckets are called {name!r}: rename one")
        for bucket in self.buckets:
            _check_vocabulary(bucket)

    @property
    def id(self) -> str:
        """`p_` and 12 hex digits of the hash of all that changes answers.

        Left out: the name, headings, and `max_output_tokens` (a longer leash changes no answer
        that was complete, and must not make a tagged library count as untagged).
        """
        return "p_" + hashlib.sha256(canonical(self)).hexdigest()[:12]

    @property
    def body(self) -> str:
        """The whole profile as JSON, as the library keeps it."""
        return msgspec.json.encode(self).decode()


def _check_vocabulary(bucket: Bucket) -> None:
    keys = [word_key(word) for word in bucket.vocabulary]
    if not all(keys):
        raise ValueError(f"the vocabulary of bucket {bucket.name!r} has an empty word: remove it")
    twice = next(
        (word for word, key in zip(bucket.vocabulary, keys, strict=True) if keys.count(key) > 1),
        None,
    )
    if twice is not None:
        raise ValueError(
            f"the vocabulary of bucket {bucket.name!r} has {twice!r} twice: remove one"
        )


def word_key(word: str) -> str:
    """Return what spellings of one vocabulary word have in common: no case, spaces or hyphens."""
    return _JOINTS.sub("", word.casefold()) or word.strip().casefold()


def canonical(profile: Profile) -> bytes:
    """Return the bytes that `Profile.id` is the hash of."""
    whole = msgspec.to_builtins(profile)
    del whole["name"]
    del whole["model"]["max_output_tokens"]
    if not profile.use_context:  # as before there was such a thing
        del whole["use_context"]
    for bucket in whole["buckets"]:
        del bucket["title"]
    whole["v"] = _CANON_VERSION
    return msgspec.json.encode(whole, order="sorted")
