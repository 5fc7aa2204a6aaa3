"""Lines of toned text, and what is drawn with signs: bars and plots. Pure values, no widgets.

A *span* is a text and a tone; a *line* is a list of spans. Tones are names that the stylesheet
gives colours to. Texts may come from anywhere: `safe` is applied when a line is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, set_cell_size

from gemtag_tui.core.text import plain

Tone = Literal["", "muted", "strong", "accent", "good", "warn", "bad", "head"]
TONES: tuple[Tone, ...] = ("muted", "strong", "accent", "good", "warn", "bad", "head")
Span = tuple[str, Tone]
Line = list[Span]
Keep = Literal["head", "tail"]

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉█"
_ASCII = str.maketrans(
    {
        "●": "*", "○": "o", "◌": "o", "‖": "|", "✓": "+", "✗": "x", "▸": ">", "◀": "<", "•": "*",
        "…": "~", "·": "-", "–": "-", "—": "-", "─": "-", "│": "|", "┬": "+", "┴": "+", "├": "+",
        "┤": "+", "┼": "+", "≈": "~", "≤": "<", "≥": ">", "⏎": "Enter", "±": "+", "→": "->",
        "×": "x",
        "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "=", "▍": "=", "▎": "-", "▏": "-", "░": ".",
        "▁": ".", "▂": ".", "▃": ":", "▄": ":", "▅": "=", "▆": "=", "▇": "#",
        "’": "'", "‘": "'", "“": '"', "”": '"', "◆": "*", "↑": "^", "↓": "v", "←": "<",
    }
)  # fmt: skip


_JOINING = dict.fromkeys([0x200D, *range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)])
"""Joiners, variants and skin tones: terminals do not agree on how wide what they join is, and one
that differs by a cell leaves scraps of old lines."""


@lru_cache(maxsize=4096)
def safe(text: str, ascii_only: bool = False) -> str:
    """Return one harmless line, in ASCII signs alone when the terminal has no others.

    It is as wide as its characters together.
    """
    text = plain(text, 4000)
    if not text.isascii():
        text = text.translate(_JOINING)
    if ascii_only and not text.isascii():
        text = text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def fit(text: str, width: int, *, right: bool = False, keep: Keep = "head") -> str:
    """Return the text in exactly `width` cells: padded, or cut with an ellipsis.

    Args:
        text: a harmless line (see `safe`).
        width: in terminal cells.
        right: pad on the left, as numbers stand.
        keep: which end survives a cut; a path keeps its tail.
    """
    if width <= 0:
        return ""
    size = cell_len(text)
    if size <= width:
        gap = " " * (width - size)
        return gap + text if right else text + gap
    if keep == "tail":
        return _keep_tail(text, width)
    cut = set_cell_size(text, width - 1)
    words = cut.rstrip()
    return words + "…" + " " * (cell_len(cut) - cell_len(words))


def _keep_tail(text: str, width: int) -> str:
    head = max(0, (width - 1) // 4) if width >= 20 else 0
    front = set_cell_size(text, head)
    room, back = width - 1 - head, ""
    for char in reversed(text):
        if cell_len(char) > room:
            break
        room -= cell_len(char)
        back = char + back
    return front + "…" + " " * room + back


def width_of(line: Sequence[Span]) -> int:
    """Cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def sides(left: Line, right: Line, width: int) -> Line:
    """One line with a part at either end; the left part gives way."""
    room = width - width_of(right)
    front = clip(left, max(0, room - 1))
    return [*front, (" " * (room - width_of(front)), ""), *right]


def clip(line: Line, width: int) -> Line:
    """The line cut to at most `width` cells, ended by an ellipsis where something was cut."""
    out: Line = []
    for text, tone in line:
        size = cell_len(text)
        if size > width:
            if width > 0:
                out.append((fit(text, width), tone))
            return out
        out.append((text, tone))
        width -= size
    return out


def join(parts: Sequence[Line], between: str = " · ") -> Line:
    """Parts side by side with a quiet sign between them; empty parts are left out."""
    out: Line = []
    for part in parts:
        if part:
            if out:
                out.append((between, "muted"))
            out.extend(part)
    return out


def join_fitting(parts: Sequence[Line], width: int, between: str = " · ") -> Line:
    """As many of the leading parts as fit whole."""
    kept: list[Line] = []
    for part in parts:
        if width_of(join([*kept, part], between)) > width:
            break
        kept.append(part)
    return join(kept, between)


def bar(part: float, whole: float, width: int) -> str:
    """A horizontal bar of `width` cells, in eighths of a cell; never full before all is there."""
    if whole <= 0:
        return "░" * width
    eighths = int(min(1.0, max(0.0, part / whole)) * width * 8)
    if part < whole:
        eighths = min(eighths, width * 8 - 1)
    full, rest = divmod(eighths, 8)
    used = full + (1 if rest else 0)
    return "█" * full + (_PARTS[rest] if rest else "") + "░" * (width - used)


def plot(values: Sequence[float], width: int, height: int) -> list[str]:
    """A plot of the newest `width` values in `height` lines, the highest value filling it."""
    shown = list(values)[-width:]
    top = max(shown, default=0.0)
    levels = [round(value / top * height * 8) if top > 0 else 0 for value in shown]
    lines = []
    for row in range(height - 1, -1, -1):
        signs = "".join(_EIGHTHS[min(8, max(0, level - row * 8))] for level in levels)
        lines.append(signs.rjust(width))
    return lines


def rule(title: Line, width: int) -> Line:
    """A heading: ─ title ─────."""
    words = clip(title, max(0, width - 4))
    return [("─ ", "muted"), *words, (" " + "─" * max(0, width - 3 - width_of(words)), "muted")]
