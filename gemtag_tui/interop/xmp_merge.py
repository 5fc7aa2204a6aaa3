"""Sidecars: made anew, or merged into one that is there with every foreign byte of it kept.

What gemtag adds is recorded in its own namespace beside the properties that everybody reads. A tag
is taken away again only when that record says that gemtag put it there; whatever else is in the
file is somebody's and stays. So does a description that somebody else wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gemtag_tui.interop.xmp_read import OURS, Node, Sheet, SidecarError, read
from gemtag_tui.interop.xmp_words import DC, DIGIKAM, GEMTAG, LR, RDF, Words, escaped, items, quoted

_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
)
_HEAD_BYTES = _HEAD.encode()
_TAIL = ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>\n'
_CONTAINERS = (f"{RDF} Bag", f"{RDF} Seq", f"{RDF} Alt")
_ITEM = f"{RDF} li"


@dataclass(frozen=True, slots=True)
class _List:
    """A property that is a list of tags, the container it wants, and where ours are recorded."""

    space: str
    prefix: str
    local: str
    container: str

    @property
    def name(self) -> str:
        return f"{self.space} {self.local}"


_LISTS = (
    _List(DC, "dc", "subject", "Bag"),
    _List(LR, "lr", "hierarchicalSubject", "Bag"),
    _List(DIGIKAM, "digiKam", "TagsList", "Seq"),
)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Bytes from `start` to `end` are replaced."""

    start: int
    end: int
    new: str


def made(words: Words) -> bytes:
    """Return a new sidecar."""
    added = {prop.name: wanted for prop, wanted in zip(_LISTS, _wanted(words), strict=True)}
    body = "".join(_list(prop, added[prop.name]) for prop in _LISTS)
    body += _alt("dc:description", words.description)
    record = _record(list(added.values()), words.description, words.owner)
    block = _block("", body + record)
    return (_HEAD + block + _TAIL).encode()


def is_like_made(data: bytes) -> bool:
    """Whether a sidecar begins like one of `made`: only such a one can be the same."""
    return data.startswith(_HEAD_BYTES)


def merged(data: bytes, words: Words, *, adopt: bool = False) -> bytes | None:
    """Return a sidecar with these words in it; `None` when it says all that already.

    Args:
        data: the sidecar as it is.
        words: what it is to say.
        adopt: also when gemtag wrote it for a picture of another name.

    Raises:
        OtherPictureError: gemtag wrote it for a picture of another name.
        SidecarError: it is no XMP, could do harm, or has a property in a form not known here.
    """
    sheet = read(data)
    if not adopt:
        _check_owner(sheet, words)
    edits: list[_Edit] = []
    fresh: list[str] = []
    record: list[tuple[str, ...]] = []
    for prop, wanted in zip(_LISTS, _wanted(words), strict=True):
        ours = _merge_list(sheet, prop, wanted, edits, fresh)
        record.append(ours)
    description = _merge_description(sheet, words.description, edits, fresh)
    new = _record(record, description, words.owner)
    if not edits and not any(fresh) and _recorded(sheet) == new:
        return None
    _put_record(sheet, fresh, new, edits)
    return _spliced(data, edits)


def _wanted(words: Words) -> tuple[tuple[str, ...], ...]:
    return words.subject, words.hierarchical, words.tags_list


def _merge_list(
    sheet: Sheet, prop: _List, wanted: Sequence[str], edits: list[_Edit], fresh: list[str]
) -> tuple[str, ...]:
    """Work out what one list becomes; returns which of its items are gemtag's."""
    if sheet.attribute(prop.name) is not None:
        raise SidecarError(f"has {prop.prefix}:{prop.local} as an attribute, not as a list")
    before = set(_items_of(sheet, f"{GEMTAG} {prop.local}"))
    nodes = sheet.properties(prop.name)
    if not nodes:
        fresh.append(_list(prop, wanted))
        return tuple(wanted)
    if len(nodes) > 1:
        raise SidecarError(f"has {prop.prefix}:{prop.local} more than once")
    box = _container(nodes[0], prop)
    there = {item.text for item in box.children}
    gone = [i for i in box.children if i.text in before and i.text not in wanted and _is_plain(i)]
    missing = [tag for tag in wanted if tag not in there]
    edits += [_without(sheet.data, item) for item in gone]
    if missing:
        edits.append(_appended(sheet.data, box, missing))
    return tuple(tag for tag in wanted if tag in before or tag not in there)


