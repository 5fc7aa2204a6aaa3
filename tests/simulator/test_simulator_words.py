from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from gemtag_tui.simulator.answer import answer_text
from gemtag_tui.simulator.colours import colour_name
from gemtag_tui.simulator.look import look_at, look_from_hash
from gemtag_tui.simulator.words import sentence


def look_of(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return look_at(Image.open(io.BytesIO(out.getvalue())))


def canvas(ground, size=(300, 300)):
    image = Image.new("RGB", size, ground)
    return image, ImageDraw.Draw(image)


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 128, 128), "teal"),
        ((0, 0, 128), "navy"),
        ((255, 255, 0), "yellow"),
        ((255, 165, 0), "orange"),
        ((0, 128, 0), "green"),
        ((128, 0, 128), "purple"),
        ((255, 192, 203), "pink"),
        ((139, 69, 19), "brown"),
        ((255, 255, 255), "white"),
        ((0, 0, 0), "black"),
        ((128, 128, 128), "grey"),
        ((0, 0, 255), "blue"),
    ],
)
def test_colours_are_named_as_people_do(colour, name):
    assert colour_name(*colour) == name


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_a_name(colour):
    assert colour_name(*colour)


def test_shapes():
    image, draw = canvas("white")
    draw.ellipse((50, 50, 250, 250), fill="red")
    assert look_of(image).shape.words() == "red disc"
    image, draw = canvas("white", (600, 300))
    draw.rectangle((20, 20, 120, 120), fill="blue")
    shape = look_of(image).shape
    assert (shape.words(), shape.place) == ("blue square", "top left")
    image, draw = canvas("black")
    draw.polygon([(150, 40), (40, 260), (260, 260)], fill="yellow")
    assert look_of(image).shape.words() == "yellow triangle"


def test_grounds():
    image, draw = canvas("white")
    for at in range(0, 300, 60):
        draw.rectangle((0, at, 300, at + 29), fill="blue")
    assert look_of(image).shape.form == "horizontal stripes"
    assert look_of(image.rotate(90)).shape.form == "vertical stripes"
    gradient = Image.linear_gradient("L").resize((300, 200))
    assert look_of(gradient).shape.form == "gradient"
    assert look_of(Image.new("RGB", (50, 50), "green")).shape.form == ""


def test_lines_of_text_are_noticed_and_photographs_are_not():
    image, draw = canvas("white", (400, 500))
    for y in range(20, 480, 34):
        draw.text((20, y), "The quick brown fox jumps over it", fill="black", font_size=18)
    assert look_of(image).text_like
    assert "text" in sentence(look_of(image))
    assert not look_of(Image.effect_noise((300, 300), 60)).text_like


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_picture_has_a_look(mode):
    image = Image.new(mode, (40, 30), 1)
    assert look_of(image).colours


@pytest.mark.parametrize(
    ("size", "word"), [((30, 30), "square"), ((40, 30), "landscape"), ((1, 900), "tall portrait")]
)
def test_orientation(size, word):
    assert look_of(Image.new("RGB", size, "red")).orientation == word


LOOK = look_from_hash("a")


def answered(schema):
    return json.loads(answer_text(LOOK, schema, wants_json=True))


def test_properties_get_the_words_that_belong_to_them():
    strings = {"type": "ARRAY", "items": {"type": "STRING"}}
    schema = {
        "type": "OBJECT",
        "properties": {
            "colours": strings,
            "text_in_image": strings,
            "tones": {**strings, "description": "the palette of the picture"},
            "summary": {"type": "STRING"},
            "id": {"type": "STRING", "enum": ["x17"]},
        },
        "propertyOrdering": ["id", "summary"],
    }
    value = answered(schema)
    assert list(value)[:2] == ["id", "summary"]
    assert value["id"] == "x17"
    assert value["colours"] == list(LOOK.colours)
    assert value["text_in_image"] == []
    assert value["summary"] == sentence(LOOK)


def test_json_schema_words_are_understood():
    schema = {
        "type": "object",
        "properties": {
            "kind": {"const": "tag"},
            "count": {"type": ["integer", "null"], "minimum": 2, "maximum": 3},
            "nested": {"$ref": "#/$defs/inner"},
            "date": {"type": "string", "format": "date"},
            "either": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
        "$defs": {"inner": {"type": "object", "properties": {"mood": {"type": "string"}}}},
    }
    value = answered(schema)
    assert value["kind"] == "tag"
    assert value["count"] in {2, 3}
    assert value["nested"]["mood"]
    assert isinstance(value["either"], bool)


def test_too_few_words_are_filled_up_within_their_lengths():
    items = {"type": "STRING", "maxLength": 3}
    schema = {
        "type": "OBJECT",
        "properties": {"text": {"type": "ARRAY", "items": items, "minItems": 2}},
    }
    assert [len(word) for word in answered(schema)["text"]] == [3, 3]


def test_a_schema_that_leads_to_itself_ends():
    schema = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    assert answered(schema)


names = st.sampled_from(["summary", "colours", "mood", "text", "x", "subject", "n"])
leaves = st.one_of(
    st.builds(
        lambda low, extra: {"type": "STRING", "minLength": low, "maxLength": low + extra},
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    st.builds(
        lambda values: {"type": "STRING", "enum": values}, st.lists(st.text(min_size=1), min_size=1)
    ),
    st.builds(
        lambda low, extra: {"type": "INTEGER", "minimum": low, "maximum": low + extra},
        st.integers(-50, 50),
        st.integers(0, 50),
    ),
    st.just({"type": "BOOLEAN"}),
    st.just({"type": "NUMBER"}),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda items, low, extra: {
                "type": "ARRAY",
                "items": items,
                "minItems": low,
                "maxItems": low + extra,
            },
            inner,
            st.integers(0, 4),
            st.integers(0, 4),
        ),
        st.builds(
            lambda children: {"type": "OBJECT", "properties": children, "required": list(children)},
            st.dictionaries(names, inner, min_size=1, max_size=4),
        ),
    ),
    max_leaves=8,
)


def obeys(value, schema) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    match schema["type"]:
        case "STRING":
            return schema["minLength"] <= len(value) <= schema["maxLength"]
        case "INTEGER":
            return type(value) is int and schema["minimum"] <= value <= schema["maximum"]
        case "NUMBER":
            return isinstance(value, (int, float))
        case "BOOLEAN":
            return isinstance(value, bool)
        case "ARRAY":
            fits = schema["minItems"] <= len(value) <= schema["maxItems"]
            return fits and all(obeys(item, schema["items"]) for item in value)
    return set(value) == set(schema["properties"]) and all(
        obeys(value[name], child) for name, child in schema["properties"].items()
    )


@given(schemas, st.text(max_size=4))
def test_every_answer_obeys_its_schema(schema, seed):
    value = json.loads(answer_text(look_from_hash(seed), schema, wants_json=True))
    assert obeys(value, schema)
