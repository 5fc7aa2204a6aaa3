"""A sidecar's structure by byte positions, so that a merge can leave every other byte as it is.

Read with expat and nothing else: a document type, and with it every entity bomb and every reference
to another file, is refused before anything of it is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from gemtag_tui.interop.xmp_words import DC, DIGIKAM, GEMTAG, LR, RDF

MOST_BYTES = 16 * 2**20
"""Larger sidecars are left alone; real ones with masks and histories have a few MB."""
MOST_DEPTH = 200

OURS = ("subject", "hierarchicalSubject", "TagsList", "description", "file")
"""What gemtag has on record in its own namespace."""
_LOOKED_INTO = frozenset(
    {f"{DC} subject", f"{DC} description", f"{LR} hierarchicalSubject", f"{DIGIKAM} TagsList"}
    | {f"{GEMTAG} {local}" for local in OURS}
)
"""Properties whose content matters; of the others it is enough to know where they are."""
_TAG = re.compile(rb"<[^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>")
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)")
_RDF, _DESCRIPTION = f"{RDF} RDF", f"{RDF} Description"
_ABOUT = (f"{RDF} about", "about")
_BUFFER = 2**16
"""Bytes of text that are handed on together."""


class SidecarError(ValueError):
    """A sidecar that cannot be merged; its words say why."""


@dataclass(slots=True, eq=False)
class Node:
    """An element by its bytes: `start` is where its `<` is, `end` is behind its last `>`.

    Attributes:
        name: namespace and local name with a space in between.
        opened: behind the start tag.
        children: the elements in it; none for a property that nobody looks into.
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
    """A sidecar: its `rdf:RDF`, and the `rdf:Description` elements right in it.

    Attributes:
        named: the properties of all descriptions by their names.
    """

    data: bytes
    rdf: Node
    descriptions: list[Node]
    named: dict[str, list[Node]] = field(init=False)

    def __post_init__(self) -> None:
        self.named = {}
        for description in self.descriptions:
            for node in description.children:
                self.named.setdefault(node.name, []).append(node)

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
        return self.named.get(name, [])

    def attribute(self, name: str) -> str | None:
        """Return a property that is written as an attribute."""
        return next((d.attributes[name] for d in self.descriptions if name in d.attributes), None)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.stack: list[Node] = []
        self.roots: list[Node] = []
        self.rdf_depth = MOST_DEPTH
        """Elements above the content of the `rdf:RDF` that is open; a lot while there is none."""
        self.skipped = 0
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.buffer_size = _BUFFER
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self._look()

    def _look(self) -> None:
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _skip(self) -> None:
        """Have expat go through an element's content with as little ado as possible."""
        self.skipped = 0
        self.parser.StartElementHandler = self._start_skipped
        self.parser.EndElementHandler = self._end_skipped
        self.parser.CharacterDataHandler = None

    def _refuse(self, *_: object) -> None:
        raise SidecarError("has a document type, which XMP does not and which may be a trap")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        stack = self.stack
        depth = len(stack)
        if depth >= MOST_DEPTH:
            raise _too_deep()
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self.data, start)
        if tag is None:
            raise SidecarError("has a tag that cannot be found again")
        opened = tag.end()
        node = Node(name, attributes, start, opened, 0, 0, self.data[opened - 2] == 0x2F)
        (stack[-1].children if stack else self.roots).append(node)
        stack.append(node)
        if depth == self.rdf_depth + 1 and name not in _LOOKED_INTO:
            self._skip()
        elif name == _RDF and depth < self.rdf_depth:
            self.rdf_depth = depth + 1

    def _end(self, _name: str) -> None:
        node = self.stack.pop()
        if len(self.stack) + 1 == self.rdf_depth:
            self.rdf_depth = MOST_DEPTH
        if node.empty:
            node.closing = node.end = node.opened
        else:
            node.closing = self.parser.CurrentByteIndex
            node.end = self.data.index(b">", node.closing) + 1

    def _text(self, text: str) -> None:
        if self.stack:
            self.stack[-1].text += text

    def _start_skipped(self, _name: str, _attributes: object) -> None:
        if len(self.stack) + self.skipped >= MOST_DEPTH:
            raise _too_deep()
        self.skipped += 1

    def _end_skipped(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        else:
            self._look()
            self._end(name)


def _too_deep() -> SidecarError:
    return SidecarError(f"is nested more than {MOST_DEPTH} levels deep")


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
    declared = _ENCODING.match(data)
    if declared and declared[1].lower() not in {b"utf-8", b"utf8", b"us-ascii"}:
        raise SidecarError("says of itself that it is not in UTF-8")


def _sheet(data: bytes, roots: list[Node]) -> Sheet:
    found = [node for node in _walk(roots) if node.name == _RDF]
    if len(found) != 1:
        raise SidecarError("is no XMP: it has no rdf:RDF" if not found else "has several rdf:RDF")
    rdf = found[0]
    return Sheet(data, rdf, [node for node in rdf.children if node.name == _DESCRIPTION])


def _walk(roots: list[Node]) -> list[Node]:
    """Return the elements down to the first rdf:RDF on every way."""
    found, waiting = [], list(roots)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if node.name != _RDF:
            waiting += node.children
    return found
