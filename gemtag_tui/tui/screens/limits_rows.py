"""The limits screen's rows and words: pure functions from what holds to lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from gemtag_tui.core.model_limits import SPEND_PER_10MIN
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.core.snapshot import Gauge
from gemtag_tui.engine.config import describe, environment_name, get_value
from gemtag_tui.tui.paint import Line, fit, rule, safe
from gemtag_tui.tui.screens.run_gauges import MONEY, figure, figures
from gemtag_tui.tui.source import Holds, LearnedLimit
from gemtag_tui.tui.widgets.frame import LIMIT_NAMES
from gemtag_tui.tui.words import clock, duration, money, number

LABEL_WIDTH = 14
SETTING_OF = {
    "rpm": "limits.rpm",
    "tpm": "limits.tpm",
    "rpd": "limits.rpd",
    "spend": "limits.spend_per_10min",
    "budget_run": "budget.run",
    "budget_day": "budget.day",
    "budget_month": "budget.month",
}
PLAIN_SETTINGS = {
    "limits.tier": "project tier",
    "model": "model",
    "profile": "profile",
    "lane": "lane",
    "concurrency": "calls at once",
}
HELP = {
    "limits.tier": "No call can tell: aistudio.google.com/rate-limit shows your project's tier.",
    "model": "A Gemini model that takes images; results of different models lie side by side.",
}
_FIELDS = {field.name: field for field in describe()}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit, a budget or another setting.

    Attributes:
        name: the setting's dotted name.
        label: what people call it.
        value: as it is edited.
        origin: "default", "config", "environment" or "command line".
        gauge: what is used of it, None for a setting that is no limit.
        learned: what a 429 taught, None when nothing.
    """

    name: str
    label: str
    value: str
    origin: str
    gauge: Gauge | None = None
    learned: LearnedLimit | None = None


def rows_of(holds: Holds) -> list[LimitRow]:
    """A row for every limit and budget, then the other settings."""
    by_name = {gauge.name: gauge for gauge in holds.gauges}
    rows = [
        LimitRow(
            name=setting,
            label=LIMIT_NAMES[name],
            value=_value(holds, setting),
            origin=holds.origins.get(setting, "default"),
            gauge=by_name.get(name, Gauge(name=name, used=0, limit=0)),
            learned=holds.learned.get(name),
        )
        for name, setting in SETTING_OF.items()
    ]
    rows += [
        LimitRow(name, label, _value(holds, name), holds.origins.get(name, "default"))
        for name, label in PLAIN_SETTINGS.items()
    ]
    return rows


def _value(holds: Holds, name: str) -> str:
    value = get_value(holds.settings, name)
    return f"{value:g}" if isinstance(value, float) else str(value)


def source_words(row: LimitRow, tier: str, now: float, zone: tzinfo | None = None) -> str:
    """Where a figure comes from, in few words: tier1 table, you, learned 10:42."""
    if row.gauge is not None and row.gauge.source == "learned" and row.learned is not None:
        return f"learned {clock(row.learned.at, now, zone)}"
    if row.origin == "config":
        return "you"
    if row.origin == "environment":
        return "you, by env"
    if row.origin == "command line":
        return "command line"
    if row.gauge is not None and row.gauge.name not in MONEY - {"spend"}:
        return f"{tier} table"
    return "default"


def frees_words(gauge: Gauge, now: float) -> str:
    """How long until some of it is free again."""
    if gauge.frees_at > now:
        return f"in {duration(gauge.frees_at - now)}"
    return "–"


def head_lines(holds: Holds, now: float, width: int, zone: tzinfo | None = None) -> list[Line]:
    """The key's place, and when the day's quota starts anew."""
    if holds.key_where:
        key: Line = [(" ✓ ", "good"), (f"key found in {holds.key_where}", "")]
        key.append((" · limits belong to its project, not to the key", "muted"))
    else:
        key = [(" ✗ ", "bad"), ("no key: set GEMINI_API_KEY", "bad")]
        key.append((" · aistudio.google.com/apikey makes one", ""))
    reset = reset_words(now, zone)
    return [
        key,
        [(" · ", "muted"), (fit(f"the day's quota starts anew at {reset}", width - 4), "")],
    ]


def reset_words(now: float, zone: tzinfo | None = None) -> str:
    """`00:00 Pacific, 09:00 here, in 9 h 12 min`."""
    at = next_midnight(now)
    return f"00:00 Pacific, {clock(at, now, zone)} here, in {duration(at - now)}"


