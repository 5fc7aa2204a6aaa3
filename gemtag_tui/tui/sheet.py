"""A stylesheet that is parsed anew only when there is something new in it."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class Sheet(Stylesheet):
    """Textual's stylesheet, less what would come to the same.

    Every screen that is shown for the first time has the app refresh its styles, twice, and each
    time all sources were parsed with the same variables as before: some 50 ms before anything of
    the screen can be seen.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables or {})

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take other variables; with the same as before, what was parsed still holds."""
        if variables != self._given:
            self._given = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse the sources with the variables in force, those parsed before from memory.

        Raises:
            StylesheetParseError: a source has mistakes.
        """
        self.parse()
