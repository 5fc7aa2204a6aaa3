"""Styles are parsed once; what they come to is what a fresh parse comes to."""

from __future__ import annotations

import pytest
from textual.css.stylesheet import Stylesheet, StylesheetParseError

from gemtag_tui.tui.screens.table import SCREENS
from gemtag_tui.tui.sheet import Sheet

from .support import FakeSource, settle, shown


def rules_of(sheet: Stylesheet) -> list[tuple[str, dict]]:
    return [(rule.selectors, rule.styles.get_rules()) for rule in sheet.rules]


async def test_after_all_screens_and_a_theme_the_rules_are_those_of_a_fresh_parse():
    async with shown(FakeSource(), "run") as (app, pilot):
        for place in SCREENS:
            await pilot.press(place.key)
            await settle(pilot)
        for theme in ("gemtag", "textual-light"):
            app.theme = theme
            await settle(pilot)
            fresh = Stylesheet(variables=app.get_css_variables())
            for where, (css, default, tie, scope) in app.stylesheet.source.items():
                fresh.add_source(
                    css, read_from=where, is_default_css=default, tie_breaker=tie, scope=scope
                )
            fresh.parse()
            assert rules_of(app.stylesheet) == rules_of(fresh)
            ground = app.get_css_variables()["background"]
            assert app.screen.styles.background.hex6.lower() == ground.lower()


def test_other_variables_are_taken_and_the_same_ones_parse_nothing(monkeypatch):
    sheet = Sheet(variables={"tint": "red"})
    sheet.add_source("Label { color: $tint; }", read_from=("a", ""))
    sheet.parse()
    assert rules_of(sheet)[0][1]["color"].hex == "#FF0000"
    held = sheet.rules[0]
    sheet.set_variables({"tint": "red"})
    sheet.reparse()
    assert sheet.rules[0] is held
    sheet.set_variables({"tint": "blue"})
    sheet.reparse()
    assert sheet.rules[0] is not held
    assert rules_of(sheet)[0][1]["color"].hex == "#0000FF"


def test_a_mistake_is_raised_and_leaves_the_rules():
    sheet = Sheet()
    sheet.add_source("Label { color: red; }", read_from=("a", ""))
    sheet.parse()
    before = rules_of(sheet)
    sheet.add_source("Label { colour: red; }", read_from=("b", ""))
    with pytest.raises(StylesheetParseError):
        sheet.reparse()
    assert rules_of(sheet) == before


async def test_the_other_screens_are_loaded_behind_the_first(monkeypatch):
    monkeypatch.setattr("gemtag_tui.tui.app.LOAD_AFTER", 0.001)
    monkeypatch.setattr("gemtag_tui.tui.app.LOAD_PAUSE", 0.0)
    loaded = []
    kind = type(SCREENS[0])
    monkeypatch.setattr(kind, "load", _noting(kind.load, loaded))
    async with shown(FakeSource(), "run") as (_, pilot):
        while not {place.name for place in SCREENS} <= set(loaded):
            await settle(pilot)


def _noting(load, loaded):
    def noted(place):
        loaded.append(place.name)
        return load(place)

    return noted
