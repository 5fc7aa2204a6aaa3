"""Reading JSON as Google's proto-JSON parser does: either spelling, and nothing unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemtag_tui.simulator.errors import bad_fields

INT32_MAX = 2**31 - 1
TYPE_PREFIX = "type.googleapis.com/google.ai.generativelanguage."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    ``kind`` is one of string, bytes, bool, int32, int64, float, enum, message, map, struct.
    """

    kind: str
    of: Message | None = None
    repeated: bool = False
    values: frozenset[str] = frozenset()
    type_name: str = ""
    any_case: bool = False


@dataclass(slots=True)
class Message:
    """A message type: fields by camelCase name, found by either spelling."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    _by_name: dict[str, tuple[str, str, Field]] = field(default_factory=dict)

    def define(self, **fields: Field) -> Message:
        """Add fields, named in camelCase."""
        for camel, kind in fields.items():
            snake = to_snake(camel)
            self.fields[camel] = kind
            self._by_name[camel] = self._by_name[snake] = (camel, snake, kind)
        return self

    def find(self, name: str) -> tuple[str, str, Field] | None:
        """The camelCase name, snake_case name and field behind a spelling."""
        return self._by_name.get(name)


def to_snake(camel: str) -> str:
    """Spell a camelCase name in snake_case."""
    return "".join("_" + c.lower() if c.isupper() else c for c in camel)


class Reader:
    """Reads one JSON value as a message and gathers what does not fit.

    Args:
        version: API version, named in Google's enum messages.
    """

    def __init__(self, version: str = "v1beta") -> None:
        self._version = version
        self.problems: list[tuple[str, str]] = []

    def read(self, value: Any, message: Message) -> dict[str, Any]:
        """Return the value with camelCase names.

        Raises:
            ApiError: 400 INVALID_ARGUMENT naming every field that does not fit.
        """
        result = self._message(value, message, "")
        if self.problems:
            raise bad_fields(self.problems)
        return result

    def _message(self, value: Any, message: Message, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._mistyped(value, path, message.name)
            return {}
        result: dict[str, Any] = {}
        for name, item in value.items():
            found = message.find(name)
            if found is None:
                self._unknown(name, path)
            elif item is not None:
                camel, snake, kind = found
                where = f"{path}.{snake}" if path else snake
                result[camel] = self._field(item, kind, where, name)
        return result

    def _field(self, value: Any, kind: Field, path: str, name: str) -> Any:
        if kind.repeated:
            items = value if isinstance(value, list) else [value]
            return [self._single(item, kind, f"{path}[{at}]") for at, item in enumerate(items)]
        if isinstance(value, list) and kind.kind != "struct":
            parent = path.rpartition(".")[0]
            self._payload(name, parent, "Proto field is not repeating, cannot start list.")
            return None
        return self._single(value, kind, path)

    def _single(self, value: Any, kind: Field, path: str) -> Any:
        if kind.of is not None and kind.kind == "message":
            return self._message(value, kind.of, path)
        if kind.kind == "map":
            return self._map(value, kind, path)
        if kind.kind == "struct":
            return value
        return self._scalar(value, kind, path)

    def _map(self, value: Any, kind: Field, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._mistyped(value, path, "Map")
            return {}
        if kind.of is None:
            return value
        entries = value.items()
        return {key: self._message(item, kind.of, f"{path}[{key}]") for key, item in entries}

    def _scalar(self, value: Any, kind: Field, path: str) -> Any:
        if kind.kind == "enum":
            return self._enum(value, kind, path)
        result = _CONVERT[kind.kind](value)
        if result is None:
            self._wrong(value, path, f"TYPE_{kind.kind.upper()}")
        return result

    def _enum(self, value: Any, kind: Field, path: str) -> Any:
        if isinstance(value, str):
            known = value.upper() if kind.any_case else value
            if known in kind.values:
                return known
        type_name = f"{TYPE_PREFIX}{self._version}.{kind.type_name}"
        self._wrong(value, path, type_name)
        return None

    def _unknown(self, name: str, path: str) -> None:
        self._payload(name, path, "Cannot find field.")

    def _payload(self, name: str, path: str, why: str) -> None:
        place = f" at '{path}'" if path else ""
        words = f'Invalid JSON payload received. Unknown name "{name}"{place}: {why}'
        self.problems.append((path, words))

    def _mistyped(self, value: Any, path: str, type_name: str) -> None:
        self._wrong(value, path or "request", f"{TYPE_PREFIX}{self._version}.{type_name}")

    def _wrong(self, value: Any, path: str, type_name: str) -> None:
        shown = f'"{value[:80]}"' if isinstance(value, str) else _short(value)
        self.problems.append((path, f"Invalid value at '{path}' ({type_name}), {shown}"))


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "Starting an object on a scalar field" if isinstance(value, dict) else repr(value)[:80]


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _int64(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = int(value) if isinstance(value, (str, int)) else None
    except ValueError:
        return None
    if number is None and isinstance(value, float) and value.is_integer():
        return int(value)
    return number


def _int32(value: Any) -> int | None:
    number = _int64(value)
    return number if number is not None and abs(number) <= INT32_MAX else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


_CONVERT = {
    "string": _string,
    "bytes": _string,
    "bool": _bool,
    "int32": _int32,
    "int64": _int64,
    "float": _float,
}
