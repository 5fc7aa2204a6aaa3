"""The images tried first: their real tags, and what one costs. Pure."""

from __future__ import annotations

import textwrap

from gemtag_tui.store.browse import AssetRow
from gemtag_tui.tui.paint import Line, Span, fit, safe
from gemtag_tui.tui.screens.library_lines import bucket_lines, path_text, tag_words
from gemtag_tui.tui.wanted import PlanView, Trial
from gemtag_tui.tui.words import money, number, plural


def trial_title(trial: Trial | None, view: PlanView | None) -> Line:
    """What the images tried first have come to, in one line."""
    if trial is None:
        return [
            ("try 5 first", "muted"),
            (" · t tags five, with real tags and their cost", "muted"),
        ]
    tagged, failed = len(trial.results), trial.failed
    title: Line = [("tried first ", "muted"), (f"{number(tagged)} tagged", "good")]
    if failed:
        title.append((f", {number(failed)} failed", "bad"))
    if not trial.ended:
        return [*title, (" · going on", "accent")]
    if trial.each is not None:
        title += [(" · ", "muted"), (money(trial.each), "strong"), (" each, measured", "")]
        if view is not None and view.images:
            title.append((f" → {number(view.images)} ≈ {money(trial.each * view.images)}", ""))
    return title


def trial_lines(trial: Trial | None, width: int, height: int) -> list[Line]:
    """The pictures tried, each with its real tags; `v` shows all of them."""
    if trial is None:
        return []
    if not trial.results:
        words = trial.message if trial.ended and trial.message else "Nothing has come back yet."
        return [[("  " + line, "")] for line in textwrap.wrap(safe(words), width - 4)[:height]]
    each = 3 if height >= 3 * len(trial.results) else 2 if height >= 2 * len(trial.results) else 1
    lines: list[Line] = []
    for row in trial.results:
        name = fit(safe(path_text(row.path).rpartition("/")[2]), 18, keep="tail")
        tags = safe(tag_words(row.tags))
        if each == 1:
            lines.append(
                [("  " + name, "strong"), ("  ", ""), (fit(tags, width - 24).rstrip(), "")]
            )
            continue
        said: Span = (fit(safe(row.summary), max(10, width - 24)).rstrip(), "")
        lines.append([("  " + name, "strong"), ("  ", ""), said])
        lines.append([(" " * 22, ""), (fit(tags, max(10, width - 24)).rstrip(), "muted")])
        if each == 3:
            lines.append([])
    if len(lines) > height:
        hidden = len(trial.results) - (height - 1) // each
        lines = [*lines[: height - 1], [(f"  {hidden} more · v shows all", "muted")]]
    return lines


def trial_paragraphs(trial: Trial) -> list[tuple[str, str]]:
    """The pictures tried, in full."""
    found = [
        (path_text(row.path), "\n".join([row.summary, *bucket_lines(row.tags), _origin(row)]))
        for row in trial.results
    ]
    cost = f"{money(trial.cost_usd)} for {plural(len(trial.results) + trial.failed, 'image')}"
    each = f", {money(trial.each)} each" if trial.each is not None else ""
    failed = (
        f"\n{plural(trial.failed, 'image')} failed: 4 Failures says why." if trial.failed else ""
    )
    return [*found, ("Measured", cost + each + failed)]


def _origin(row: AssetRow) -> str:
    return f"{money(row.cost_usd)}, answered by {row.served_model or 'a model that was not named'}"
