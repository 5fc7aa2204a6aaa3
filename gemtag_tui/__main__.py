"""`python -m gemtag_tui` is `gemtag`."""

from __future__ import annotations

from gemtag_tui.cli.main import entry

if __name__ == "__main__":
    entry()