def _container(node: Node, prop: _List) -> Node:
    boxes = node.children
    known = len(boxes) == 1 and boxes[0].name in _CONTAINERS and not node.text.strip()
    if not known or any(item.name != _ITEM for item in boxes[0].children):
        raise SidecarError(f"has {prop.prefix}:{prop.local} in a form that gemtag cannot merge")
    return boxes[0]


def _is_only(data: bytes, *nodes: Node) -> bool:
    """Whether elements hold nothing but their children: no remark, no instruction, no attribute."""
    inside = data[nodes[0].opened : nodes[0].closing]
    return not any(n.attributes for n in nodes) and b"<!--" not in inside and b"<?" not in inside


def _is_plain(item: Node) -> bool:
    """Whether an item is a word and nothing else: no language, no qualifier that somebody added."""
    return not item.children and not item.attributes


def _appended(data: bytes, box: Node, tags: Sequence[str]) -> _Edit:
    """Items behind the others of a list, under the prefix that its own tag has for RDF."""
    name = _raw_name(data, box)
    prefix = name.partition(":")[0] + ":" if ":" in name else ""
    listed = items(tags, f"<{prefix}li>", f"</{prefix}li>")
    return _inside_end(data, box, listed, name)


def _inside_end(data: bytes, node: Node, new: str, name: str) -> _Edit:
    if node.empty:
        start_tag = data[node.start : node.opened].decode()
        return _Edit(node.start, node.end, f"{start_tag[:-2].rstrip()}>{new}</{name}>")
    return _Edit(node.closing, node.closing, new)


def _raw_name(data: bytes, node: Node) -> str:
    tag = data[node.start + 1 : node.opened].decode()
    return tag.rstrip("/>").split(maxsplit=1)[0]


def _without(data: bytes, node: Node) -> _Edit:
    """Take an element out, with the blanks in front of it."""
    start = node.start
    while start and data[start - 1] in b" \t\r\n":
        start -= 1
    return _Edit(start, node.end, "")


def _merge_description(sheet: Sheet, wanted: str, edits: list[_Edit], fresh: list[str]) -> str:
    """Work out what becomes of the description; returns the words that are gemtag's."""
    name = f"{DC} description"
    nodes = sheet.properties(name)
    if not nodes and sheet.attribute(name) is None:
        fresh.append(_alt("dc:description", wanted))
        return wanted
    item = _own_description(sheet, nodes)
    if item is None:
        return ""
    if item.text == wanted:
        return wanted
    alone = len(nodes[0].children[0].children) == 1 and _is_only(sheet.data, nodes[0])
    if wanted:
        edits.append(_Edit(item.opened, item.closing, escaped(wanted)))
    else:
        edits.append(_without(sheet.data, nodes[0] if alone else item))
    return wanted


def _own_description(sheet: Sheet, nodes: list[Node]) -> Node | None:
    """Return the item that gemtag wrote, as long as nobody has changed it."""
    boxes = nodes[0].children if len(nodes) == 1 else []
    if len(boxes) != 1 or boxes[0].name != f"{RDF} Alt":
        return None
    item = next((i for i in boxes[0].children if i.lang.lower() == "x-default"), None)
    ours = _items_of(sheet, f"{GEMTAG} description")
    return item if item is not None and not item.children and [item.text] == ours else None


def _items_of(sheet: Sheet, name: str) -> list[str]:
    return [i.text for p in sheet.properties(name) for box in p.children for i in box.children]


