"""The first steps in words. Pure."""

from __future__ import annotations

import textwrap

from gemtag_tui.tui.paint import Line, Tone
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.words import number, plural


def first_lines(view: PlanView, width: int) -> list[Line]:
    """Key, limits, images, demo: what is there, and how to get what is not."""
    key, counts = view.plan.key_where, view.plan.counts
    limits = next((one for one in view.checks if one.name == "limits"), None)
    lines: list[Line] = [
        [
            (" gemtag", "head"),
            (" tags folders of images with Google Gemini, and pays for none twice.", ""),
        ],
        [],
    ]
    if key:
        lines += _step(
            "✓", "good", "1 A key", f"found in {key}. It is never stored or shown.", width
        )
    else:
        lines += _step("✗", "bad", "1 A key", "none found. Make one at", width)
        lines += _more("https://aistudio.google.com/apikey", width, "strong")
        lines += _more("then leave with q, and in this shell:", width)
        lines += _more("export GEMINI_API_KEY=…    and again: gemtag", width, "strong")
    words = limits.message if limits else "The tier's usual limits hold."
    sure = limits is not None and limits.status == "ok"
    lines += _step("✓" if sure else "!", "good" if sure else "warn", "2 Limits", words, width)
    if not sure:
        lines += _more(
            "AI Studio shows your project's tier and limits; 6 Limits changes them here.", width
        )
    if counts.total:
        words = f"{plural(counts.total, 'image')} in the library, {number(counts.tagged)} tagged."
        lines += _step("✓", "good", "3 Images", words + " a adds another folder.", width)
    else:
        lines += _step(
            "✗", "bad", "3 Images", "none yet. a adds a folder: its files are only read.", width
        )
    lines += _step(
        "·",
        "accent",
        "Or the demo",
        "d shows everything without a key: pictures made on the spot,",
        width,
    )
    lines += _more("a stand-in for Gemini, nothing paid. It is `gemtag demo` in a shell.", width)
    return [*lines, [], *_then(view, width)]


def _then(view: PlanView, width: int) -> list[Line]:
    if view.plan.key_where and view.plan.counts.total:
        words = "All is there. Esc shows the plan: t tries five images first, S starts."
    elif view.plan.key_where:
        words = "Next: a, and the folder's path."
    elif view.plan.counts.total:
        words = "Next: a key. The plan (Esc) reckons cost and time without one."
    else:
        words = "Next: d to see it work, or a to add a folder; the plan (Esc) needs no key."
    return [[(" " + line, "strong")] for line in textwrap.wrap(words, width - 2)]


def _step(sign: str, tone: Tone, title: str, words: str, width: int) -> list[Line]:
    room = max(20, width - 18)
    lines = textwrap.wrap(words, room) or [""]
    first: Line = [(f" {sign} ", tone), (f"{title:<13}", "strong"), (lines[0], "")]
    rest: list[Line] = [[(" " * 16, ""), (one, "")] for one in lines[1:]]
    return [first, *rest]


def _more(words: str, width: int, tone: Tone = "muted") -> list[Line]:
    lines = textwrap.wrap(words, max(20, width - 18), drop_whitespace=True) or [""]
    return [[(" " * 16, ""), (one, tone)] for one in lines]
