from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core import edits
from gemtag_tui.core.edits import Overlay

names = st.lists(st.sampled_from("abcdef"), max_size=4)
steps = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "set"]), st.sampled_from(["x", "y"]), names),
    max_size=8,
)


def applied(overlay, verb, bucket, tags):
    if verb == "set":
        return edits.bucket_set(overlay, bucket, tags)
    return edits.tags_changed(overlay, bucket, **{verb: tags})


@given(st.dictionaries(st.sampled_from(["x", "y"]), names), steps)
def test_an_overlay_does_what_its_steps_do_one_by_one(tags, done):
    overlay, shown = Overlay(), {key: list(dict.fromkeys(value)) for key, value in tags.items()}
    _, whole = "", dict(shown)
    for verb, bucket, some in done:
        overlay = applied(overlay, verb, bucket, some)
        now = whole.get(bucket, [])
        if verb == "set":
            whole[bucket] = list(dict.fromkeys(some))
        elif verb == "add":
            whole[bucket] = now + [one for one in dict.fromkeys(some) if one not in now]
        else:
            whole[bucket] = [one for one in now if one not in some]
    text = edits.overlay_text(overlay)
    _, result = edits.effective("", shown, text, {})
    assert {k: set(v) for k, v in result.items() if v} == {k: set(v) for k, v in whole.items() if v}
    assert edits.overlay_from(text) == overlay


def test_edits_come_before_names():
    rules = {"colours": {"crimson": "red", "scarlet": "red"}}
    tags = {"colours": ["crimson", "blue", "scarlet"], "subject": ["crimson"]}
    assert edits.effective("s", tags, None, rules) == (
        "s",
        {"colours": ["red", "blue"], "subject": ["crimson"]},
    )
    overlay = edits.tags_changed(
        Overlay(summary="mine"), "colours", add=["scarlet"], remove=["blue"]
    )
    assert edits.effective("s", tags, edits.overlay_text(overlay), rules) == (
        "mine",
        {"colours": ["red"], "subject": ["crimson"]},
    )
    assert tags["colours"] == ["crimson", "blue", "scarlet"]


def test_what_changes_nothing_is_nothing():
    overlay = edits.tags_changed(Overlay(), "x")
    assert overlay.empty
    assert edits.overlay_text(overlay) is None
    assert edits.effective("s", {"x": ["a"]}, None, {}) == ("s", {"x": ["a"]})
