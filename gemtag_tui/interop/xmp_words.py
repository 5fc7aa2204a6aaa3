"""What a sidecar says of a picture: words for each property, in XML that is well-formed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gemtag_tui.core.text import storable

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
LR = "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
GEMTAG = "urn:gemtag:xmp:1.0#"
"""Where gemtag records what it wrote itself, so that it never takes away what others did."""

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\r\t\n\x7f-\x9f\u2028\u2029]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Words:
    """What gemtag has to say of one picture; every text can stand in XML.

    Attributes:
        subject: `dc:subject`: all tags, each once.
        hierarchical: `lr:hierarchicalSubject`: `bucket|tag`.
        tags_list: `digiKam:TagsList`: `bucket/tag`.
        description: `dc:description` in the default language; "" for none.
        owner: the picture's file name, so that `a.jpg` and `a.png` do not share `a.xmp` unawares.
    """

    subject: tuple[str, ...]
    hierarchical: tuple[str, ...]
    tags_list: tuple[str, ...]
    description: str
    owner: str = ""


def words_of(summary: str, tags: Mapping[str, Sequence[str]], owner: str = "") -> Words:
    """Return what a sidecar is to say.

    The separators of the hierarchies cannot be escaped there: `|` in a tag becomes `¦`, and `/`
    becomes `∕`.
    """
    cleaned = [(clean(bucket), [clean(name) for name in names]) for bucket, names in tags.items()]
    pairs = [(bucket, name) for bucket, names in cleaned for name in names if name.strip()]
    return Words(
        _once([tag for _, tag in pairs]),
        _once([f"{b.replace('|', '¦')}|{t.replace('|', '¦')}" for b, t in pairs]),
        _once([f"{b.replace('/', '∕')}/{t.replace('/', '∕')}" for b, t in pairs]),
        clean(summary),
        clean(owner),
    )


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def clean(text: str) -> str:
    """Return text that XML 1.0 can hold: what it cannot becomes U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", storable(text))


def escaped(text: str) -> str:
    """Return clean text as XML character data, which no reader normalises into something else."""
    if not _SPECIAL.search(text):
        return text
    return _SPECIAL.sub(lambda m: _NAMED.get(m[0]) or f"&#{ord(m[0])};", text)


def items(names: Sequence[str], before: str, after: str) -> str:
    """Return clean texts as character data, each between two pieces of XML."""
    if not names:
        return ""
    if not _SPECIAL.search("".join(names)):
        return before + (after + before).join(names) + after
    return "".join([before + escaped(name) + after for name in names])


def quoted(text: str) -> str:
    """Return clean text as an attribute's value, quotes included."""
    return '"' + escaped(text).replace('"', "&quot;") + '"'
