"""What one image takes, caching, prices to come, budgets: a narrow pane. Pure."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from gemtag_tui.core.models import rules_for
from gemtag_tui.tui.paint import Line, Tone, safe
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.words import money, number

Note = tuple[str, Tone]


def note_lines(view: PlanView, width: int, height: int) -> list[Line]:
    """The notes wrapped, as many as there is room for."""
    lines: list[Line] = []
    for words, tone in notes_of(view, roomy=width >= 44):
        wrapped = textwrap.wrap(safe(words), max(12, width - 2), subsequent_indent="  ")
        lines += [[(" " + one, tone)] for one in wrapped]
    if len(lines) > height > 0:
        hidden = len(lines) - height + 1
        lines = [*lines[: height - 1], [(f" {hidden} lines more: v", "muted")]]
    return lines


def notes_of(view: PlanView, *, roomy: bool) -> list[Note]:
    """What is to be said, the tokens first; in few words unless there is room."""
    plan, tokens = view.plan, view.plan.tokens
    thinking = f" ({number(tokens.thinking)} thinking)" if tokens.thinking >= 1 else ""
    each = view.each
    notes: list[Note] = [
        (f"in {number(tokens.prompt)} text + {number(tokens.image)} image", ""),
        (f"out {number(tokens.output)}{thinking}", ""),
        (f"basis: {basis_words(view)}", "muted"),
    ]
    if each is not None:
        notes.insert(2, (f"≈ {money(each)} an image", "strong"))
    notes += [(one, "warn") for one in changes_of(view, roomy=roomy)]
    notes.append((plan.caching, "muted") if roomy and plan.caching else caching_short(view))
    if plan.savings:
        notes += [(one, "muted") for one in plan.savings] if roomy else savings_short(view)
    notes.append(caps_note(view))
    notes += [(one, "warn") for one in plan.budgets]
    if roomy:
        said = set(plan.budgets)
        notes += [(one, "muted") for one in plan.warnings if one not in said]
    return notes


def basis_words(view: PlanView) -> str:
    """What the tokens rest on."""
    tokens = view.plan.tokens
    return "rule; n counts" if tokens.basis == "rule" else tokens.basis


def changes_of(view: PlanView, *, roomy: bool) -> list[str]:
    """Dated changes of the model's price, and how many images they would meet."""
    own = next((one for one in view.plan.models if one.model == view.plan.model), None)
    if own is None:
        return []
    found = list(own.changes) if roomy else [_short_change(one) for one in own.changes]
    later = sum(view.chosen.by_price[1:])
    if later:
        found.append(f"{number(later)} images at the later price, counted in")
    if own.ends:
        found.append(f"model ends {own.ends}")
    return found


def _short_change(words: str) -> str:
    """The date out of a sentence on a price, and that there is one."""
    for word in words.split():
        try:
            day = datetime.strptime(word.strip(".,;:()"), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            continue
        return f"price changes {day:%Y-%m-%d}"
    return words


def caching_short(view: PlanView) -> Note:
    """Whether caching can help, in a few words."""
    least, prompt = rules_for(view.plan.model).cache_min, view.plan.tokens.prompt
    if least is None:
        return "caching: min. unknown", "muted"
    if prompt < least:
        return f"caching no: {number(prompt)} of {number(least)} tokens", "muted"
    return "caching may help; hits count", "good"


def savings_short(view: PlanView) -> list[Note]:
    """What lower detail saves, as far as the plan says that it does."""
    names = [one.split(" ")[2] for one in view.plan.savings if one.startswith("Media resolution ")]
    return [(f"{' or '.join(names)} detail saves: r", "muted")] if names else []


def caps_note(view: PlanView) -> Note:
    """The budgets in force, and what of them is spent."""
    if view.facts is None:
        return "caps: none known", "muted"
    budget, facts = view.facts.settings.budget, view.facts
    parts = []
    for name, cap, spent in (
        ("run", budget.run, 0.0),
        ("day", budget.day, facts.spent_day),
        ("month", budget.month, facts.spent_month),
    ):
        if cap:
            parts.append(f"{name} {money(cap)}" + (f" ({money(spent)} spent)" if spent else ""))
    return f"caps: {', '.join(parts) or 'none'}", "muted" if not parts else ""
