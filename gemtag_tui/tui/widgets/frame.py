"""What stands round every screen, as pure lines: tabs and status above, keys below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from gemtag_tui.tui.paint import Line, join, join_fitting, sides, width_of
from gemtag_tui.tui.screens.table import SCREENS
from gemtag_tui.tui.state import GLYPHS, Life, Look, life_words
from gemtag_tui.tui.words import clock, duration, money, number

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

LIMIT_NAMES = {
    "rpm": "requests/min",
    "tpm": "tokens/min",
    "rpd": "requests today",
    "spend": "$ per 10 min",
    "budget_run": "run budget",
    "budget_day": "day budget",
    "budget_month": "month budget",
    "concurrency": "calls at once",
}
SHORT_LIMITS = {
    "rpm": "RPM",
    "tpm": "TPM",
    "rpd": "RPD",
    "spend": "$/10 min",
    "concurrency": "calls",
}
KEY_NAMES = {
    "question_mark": "?", "exclamation_mark": "!", "colon": ":", "slash": "/", "asterisk": "*",
    "plus": "+", "minus": "-", "left_square_bracket": "[", "right_square_bracket": "]",
    "enter": "⏎", "escape": "Esc", "space": "Space", "pageup": "PgUp", "pagedown": "PgDn",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "home": "Home", "end": "End",
    "equals_sign": "=",
}  # fmt: skip


def tab_line(current: str, look: Look, width: int) -> Line:
    """` 1 Plan  2 Run  …` with the numbers that matter; the present one is bright."""
    out: Line = []
    for place in SCREENS:
        here = place.name == current
        count = look.tabs.get(place.name, 0)
        out += [
            (f" {place.key} ", "accent" if here else "muted"),
            (place.title, "head" if here else "muted"),
            (f" {number(count)}" if count else "", "warn" if place.name == "failures" else "muted"),
            (" ", ""),
        ]
    room = width - width_of(out) - 1
    title: Line = [(look.title, "muted"), (" ", "")] if look.title and room >= 12 else []
    return sides(out, title, width) if width_of(title) <= room else out


def status_line(look: Look, width: int, zone: tzinfo | None = None) -> Line:
    """State, done/total, rate, ETA, spent and the binding limit: what fits, in this order."""
    snapshot, life = look.snapshot, look.life
    glyph, tone = GLYPHS[life]
    counts = snapshot.counts
    parts: list[Line] = [[(f" {glyph} ", tone), (life_words(look), tone)]]
    parts.append([(number(counts.tagged), "strong"), (f"/{number(counts.total)}", "")])
    if life in {Life.RUNNING, Life.STOPPING}:
        parts.append([(f"{number(snapshot.rate_per_min)}/min", "")])
        if snapshot.eta_seconds is not None:
            done = clock(look.now + snapshot.eta_seconds, look.now, zone)
            parts.append([(f"{done} ({duration(snapshot.eta_seconds)})", "")])
    if life is Life.PARKED and snapshot.parked_until:
        parts.append([(f"wakes {clock(snapshot.parked_until, look.now, zone)}", "")])
    if snapshot.run:
        parts.append([(money(snapshot.cost_usd), "")])
    if look.engine and snapshot.binding_limit:
        name = snapshot.binding_limit
        words = SHORT_LIMITS.get(name, LIMIT_NAMES.get(name, name))
        parts.append([(words, ""), (" binds", "muted")])
    if snapshot.provider == "simulator":
        parts.insert(1, [("simulator", "warn")])
    return join_fitting(parts, width)


def key_sign(key: str) -> str:
    """How a key is written for people."""
    return KEY_NAMES.get(key, key.replace("ctrl+", "^"))


def key_line(active: Sequence[ActiveBinding], width: int) -> Line:
    """The keys that fit, most used first; help and quit are never cut."""
    wanted = [found for found in active if found.binding.show and found.binding.description]
    shown = list({found.binding.action: found for found in reversed(wanted)}.values())[::-1]
    last = [_key(f) for f in shown if f.binding.action in {"help", "leave"}]
    rest = [_key(f) for f in shown if f.binding.action not in {"help", "leave"}]
    limit = 5 if width < 100 else 20
    tail = join(last, "  ")
    head = join_fitting(rest[:limit], width - width_of(tail) - 3, "  ")
    between: Line = [("  ", "")] if head else []
    return [(" ", ""), *head, *between, *tail]


def _key(found: ActiveBinding) -> Line:
    sign = found.binding.key_display or key_sign(found.binding.key)
    on = found.enabled
    return [
        (sign, "accent" if on else "muted"),
        (f" {found.binding.description}", "" if on else "muted"),
    ]


def small_line(width: int, height: int) -> Sequence[Line]:
    """What a terminal below 60×15 is told."""
    return [[(f"{width}×{height} is too small: 60×15 at least.", "warn")]]
