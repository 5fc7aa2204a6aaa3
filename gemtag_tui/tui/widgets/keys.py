"""The keys that a list of rows and a grid of tiles have in common."""

from __future__ import annotations

from textual.binding import Binding, BindingType


def shared_keys(place: str, one: str, noun: str, opens: str) -> list[BindingType]:
    """Return them: pages, ends, open and marks.

    Args:
        place: begins the bindings' ids.
        one: what the first and the last are called, with a blank before it; may be empty.
        noun: what is marked.
        opens: what Enter does, for the help.
    """
    return [
        Binding("pagedown", "leaf(1)", "page down", show=False, id=f"{place}.pagedown"),
        Binding("pageup", "leaf(-1)", "page up", show=False, id=f"{place}.pageup"),
        Binding("home,g", "jump(0)", f"first{one}", show=False, id=f"{place}.first"),
        Binding("end,G", "jump(-1)", f"last{one}", show=False, id=f"{place}.last"),
        Binding("enter", "open", "open", show=False, id=f"{place}.open", tooltip=opens),
        Binding("space", "mark", "mark", show=False, id=f"{place}.mark", tooltip=f"Mark {noun}"),
        Binding("asterisk", "mark_all", "mark all", show=False, id=f"{place}.mark_all"),
    ]
