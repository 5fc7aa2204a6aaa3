"""Which words of a look belong under which property of a schema."""

from __future__ import annotations

import re
from collections.abc import Callable

from gemtag_tui.simulator.look import Look

_GROUNDS = frozenset({"horizontal stripes", "vertical stripes", "gradient"})


def sentence(look: Look) -> str:
    """For instance "A bright landscape picture, mostly teal with a red disc."."""
    shape = look.shape
    form = shape.words()
    if shape.form in _GROUNDS:
        second = f"{look.colours[1]} " if len(look.colours) > 1 else ""
        tail = f" with {second}{form}" if "stripes" in form else " in a gradient"
    elif form:
        where = "" if shape.place == "centre" else f" at the {shape.place}"
        tail = f" with {_article(form)} {form}{where}"
    else:
        others = [name for name in look.colours[1:3] if name]
        tail = f" with {' and '.join(others)}" if others else ""
    text = ", with lines that look like text" if look.text_like else ""
    opening = f"{_article(look.brightness).capitalize()} {look.brightness} {look.orientation}"
    return f"{opening} picture, mostly {look.colours[0]}{tail}{text}."


def title(look: Look) -> str:
    """A few words instead of a sentence."""
    return f"{look.shape.words() or look.colours[0] + ' scene'}, {look.brightness}"


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


def _subject(look: Look) -> list[str]:
    if look.shape.form:
        general = "pattern" if look.shape.form in _GROUNDS else "geometric shape"
        return [look.shape.words(), general]
    return ["written page"] if look.text_like else [f"{look.texture} scene"]


def _setting(look: Look) -> list[str]:
    ground = f"{look.colours[0]} background"
    light = {"dark": "dark surroundings", "bright": "open light"}
    return [ground, light.get(look.brightness, "indoors")]


def _style(look: Look) -> list[str]:
    base = {"plain": "minimal", "detailed": "photographic", "busy": "busy"}[look.texture]
    shape = "graphic" if look.shape.form else "natural"
    return [base, shape, look.contrast]


def _mood(look: Look) -> list[str]:
    pace = {"plain": "calm", "detailed": "balanced", "busy": "lively"}[look.texture]
    light = {"dark": "gloomy", "dim": "quiet", "bright": "cheerful"}.get(look.brightness, "even")
    return [pace, light, look.warmth]


def _text(look: Look) -> list[str]:
    return ["lines of text"] if look.text_like else []


def _light(look: Look) -> list[str]:
    return [look.brightness, look.contrast]


def _layout(look: Look) -> list[str]:
    return [look.orientation, *([look.shape.place] if look.shape.place else [])]


def _colours(look: Look) -> list[str]:
    return list(look.colours)


def _shape(look: Look) -> list[str]:
    return [look.shape.form] if look.shape.form else [look.texture]


def _language(_look: Look) -> list[str]:
    return ["en"]


def everything(look: Look) -> list[str]:
    """Words of every kind, the most telling first, none twice."""
    kinds = (_subject, _colours, _light, _style, _mood, _layout, _setting)
    return list(dict.fromkeys(word for kind in kinds for word in kind(look)))


Chooser = Callable[[Look], list[str]]
_BANKS: tuple[tuple[re.Pattern[str], Chooser], ...] = tuple(
    (re.compile(pattern), chooser)
    for pattern, chooser in (
        (r"colou?r|palette|hue", _colours),
        (r"mood|feeling|emotion|atmosphere|tone", _mood),
        (r"style|techni|medium|genre|treatment", _style),
        (r"shape|form\b|geometr", _shape),
        (r"orientation|aspect|layout|compos|position|framing", _layout),
        (r"light|bright|exposure|contrast", _light),
        (r"\btext|\bocr|words? in|writing|lettering|inscription", _text),
        (r"setting|scene|place|location|background|environment|where", _setting),
        (r"subject|object|thing|content|item|people|animal|main", _subject),
        (r"language|locale", _language),
    )
)
SENTENCE = re.compile(r"summary|caption|descri|sentence|alt_?text|narrat|explain")
TITLE = re.compile(r"title|headline|\bname\b|label")


def words_for(name: str, description: str, look: Look) -> list[str]:
    """The words for a property; its name decides before its description."""
    for clue in (_spaced(name), description.lower()):
        for pattern, chooser in _BANKS:
            if clue and pattern.search(clue):
                return chooser(look)
    return everything(look)


def string_for(name: str, description: str, look: Look) -> str:
    """The text for a property that holds one string."""
    clue = _spaced(name)
    if SENTENCE.search(clue):
        return sentence(look)
    if TITLE.search(clue):
        return title(look)
    known = any(pattern.search(clue) for pattern, _ in _BANKS)
    if not known and SENTENCE.search(description.lower()):
        return sentence(look)
    return ", ".join(words_for(name, description, look)[:2])


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()
