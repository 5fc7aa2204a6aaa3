"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

Status = Literal["ok", "warn", "fail"]
FAIL: Status = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do ("" when nothing is to be done)."""

    name: str
    status: Status
    message: str
    fix: str = ""

    @classmethod
    def ok(cls, name: str, message: str) -> Self:
        """All is well."""
        return cls(name, "ok", message)

    @classmethod
    def warn(cls, name: str, message: str, fix: str = "") -> Self:
        """A run goes on, and somebody ought to know."""
        return cls(name, "warn", message, fix)

    @classmethod
    def fail(cls, name: str, message: str, fix: str) -> Self:
        """No run before this is set right."""
        return cls(name, "fail", message, fix)
