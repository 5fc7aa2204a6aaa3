"""A sidecar's structure by byte positions, so that a merge can leave every other byte as it is.

Read with expat and nothing else: a document type, and with it every entity bomb and every reference
to another file, is refused before anything of it is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from gemtag_tui.interop.xmp_words import RDF

MOST_BYTES = 16 * 2**20
"""Larger sidecars are left alone; real ones with masks and histories have a few MB."""
MOST_DEPTH = 200

_TAG = re.compile(rb"<[^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>")
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_ABOUT = (f"{RDF} about", "about")


class SidecarError(ValueError):
    """A sidecar that cannot be merged; its words say why."""


@dataclass(slots=True)
class Node:
    """An element by its bytes: `start` is where its `<` is, `end` is behind its last `>`.

    Attributes:
        name: namespace and local name with a space in between.
        opened: behind the start tag.
        closing: where the end tag begins; equal to `end` for `<a/>`.
    """

    name: str
    attributes: dict[str, str]
    start: int
    opened: int
    closing: int = 0
    end: int = 0
    empty: bool = False
    text: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def lang(self) -> str:
        """The language of an item."""
        return self.attributes.get(_XML_LANG, "")


@dataclass(slots=True)
class Sheet:
    """A sidecar: its `rdf:RDF`, and the `rdf:Description` elements right in it."""

    data: bytes
    rdf: Node
    descriptions: list[Node]

    @property
    def about(self) -> str:
        """What the descriptions are about: usually nothing, which is the picture."""
        for node in self.descriptions:
            for name in _ABOUT:
                if name in node.attributes:
                    return node.attributes[name]
        return ""

    def properties(self, name: str) -> list[Node]:
        """Return the elements of one property, wherever they stand."""
        return [p for d in self.descriptions for p in d.children if p.name == name]

    def attribute(self, name: str) -> str | None:
        """Return a property that is written as an attribute."""
        return next((d.attributes[name] for d in self.descriptions if name in d.attributes), None)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.stack: list[Node] = []
        self.roots: list[Node] = []
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.buffer_size = 2**20
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise SidecarError("has a document type, which XMP does not and which may be a trap")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.stack) >= MOST_DEPTH:
            raise SidecarError(f"is nested more than {MOST_DEPTH} levels deep")
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self.data, start)
        if tag is None:
            raise SidecarError("has a tag that cannot be found again")
        node = Node(name, attributes, start, tag.end(), empty=self.data[tag.end() - 2] == 0x2F)
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.roots.append(node)
        self.stack.append(node)

    def _end(self, _name: str) -> None:
        node = self.stack.pop()
        if node.empty:
            node.closing = node.end = node.opened
        else:
            node.closing = self.parser.CurrentByteIndex
            node.end = self.data.index(b">", node.closing) + 1

    def _text(self, text: str) -> None:
        if self.stack:
            self.stack[-1].text += text


def read(data: bytes) -> Sheet:
    """Take a sidecar apart.

    Raises:
        SidecarError: it is no XMP, not in UTF-8, or could do harm.
    """
    if len(data) > MOST_BYTES:
        raise SidecarError(f"is larger than {MOST_BYTES // 2**20} MiB")
    _check_encoding(data)
    reader = _Reader(data)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        words = f"is not well-formed XML (line {error.lineno}: {expat.ErrorString(error.code)})"
        raise SidecarError(words) from error
    return _sheet(data, reader.roots)


def _check_encoding(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SidecarError("is not in UTF-8") from error
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)", data)
    if declared and declared[1].lower() not in {b"utf-8", b"utf8", b"us-ascii"}:
        raise SidecarError("says of itself that it is not in UTF-8")


def _sheet(data: bytes, roots: list[Node]) -> Sheet:
    found = [node for node in _walk(roots) if node.name == f"{RDF} RDF"]
    if len(found) != 1:
        raise SidecarError("is no XMP: it has no rdf:RDF" if not found else "has several rdf:RDF")
    rdf = found[0]
    return Sheet(data, rdf, [node for node in rdf.children if node.name == f"{RDF} Description"])


def _walk(roots: list[Node]) -> list[Node]:
    """Return the elements down to the first rdf:RDF on every way."""
    found, waiting = [], list(roots)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if node.name != f"{RDF} RDF":
            waiting += node.children
    return found
