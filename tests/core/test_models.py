from __future__ import annotations

from datetime import date

import pytest

from gemtag_tui.core.models import MODELS, canonical_model, is_alias, notices, rules_for
from gemtag_tui.core.price_table import STANDARD
from gemtag_tui.core.settings import DEFAULT_MODEL, Tier

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("gemini-2.5-flash-lite", None),
        ("gemini-2.5-flash", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", {"thinkingBudget": 128}),
        ("gemini-3.1-flash-lite", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.5-flash-lite", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3-flash-preview", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.5-flash", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.6-flash", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.7-flash", {"thinkingLevel": "LOW"}),
        ("gemini-3.8-flash", {"thinkingLevel": "LOW"}),
        ("gemini-3.1-pro-preview", {"thinkingLevel": "LOW"}),
        ("gemini-4-argon", {"thinkingLevel": "LOW"}),
        ("gemini-4-carbon", {"thinkingLevel": "LOW"}),
        ("gemini-3.9-flash-lite", None),
    ],
)
def test_thinking_at_its_least_is_what_the_model_accepts(model, config):
    thinking = rules_for(model).thinking
    assert thinking.config("minimum") == config
    assert thinking.config("off") == config


def test_a_level_that_the_model_refuses_becomes_its_least():
    assert rules_for("gemini-3.8-flash").thinking.config("minimal") == {"thinkingLevel": "LOW"}
    assert rules_for("gemini-3.8-flash").thinking.config("high") == {"thinkingLevel": "HIGH"}
    assert rules_for("gemini-2.5-flash").thinking.config("high") == {"thinkingBudget": 8192}


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("wanted", ["minimum", "off", "minimal", "low", "medium", "high"])
def test_no_model_is_given_the_other_styles_setting(model, wanted):
    rules = rules_for(model)
    config = rules.thinking.config(wanted)
    if config is not None:
        assert list(config) == ["thinkingBudget" if rules.family == 2 else "thinkingLevel"]
        level = config.get("thinkingLevel")
        assert level is None or level.lower() in rules.thinking.levels


@pytest.mark.parametrize(
    ("model", "resolution", "size", "tokens"),
    [
        ("gemini-3.5-flash-lite", "low", (4000, 3000), 280),
        ("gemini-3.5-flash-lite", "medium", (10, 10), 560),
        ("gemini-3.5-flash-lite", "high", (10, 10), 1120),
        ("gemini-3.5-flash-lite", "default", (10, 10), 1120),
        ("gemini-2.5-flash-lite", "low", (4000, 3000), 64),
        ("gemini-2.5-flash-lite", "medium", (4000, 3000), 256),
        ("gemini-2.5-flash-lite", "default", (384, 384), 258),
        ("gemini-2.5-flash-lite", "default", (960, 540), 6 * 258),
        ("gemini-2.5-flash-lite", "high", (385, 100), 2 * 258),
    ],
)
def test_image_tokens(model, resolution, size, tokens):
    assert rules_for(model).image_tokens(resolution, *size) == tokens


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_has_limits_for_every_tier(model):
    rules = rules_for(model)
    assert set(rules.limits) == set(Tier) == set(rules.enqueued)
    assert not rules.batch_available(Tier.FREE)
    assert rules.batch_available(Tier.TIER1)
    paid = [rules.limits[tier] for tier in (Tier.TIER1, Tier.TIER2, Tier.TIER3)]
    assert [one.rpm for one in paid] == sorted(one.rpm for one in paid)
    if rules.family > 2:
        assert all(one.assumed for one in paid)


def test_published_and_seen_limits():
    lite = rules_for("gemini-2.5-flash-lite").limits[Tier.TIER1]
    assert (lite.rpm, lite.tpm, lite.rpd, lite.assumed) == (4000, 4_000_000, 0, False)
    free = rules_for("gemini-3.5-flash-lite").limits[Tier.FREE]
    assert (free.rpm, free.tpm, free.rpd) == (15, 250_000, 500)
    assert not rules_for("gemini-3.1-pro-preview").limits[Tier.FREE].available
    assert rules_for("gemini-3-flash-preview").enqueued[Tier.TIER3] == 500_000_000


def test_a_model_of_the_future_gets_its_familys_rules():
    rules = rules_for("gemini-3.9-flash-lite")
    assert (rules.family, rules.size, rules.known, rules.samples) == (3, "lite", False, False)
    assert all(one.assumed for one in rules.limits.values())
    assert rules_for("gemini-5-ultra").family == 5
    assert rules_for("gemini-5-ultra").image_tokens("low", 9, 9) == 280
    assert rules_for("something else").known is False
    assert rules_for("gemini-2.9-flash").family == 2


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("models/gemini-3.5-flash-lite", "gemini-3.5-flash-lite"),
        ("gemini-3.5-flash-lite-001", "gemini-3.5-flash-lite"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("gemini-3-flash-preview", "gemini-3-flash-preview"),
        ("gemini-9-001", "gemini-9-001"),
    ],
)
def test_served_versions_are_recognised(name, known):
    assert canonical_model(name) == known


def test_the_default_model_is_known_priced_and_not_going():
    assert rules_for(DEFAULT_MODEL).known
    assert rules_for(DEFAULT_MODEL).shutdown is None
    assert notices(DEFAULT_MODEL, TODAY) == []
    assert DEFAULT_MODEL in STANDARD


@pytest.mark.parametrize(
    ("model", "today", "words"),
    [
        ("gemini-2.5-flash", TODAY, "in 9 days"),
        ("gemini-2.5-flash", date(2026, 11, 30), "in 1 day."),
        ("gemini-2.5-flash", TODAY, "billed as gemini-3.5-flash-lite"),
        ("gemini-2.5-flash", date(2026, 12, 1), "was shut down on 2026-12-01"),
        ("gemini-2.0-flash", TODAY, "Use gemini-3.5-flash-lite instead."),
        ("gemini-3.1-flash-lite", date(2027, 4, 1), "may go from 2027-05-07 on"),
        ("gemini-3.1-flash-lite", date(2027, 6, 1), "at any time since 2027-05-07"),
        ("gemini-3-flash-preview", TODAY, "is a preview"),
        ("gemini-3.9-flash", TODAY, "not in gemtag's table"),
        ("gemini-flash-lite-latest", TODAY, "moving name"),
    ],
)
def test_what_is_to_be_known_is_said(model, today, words):
    assert any(words in notice for notice in notices(model, today))


def test_a_far_shutdown_is_not_spoken_of():
    assert notices("gemini-3.1-flash-lite", TODAY) == []
    assert is_alias("gemini-pro-latest")
    assert not is_alias("gemini-3.5-flash")
