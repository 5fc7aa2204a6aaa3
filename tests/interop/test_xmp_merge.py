"""Sidecars: what is foreign stays, what was gemtag's goes, what could do harm is left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.interop.sidecars import SidecarWriter, writing
from gemtag_tui.interop.xmp_merge import OtherPictureError, made, merged
from gemtag_tui.interop.xmp_read import MOST_BYTES, SidecarError, read
from gemtag_tui.interop.xmp_words import DC, DIGIKAM, GEMTAG, LR, RDF, escaped, quoted, words_of

NAMES = {"dc": DC, "lr": LR, "digiKam": DIGIKAM, "gemtag": GEMTAG, "rdf": RDF}
HOSTILE = [
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>&amp;]]>",
    "\x1b[31mred\x07\x00",
    "\u202egpj.exe\u2066",
    "[bold]markup[/bold]",
    "a\r\nb\tc\x85\u2028d",
    "\ud800lone",
    "\ufffe\uffff",
    "",
    "   ",
    "x|y/z\\",
]


def items(data: bytes, prefix: str, local: str) -> list[str]:
    tree = ET.fromstring(data)
    path = f".//{{{NAMES[prefix]}}}{local}/*/{{{RDF}}}li"
    return [li.text or "" for li in tree.iterfind(path)]


def sheet(inner: str, *, head: str = "", about: str = "") -> bytes:
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about={quoted(about)} xmlns:dc="{DC}" xmlns:o="urn:other#">{inner}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def test_a_new_sidecar_says_it_all():
    data = made(words_of("A car.", {"subject": ["car"], "colours": ["red", "a|b/c"]}))
    assert items(data, "dc", "subject") == ["car", "red", "a|b/c"]
    assert items(data, "lr", "hierarchicalSubject") == [
        "subject|car",
        "colours|red",
        "colours|a¦b/c",
    ]
    assert items(data, "digiKam", "TagsList") == ["subject/car", "colours/red", "colours/a|b∕c"]
    assert items(data, "dc", "description") == ["A car."]
    assert (
        merged(data, words_of("A car.", {"subject": ["car"], "colours": ["red", "a|b/c"]})) is None
    )


def test_ours_go_when_they_are_gone_and_theirs_stay():
    theirs = sheet(
        "<dc:subject><rdf:Bag><rdf:li>mine</rdf:li><rdf:li>car</rdf:li></rdf:Bag></dc:subject>"
    )
    once = merged(theirs, words_of("s", {"b": ["car", "boat"]}))
    assert items(once, "dc", "subject") == ["mine", "car", "boat"]
    twice = merged(once, words_of("s", {"b": ["tree"]}))
    assert items(twice, "dc", "subject") == ["mine", "car", "tree"]
    assert items(twice, "lr", "hierarchicalSubject") == ["b|tree"]
    last = merged(twice, words_of("", {}))
    assert items(last, "dc", "subject") == ["mine", "car"]
    assert items(last, "dc", "description") == []
    assert merged(last, words_of("", {})) is None


def test_a_description_of_somebody_s_stays():
    theirs = sheet(
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Mine</rdf:li></rdf:Alt>'
        "</dc:description>"
    )
    once = merged(theirs, words_of("ours", {"b": ["t"]}))
    assert items(once, "dc", "description") == ["Mine"]
    ours = made(words_of("one", {}))
    assert items(merged(ours, words_of("two", {})), "dc", "description") == ["two"]
    changed = ours.replace(b">one<", b">edited by hand<", 1)
    assert items(merged(changed, words_of("two", {})), "dc", "description") == ["edited by hand"]


@pytest.mark.parametrize(
    "inner",
    [
        '<dc:subject><Bag xmlns="' + RDF + '"><li>mine</li></Bag></dc:subject>',
        "<dc:subject><rdf:Bag/></dc:subject>",
        "<dc:subject><rdf:Seq><!-- kept --><rdf:li>mine</rdf:li></rdf:Seq></dc:subject>",
        "<o:x a='>'>]]&gt;<![CDATA[<rdf:RDF>]]></o:x>",
    ],
)
def test_forms_that_others_write(inner):
    once = merged(
        sheet(inner, head="\ufeff<?xml version='1.0'?>\n<!-- hello -->"),
        words_of("s", {"b": ["t"]}),
    )
    assert items(once, "dc", "subject")[-1] == "t"
    assert ("mine" in inner) == ("mine" in items(once, "dc", "subject"))
    assert b"<!-- hello -->" in once
    assert ("kept" in inner) == (b"<!-- kept -->" in once)
    assert merged(once, words_of("s", {"b": ["t"]})) is None


def test_an_empty_rdf_is_filled():
    data = f'<rdf:RDF xmlns:rdf="{RDF}" />'.encode()
    assert items(merged(data, words_of("s", {"b": ["t"]})), "dc", "subject") == ["t"]


@pytest.mark.parametrize(
    "inner",
    [
        "<o:x><dc:subject>no list</dc:subject><rdf:li/></o:x>",
        "<o:x><rdf:RDF><rdf:Description><dc:subject/></rdf:Description></rdf:RDF></o:x>",
        "<o:x/><o:y>text<o:z>&amp;</o:z>more</o:y> <o:x>again</o:x>",
    ],
)
def test_what_lies_within_a_foreign_property_is_not_taken_for_ours(inner):
    own = "<dc:subject><rdf:Bag><rdf:li>mine</rdf:li></rdf:Bag></dc:subject>"
    words = words_of("s", {"b": ["t"]})
    for data in (sheet(inner + own), sheet(own + inner)):
        once = merged(data, words)
        assert inner.encode() in once
        assert b"<rdf:li>mine</rdf:li><rdf:li>t</rdf:li></rdf:Bag>" in once
        assert merged(once, words) is None


@pytest.mark.parametrize("name", ["o:d", "dc:subject"])
def test_the_depth_is_limited_wherever_it_is(name):
    def nested(levels):
        return sheet(f"<{name}>" * levels + f"</{name}>" * levels)

    assert read(nested(197)).descriptions[0].children[0].end
    with pytest.raises(SidecarError, match="nested"):
        read(nested(198))


def test_a_part_that_was_left_behind_is_replaced(tmp_path):
    for number in range(2):
        writer = SidecarWriter()
        writer.put(bytes(tmp_path / "a.xmp"), words_of(f"s{number}", {}))
    writer.flush()
    assert items((tmp_path / "a.xmp").read_bytes(), "dc", "description") == ["s1"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.xmp"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        sheet("<o:x>&b;</o:x>", head=BOMB),
        sheet("", head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
        b"",
        b"\xff\xd8\xff\xe0 a picture",
        b"<x/>",
        sheet("<dc:subject>"),
        sheet("")[:-3],
        sheet("").decode().encode("utf-16"),
        b"<?xml version='1.0' encoding='latin-1'?>" + sheet(""),
        sheet("<dc:subject>just text</dc:subject>"),
        sheet("<dc:subject rdf:parseType='Resource'><o:a/></dc:subject>"),
        sheet("<dc:subject><rdf:Bag/></dc:subject><dc:subject><rdf:Bag/></dc:subject>"),
        sheet("<o:d>" * 300 + "</o:d>" * 300),
        sheet("").replace(b"xmlns:o=", b"dc:subject='a' xmlns:o="),
    ],
)
def test_what_cannot_be_merged_is_left_as_it_is(tmp_path, data):
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(data)
    with writing() as writer:
        writer.put(bytes(path), words_of("s", {"b": ["t"]}))
    assert writer.tally.refused == 1
    assert "left as it is" in writer.tally.words[0]
    assert path.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg.xmp"]


def test_links_folders_pipes_and_giants_are_left_as_they_are(tmp_path):
    (tmp_path / "real").write_bytes(sheet(""))
    (tmp_path / "link.xmp").symlink_to(tmp_path / "real")
    (tmp_path / "folder.xmp").mkdir()
    os.mkfifo(tmp_path / "pipe.xmp")
    with (tmp_path / "giant.xmp").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with writing() as writer:
        for name in ("link", "folder", "pipe", "giant"):
            writer.put(bytes(tmp_path / f"{name}.xmp"), words_of("s", {"b": ["t"]}))
        writer.put(bytes(tmp_path / "no" / "folder.xmp"), words_of("s", {}))
    assert writer.tally.refused == 5
    assert (tmp_path / "real").read_bytes() == sheet("")


def test_two_pictures_do_not_share_a_sidecar_unawares(tmp_path):
    data = made(words_of("s", {"b": ["t"]}, "a.jpg"))
    with pytest.raises(OtherPictureError):
        merged(data, words_of("s", {"b": ["u"]}, "a.png"))
    path = tmp_path / "a.xmp"
    for names, refused in ((["a.jpg", "a.png"], 1), (["a.png"], 0)):
        path.write_bytes(data)
        for name in names:
            (tmp_path / name).touch()
        with writing() as writer:
            writer.put(bytes(path), words_of("s", {"b": ["u"]}, "a.png"))
        assert writer.tally.refused == refused
        for name in names:
            (tmp_path / name).unlink()


def test_a_stop_in_between_leaves_no_parts(tmp_path):
    writer = SidecarWriter()
    writer.put(bytes(tmp_path / "a.xmp"), words_of("s", {}))
    assert not (tmp_path / "a.xmp").exists()
    writer.drop()
    assert list(tmp_path.iterdir()) == []


def test_a_sidecar_that_appears_meanwhile_is_not_lost(tmp_path):
    writer = SidecarWriter()
    path = tmp_path / "a.xmp"
    writer.put(bytes(path), words_of("s", {}))
    path.write_bytes(b"somebody's")
    writer.flush()
    assert path.read_bytes() == b"somebody's"
    assert writer.tally.refused == 1


text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
tags = st.dictionaries(st.sampled_from(["subject", "colours", "mood"]), st.lists(text, max_size=4))
safe = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=10)


@st.composite
def foreign(draw):
    """Make a sidecar as other programs write them, with who knows what in it."""
    subjects = draw(st.none() | st.lists(safe.filter(str.strip), max_size=4))
    box = draw(st.sampled_from(["Bag", "Seq"]))
    odd = draw(st.lists(safe, max_size=3))
    parts = [
        f"<o:odd{n} o:a={quoted(v)}>{escaped(v)}<!--{n}--></o:odd{n}>" for n, v in enumerate(odd)
    ]
    if subjects is not None:
        listed = "".join(f"<rdf:li>{escaped(s)}</rdf:li>" for s in subjects)
        parts.append(f"<dc:subject><rdf:{box}>{listed}</rdf:{box}></dc:subject>")
    if draw(st.booleans()):
        parts.append(
            '<dc:description><rdf:Alt><rdf:li xml:lang="de">D</rdf:li></rdf:Alt></dc:description>'
        )
    inner = draw(st.sampled_from(["", "\n  "])).join(draw(st.permutations(parts)))
    return sheet(inner, about=draw(safe)), subjects or []


def nodes(data: bytes) -> list[tuple[str, ...]]:
    """Return everything in a sidecar but gemtag's record: elements, attributes, texts, remarks."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True, insert_pis=True))
    found = []
    waiting = [(ET.fromstring(data, parser=parser), "")]
    while waiting:
        node, above = waiting.pop()
        tag = node.tag if isinstance(node.tag, str) else node.tag.__name__
        if GEMTAG in tag:
            continue
        found.append((above, tag, str(sorted(node.attrib.items())), (node.text or "").strip()))
        waiting += [(child, above + "/" + tag) for child in node]
    return found