def setting_line(row: LimitRow, words: str, width: int, last: int) -> Line:
    """A row that is no limit: label, value, and where it comes from in the last `last` cells."""
    value = row.value
    if row.name == "concurrency":
        value = "as many as are useful" if value == "0" else f"at most {value}"
    room = max(10, width - LABEL_WIDTH - 4 - last)
    return [
        (fit(row.label, LABEL_WIDTH), ""),
        ("  ", ""),
        (fit(safe(value), room, keep="tail"), "strong"),
        (f"  {words}", "muted"),
    ]


def detail_lines(
    row: LimitRow, holds: Holds, now: float, width: int, zone: tzinfo | None = None
) -> list[Line]:
    """All that is known of a row, and what its keys do."""
    keys = "⏎ edit · 0 default" + (" · d forget what was learned" if row.learned else "")
    field = _FIELDS[row.name]
    meaning = HELP.get(row.name, field.doc)
    lines: list[Line] = [
        rule([(row.name, "head"), (f" · {keys}", "muted")], width),
        [(" " + fit(meaning, width - 2).rstrip(), "")],
        [(" " + fit(safe(_origin_sentence(row, holds)), width - 2).rstrip(), "muted")],
    ]
    last = _use_sentence(row, now, zone) if row.gauge else _extra_sentence(row, holds)
    lines.append([(" " + fit(safe(last), width - 2).rstrip(), "muted")])
    if row.learned is not None:
        said = row.learned.words
        words = f"learned {clock(row.learned.at, now, zone)}, the server said: {said}"
        lines.append([(" " + fit(safe(words), width - 2).rstrip(), "")])
    return lines


def _origin_sentence(row: LimitRow, holds: Holds) -> str:
    table = table_words(row, holds)
    match row.origin:
        case "config":
            return f"Yours: {row.value}{table} · kept in {holds.config_path}"
        case "environment":
            return f"Yours: {row.value}, from {environment_name(row.name)}{table}"
        case "command line":
            return f"{row.value}, from the command line{table}"
        case _:
            return f"Not set by you{table or ': ' + default_words(row.name)}"


def table_words(row: LimitRow, holds: Holds) -> str:
    """What the tier table says of a limit, "" for other settings."""
    name, tier = row.gauge.name if row.gauge else "", holds.settings.limits.tier
    if name == "spend":
        figure_of_tier = SPEND_PER_10MIN[tier]
        words = money(figure_of_tier) if figure_of_tier else "no limit"
        return f" · the {tier.value} table says {words}"
    table = rules_for(holds.settings.model).limits.get(tier)
    if table is None or name not in {"rpm", "tpm", "rpd"}:
        return ""
    value = {"rpm": table.rpm, "tpm": table.tpm, "rpd": table.rpd}[name]
    words = number(value) if value else "no limit"
    return f" · the {tier.value} table says {words}{', assumed' if table.assumed else ''}"


def _use_sentence(row: LimitRow, now: float, zone: tzinfo | None) -> str:
    gauge = row.gauge
    assert gauge is not None  # noqa: S101 - asked only of rows with one
    parts = [f"used {figures(gauge)}"]
    if gauge.peak:
        parts.append(f"peak {figure(gauge, gauge.peak)}")
    if gauge.refused:
        parts.append(f"refused with 429 today: {number(gauge.refused)}")
    if gauge.name in {"rpd", "budget_day"}:
        parts.append(f"frees {reset_words(now, zone)}")
    elif gauge.frees_at > now:
        at = clock(gauge.frees_at, now, zone)
        parts.append(f"frees {at}, in {duration(gauge.frees_at - now)}")
    return " · ".join(parts)


def _extra_sentence(row: LimitRow, holds: Holds) -> str:
    if row.name == "model":
        return holds.model_note
    if row.name == "profile":
        return f"id {holds.profile_id}" if holds.profile_id else "This profile cannot be read."
    choices = _FIELDS[row.name].choices
    return f"One of {', '.join(choices)}." if choices else ""


def edit_label(row: LimitRow) -> str:
    """The words before the value while it is edited."""
    choices = _FIELDS[row.name].choices
    if choices:
        return f"{row.name} ({', '.join(choices)}):"
    if row.gauge is None:
        return f"{row.name}:"
    unit = " in $" if row.gauge.name in MONEY else ""
    none = "no cap" if row.name.startswith("budget") else "as the tier table says"
    return f"{row.name}{unit} (0: {none}):"


def default_words(name: str) -> str:
    """A setting's default for people."""
    value = _FIELDS[name].default
    if name == "concurrency":
        return "as many as are useful"
    return str(value) if value else "none"
