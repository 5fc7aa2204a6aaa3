"""An answer that obeys the schema of the request and comes from the picture.

Understands the OpenAPI subset of responseSchema and the keywords of responseJsonSchema that the
service documents (gemini-facts §4).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from gemtag_tui.simulator.look import Look
from gemtag_tui.simulator.words import everything, sentence, string_for, words_for

DEFAULT_ITEMS = 5
MAX_DEPTH = 24

_DATES = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "00:00:00"}


def answer_text(look: Look, schema: dict[str, Any] | None, *, wants_json: bool) -> str:
    """The model's text for a look: JSON by the schema, free JSON, or a sentence."""
    if schema is not None:
        return _json(Filler(look, schema).fill(schema, "", ""))
    if wants_json:
        return _json({"summary": sentence(look), "tags": everything(look)[:DEFAULT_ITEMS]})
    return sentence(look)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Filler:
    """Fills a schema from a look.

    Args:
        look: The picture in words.
        root: The whole schema, where ``$ref`` leads to.
    """

    def __init__(self, look: Look, root: dict[str, Any]) -> None:
        self._look = look
        self._root = root

    def fill(self, schema: dict[str, Any], name: str, description: str, depth: int = 0) -> Any:
        """A value that the schema allows, for the property of this name."""
        schema = self._resolved(schema)
        words = str(schema.get("description") or schema.get("title") or description)
        if "const" in schema:
            return schema["const"]
        if choices := schema.get("enum"):
            return self._choose(list(choices), name, words)
        kind = _kind(schema)
        if depth > MAX_DEPTH:
            return None
        if kind == "OBJECT":
            return self._object(schema, depth)
        if kind == "ARRAY":
            return self._array(schema, name, words, depth)
        return self._scalar(kind, schema, name, words)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(MAX_DEPTH):
            if isinstance(ref := schema.get("$ref"), str):
                schema = self._follow(ref)
            elif options := schema.get("anyOf") or schema.get("oneOf"):
                schema = {**options[0], **{k: v for k, v in schema.items() if k == "description"}}
            else:
                break
        return schema

    def _follow(self, ref: str) -> dict[str, Any]:
        target: Any = self._root
        for step in ref.removeprefix("#").strip("/").split("/"):
            target = target.get(step, {}) if step and isinstance(target, dict) else target
        return target if isinstance(target, dict) else {}

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        children = schema.get("properties") or {}
        order = [name for name in schema.get("propertyOrdering") or [] if name in children]
        names = [*order, *(name for name in children if name not in order)]
        return {name: self.fill(children[name], name, "", depth + 1) for name in names}

    def _array(self, schema: dict[str, Any], name: str, words: str, depth: int) -> list[Any]:
        items = schema.get("items") or schema.get("prefixItems") or {"type": "STRING"}
        if isinstance(items, list):
            return [self.fill(item, name, words, depth + 1) for item in items]
        low = int(schema.get("minItems") or 0)
        high = int(schema["maxItems"]) if schema.get("maxItems") is not None else None
        found = self._items(self._resolved(items), name, words, depth)
        if len(found) < low:
            found += _padding(found, low, self._resolved(items))
        return found[: max(low, DEFAULT_ITEMS)] if high is None else found[:high]

    def _items(self, items: dict[str, Any], name: str, words: str, depth: int) -> list[Any]:
        hint = f"{words} {items.get('description') or ''}"
        if choices := items.get("enum"):
            return self._matching(list(choices), name, hint) or [self._choose(choices, name, hint)]
        if _kind(items) == "STRING":
            return [_clip(word, items) for word in words_for(name, hint, self._look)]
        return [self.fill(items, name, hint, depth + 1)]

    def _matching(self, choices: list[Any], name: str, words: str) -> list[Any]:
        """The choices that the picture's own words name, best first."""
        own = words_for(name, words, self._look) + everything(self._look)
        spoken = " ".join(own).lower().replace("gray", "grey")
        return [c for c in choices if str(c).lower().replace("gray", "grey") in spoken]

    def _choose(self, choices: list[Any], name: str, words: str) -> Any:
        if len(choices) == 1:
            return choices[0]
        matching = self._matching(choices, name, words)
        if matching:
            return matching[0]
        clue = f"{name}:{self._look.colours}:{self._look.shape}".encode()
        return choices[int.from_bytes(hashlib.sha256(clue).digest()[:4]) % len(choices)]

    def _scalar(self, kind: str, schema: dict[str, Any], name: str, words: str) -> Any:
        if kind == "BOOLEAN":
            return self._boolean(name, words)
        if kind in {"INTEGER", "NUMBER"}:
            return self._number(kind, schema)
        if kind == "NULL":
            return None
        if (form := schema.get("format")) in _DATES:
            return _DATES[str(form)]
        return _clip(string_for(name, words, self._look), schema)

    def _boolean(self, name: str, words: str) -> bool:
        clue = f"{name} {words}".lower()
        if "text" in clue:
            return self._look.text_like
        if "dark" in clue:
            return self._look.level < 0.4
        return self._look.level >= 0.4

    def _number(self, kind: str, schema: dict[str, Any]) -> int | float:
        low = float(schema.get("minimum", 0))
        high = float(schema.get("maximum", max(low + 100, 100) if kind == "INTEGER" else low + 1))
        value = low + (high - low) * self._look.level
        return round(value) if kind == "INTEGER" else round(value, 3)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if str(one).lower() != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind).upper()


def _clip(text: str, schema: dict[str, Any]) -> str:
    low, high = int(schema.get("minLength") or 0), schema.get("maxLength")
    if len(text) < low:
        text = (
            text + " picture" * ((low - len(text)) // 8 + 1)
            if text
            else "picture " * (low // 8 + 1)
        )
    return text if high is None else text[: max(int(high), low)]


def _padding(found: list[Any], low: int, items: dict[str, Any]) -> list[Any]:
    """What is missing to so many items."""
    missing = range(len(found), low)
    if _kind(items) == "STRING" and "enum" not in items:
        return [_clip(f"detail {at + 1}", items) for at in missing]
    return [found[at % len(found)] if found else None for at in missing]
