"""What settings there are: names, types, defaults and meaning, read from their declaration."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from gemtag_tui.core import settings as settings_module
from gemtag_tui.core.settings import Settings

Value = str | int | float | bool

_YES_NO = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: dotted, as in "limits.rpm".
        type: words for people: "a whole number, 0 or more".
        default: the value it has when nobody says anything.
        doc: what it means, one sentence.
        choices: every value it may have, where these are few; else empty.
    """

    name: str
    type: str
    default: Value
    doc: str = ""
    choices: tuple[str, ...] = ()


@cache
def field_types() -> dict[str, Any]:
    """Return the annotated type of every setting by its dotted name, in the order of writing."""
    return dict(_walk(Settings, ""))


def sections() -> frozenset[str]:
    """Return the names of the tables that settings lie in."""
    return frozenset(name.partition(".")[0] for name in field_types() if "." in name)


def get_value(settings: Settings, name: str) -> Value:
    """Return a setting's value as text, number or bool.

    Raises:
        KeyError: there is no such setting.
    """
    if name not in field_types():
        raise KeyError(name)
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return plain_value(value)


def plain_value(value: Any) -> Value:
    """Return what TOML and JSON can hold: an enum's member becomes its value."""
    return value.value if isinstance(value, Enum) else value  # type: ignore[no-any-return]


def convert(name: str, raw: object) -> Any:
    """Return a raw value (text or TOML) as the type of that setting.

    Raises:
        ValueError: it is none of the values that this setting may have.
    """
    kind = field_types()[name]
    if isinstance(raw, str):
        raw = raw.strip()
        raw = _YES_NO.get(raw.lower(), raw) if _bare(kind) is bool else raw
    try:
        value = msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def type_words(kind: Any) -> str:
    """Return words for the values of a type: "a number from 1 to 3600"."""
    choices = choices_of(kind)
    if choices:
        return "one of " + ", ".join(choices)
    noun = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return noun[_bare(kind)] + _range_words(kind)


def choices_of(kind: Any) -> tuple[str, ...]:
    """Return all values of a type that has few, else nothing."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return tuple(str(member.value) for member in bare)
    pattern = _meta(kind, "pattern") or ""
    if pattern.startswith("^(") and pattern.endswith(")$"):
        return tuple(pattern[2:-2].split("|"))
    return ()


def describe() -> list[Field]:
    """Return every setting with its words, for help screens."""
    docs = _docs()
    defaults = Settings()
    return [
        Field(
            name,
            type_words(kind),
            get_value(defaults, name),
            docs.get(name, ""),
            choices_of(kind),
        )
        for name, kind in field_types().items()
    ]


def did_you_mean(name: str) -> str:
    """Return words that lead from a wrong name to the right one."""
    from difflib import get_close_matches  # noqa: PLC0415 - only once something is wrong

    known = list(field_types())
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        tails = {full.rpartition(".")[2]: full for full in known}
        close = [tails[t] for t in get_close_matches(name.rpartition(".")[2], tails, n=1)]
    if close:
        return f"Did you mean {close[0]}?"
    return "`gemtag config list` names all settings."


def _walk(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, kind in get_type_hints(struct, include_extras=True).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from _walk(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, kind


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _meta(kind: Any, attribute: str) -> Any:
    metas = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    values = [getattr(meta, attribute, None) for meta in metas]
    return next((value for value in values if value is not None), None)


def _range_words(kind: Any) -> str:
    low, high = _meta(kind, "ge"), _meta(kind, "le")
    if low is not None and high is not None:
        return f" from {low:g} to {high:,}"
    return "" if low is None else f", {low:,} or more"


@cache
def _docs() -> dict[str, str]:
    """Read the sentence below each setting out of the module that declares them."""
    import ast  # noqa: PLC0415 - only help screens need it
    import inspect  # noqa: PLC0415

    tree = ast.parse(inspect.getsource(settings_module))
    by_class = {
        node.name: _field_docs(node) for node in tree.body if isinstance(node, ast.ClassDef)
    }
    docs = dict(by_class[Settings.__name__])
    for name, kind in get_type_hints(Settings).items():
        for field, doc in by_class.get(getattr(kind, "__name__", ""), {}).items():
            docs[f"{name}.{field}"] = doc
    return docs


def _field_docs(class_node: Any) -> dict[str, str]:
    import ast  # noqa: PLC0415

    docs: dict[str, str] = {}
    for node, after in zip(class_node.body, class_node.body[1:], strict=False):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[node.target.id] = str(after.value.value).strip()
    return docs