def _check_owner(sheet: Sheet, words: Words) -> None:
    owners = _items_of(sheet, f"{GEMTAG} file")
    if words.owner and owners and words.owner not in owners:
        raise OtherPictureError(owners[0])


class OtherPictureError(SidecarError):
    """A sidecar that gemtag wrote for another picture.

    Attributes:
        owner: that picture's file name.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(f"is already the sidecar of {owner}")
        self.owner = owner


def _record(lists: Sequence[Sequence[str]], description: str, owner: str) -> str:
    """Return the properties that say what of all this is gemtag's."""
    parts = [
        _bag(f"gemtag:{prop.local}", "Bag", texts)
        for prop, texts in zip(_LISTS, lists, strict=True)
    ]
    parts.append(_alt("gemtag:description", description))
    parts.append(_bag("gemtag:file", "Bag", [owner] if owner else []))
    return "".join(parts)


def _recorded(sheet: Sheet) -> str:
    """Return what an earlier export left on record, in the same form."""
    lists = [_items_of(sheet, f"{GEMTAG} {prop.local}") for prop in _LISTS]
    description = "".join(_items_of(sheet, f"{GEMTAG} description")[:1])
    owner = "".join(_items_of(sheet, f"{GEMTAG} file")[:1])
    return _record(lists, description, owner)


def _put_record(sheet: Sheet, fresh: Iterable[str], record: str, edits: list[_Edit]) -> None:
    """Replace gemtag's record, and put what is new of the others' properties beside it."""
    body = "".join(fresh)
    old = [p for local in OURS for p in sheet.properties(f"{GEMTAG} {local}")]
    edits += [_without(sheet.data, node) for node in old]
    hosts = [d for d in sheet.descriptions if d.children and all(c in old for c in d.children)]
    edits += [_without(sheet.data, d) for d in hosts if _is_bare(sheet.data, d)]
    new = _block(sheet.about, body + record)
    name = _raw_name(sheet.data, sheet.rdf)
    edits.append(_inside_end(sheet.data, sheet.rdf, new, name))


def _is_bare(data: bytes, node: Node) -> bool:
    if b"<!--" in data[node.opened : node.closing] or b"<?" in data[node.opened : node.closing]:
        return False
    return all(name.endswith("about") for name in node.attributes) and not node.text.strip()


def _spliced(data: bytes, edits: Iterable[_Edit]) -> bytes:
    """Apply edits; one that lies within another goes with it."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if edit.end <= at and edit.start < at:
            continue
        pieces += [data[at : max(at, edit.start)], edit.new.encode()]
        at = max(at, edit.end)
    return b"".join([*pieces, data[at:]])


def _block(about: str, body: str) -> str:
    spaces = "".join(
        f'\n    xmlns:{prefix}="{space}"'
        for prefix, space in (("rdf", RDF), ("dc", DC), ("lr", LR), ("digiKam", DIGIKAM))
        if prefix == "rdf" or f"<{prefix}:" in body
    )
    spaces += f'\n    xmlns:gemtag="{GEMTAG}"'
    return f"  <rdf:Description rdf:about={quoted(about)}{spaces}>\n{body}  </rdf:Description>\n"


def _list(prop: _List, texts: Sequence[str]) -> str:
    return _bag(f"{prop.prefix}:{prop.local}", prop.container, texts)


def _bag(name: str, container: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    listed = items(texts, "     <rdf:li>", "</rdf:li>\n")
    return f"   <{name}>\n    <rdf:{container}>\n{listed}    </rdf:{container}>\n   </{name}>\n"


def _alt(name: str, text: str) -> str:
    if not text:
        return ""
    item = f'<rdf:li xml:lang="x-default">{escaped(text)}</rdf:li>'
    return f"   <{name}>\n    <rdf:Alt>\n     {item}\n    </rdf:Alt>\n   </{name}>\n"
