"""Errors that a person may see.

GemtagError                 anything we raise on purpose
├── UsageError              the words of a command, or a value given to it          exit 2
├── SettingsError           a setting that cannot be used                           exit 2
│   └── ProfileError        a profile that cannot be used                           exit 2
├── KeyMissingError         no API key where one is needed                          exit 2
├── LibraryError            the library file cannot be used                         exit 2
│   ├── LibraryNewerError   written by a newer gemtag
│   └── LibraryBusyError    another engine holds the lock
└── StoppedError            an engine that ended for a reason worth an exit code    exit 3
"""

from __future__ import annotations

from typing import ClassVar


class GemtagError(Exception):
    """Something went wrong that gemtag knows how to explain.

    Attributes:
        message: what happened and what to do about it, in one or two sentences.
        title: a few words for the head of a message.
        exit_code: what a shell command ends with (see the command contract).
    """

    title: ClassVar[str] = "gemtag cannot go on"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __rich__(self) -> str:
        """Show words instead of a traceback with its local variables."""
        return f"{self.title}: {self.message}".replace("[", r"\[")


class UsageError(GemtagError):
    """A command was given something it cannot use."""

    title = "That cannot be done"


class SettingsError(GemtagError):
    """A setting has a value that cannot be used."""

    title = "Settings"


class ProfileError(SettingsError):
    """A profile cannot be read, or its parts contradict each other."""

    title = "Profile"


class KeyMissingError(GemtagError):
    """No Gemini API key was found."""

    title = "No key"


class LibraryError(GemtagError):
    """The library file cannot be read or written."""

    title = "Library"


class LibraryNewerError(LibraryError):
    """The library was written by a newer gemtag."""


class LibraryOlderError(LibraryError):
    """The library has an older shape, and only looking at it does not change that.

    Args:
        path: of the library, as it may be shown.
    """

    def __init__(self, path: str) -> None:
        words = "has the shape of an older gemtag; open it once with `gemtag` to update it"
        super().__init__(f"{path} {words}.")


class LibraryBusyError(LibraryError):
    """Another engine holds the library's lock."""

    title = "An engine is already running"


class StoppedError(GemtagError):
    """The engine stopped early because of a limit; everything is kept."""

    title = "Stopped early"
    exit_code = 3