@settings(max_examples=150, deadline=None)
@given(foreign(), tags, tags, text, text)
def test_every_foreign_node_survives_two_merges(other, first, second, one, two):
    data, subjects = other
    before = nodes(data)
    once = merged(data, words_of(one, first)) or data
    twice = merged(once, words_of(two, second)) or once
    for after in (nodes(once), nodes(twice)):
        left = list(after)
        for node in before:
            assert node in left
            left.remove(node)
    words = words_of(two, second)
    expected = list(dict.fromkeys([*subjects, *words.subject]))
    assert sorted(dict.fromkeys(items(twice, "dc", "subject"))) == sorted(expected)
    assert sorted(items(twice, "lr", "hierarchicalSubject")) == sorted(words.hierarchical)
    assert merged(twice, words) is None


@settings(max_examples=100, deadline=None)
@given(tags, text)
def test_any_words_make_xml_that_reads_back(buckets, summary):
    words = words_of(summary, buckets, "a.jpg")
    data = made(words)
    assert tuple(items(data, "dc", "subject")) == words.subject
    assert items(data, "dc", "description") == ([words.description] if words.description else [])
    assert read(data).about == ""
    assert merged(data, words) is None


def test_a_megabyte_of_words():
    words = words_of("x&<" * 350_000, {"b": ["y" * 1_000_000]})
    data = made(words)
    assert items(data, "dc", "subject") == ["y" * 1_000_000]
    assert merged(data, words) is None
    with pytest.raises(SidecarError):
        read(data + b" " * MOST_BYTES)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_and_rewrites_them(tmp_path):
    path = tmp_path / "a.xmp"
    first = words_of("A “red” car & <more>", {"subject": ["car", "dark blue"], "colours": ["red"]})
    path.write_bytes(made(first))

    def exiftool(*words):
        return subprocess.run(
            ["exiftool", *words, str(path)], capture_output=True, check=True
        ).stdout

    (shown,) = json.loads(exiftool("-json", "-G1", "-struct"))
    assert shown["XMP-dc:Subject"] == ["car", "dark blue", "red"]
    assert shown["XMP-dc:Description"] == "A “red” car & <more>"
    assert shown["XMP-lr:HierarchicalSubject"] == [
        "subject|car",
        "subject|dark blue",
        "colours|red",
    ]
    assert shown["XMP-digiKam:TagsList"] == ["subject/car", "subject/dark blue", "colours/red"]
    exiftool("-overwrite_original", "-XMP-dc:Subject+=mine", "-XMP:Rating=4")
    again = merged(path.read_bytes(), words_of("Other", {"subject": ["boat"]}))
    path.write_bytes(again)
    (shown,) = json.loads(exiftool("-json", "-G1", "-struct"))
    assert shown["XMP-dc:Subject"] == ["mine", "boat"]
    assert shown["XMP-xmp:Rating"] == 4
    assert shown["XMP-dc:Description"] == "Other"
