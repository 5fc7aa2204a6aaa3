"""Who answers at an address, and what is done when nobody does."""

from __future__ import annotations

import pytest
from engine_rig import a_shop

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine import preflight
from gemtag_tui.gemini.client import GeminiClient, ModelSeen

SILENCE = CallError(Trouble.NETWORK, "The connection failed.")


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    monkeypatch.setattr(preflight, "_ASK_AGAIN", (0.0, 0.0, 0.0))
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


def answers(monkeypatch, *given) -> list:
    script, asked = list(given), []

    async def get_model(self, model) -> ModelSeen | CallError:
        asked.append(model)
        return script.pop(0) if len(script) > 1 else script[0]

    monkeypatch.setattr(GeminiClient, "get_model", get_model)
    return asked


async def test_where_nobody_ever_answered_nothing_is_begun(shop, monkeypatch):
    await shop.add(3)
    asked = answers(monkeypatch, SILENCE)
    with pytest.raises(UsageError, match=r"Nobody answers at http.*GOOGLE_GEMINI_BASE_URL"):
        await shop.run()
    assert len(asked) == 4
    assert shop.calls() == 0


async def test_a_server_that_starts_late_is_waited_for(shop, monkeypatch):
    await shop.add(3)
    real = GeminiClient.get_model
    asked = []

    async def late(self, model) -> ModelSeen | CallError:
        asked.append(model)
        return SILENCE if len(asked) < 3 else await real(self, model)

    monkeypatch.setattr(GeminiClient, "get_model", late)
    assert await shop.run() == 0
    assert shop.end.provider == "simulator"


async def test_one_that_answered_before_is_known_through_an_outage(shop, monkeypatch):
    await shop.add(3)
    assert await shop.run(limit=1) == 0
    answers(monkeypatch, SILENCE)
    assert await shop.run() == 0
    assert shop.end.provider == "simulator"


async def test_an_answer_of_any_kind_is_an_answer(shop, monkeypatch):
    await shop.add(3)
    asked = answers(monkeypatch, CallError(Trouble.OVERLOADED, "503", 503))
    monkeypatch.setattr(preflight, "GOOGLE", "simulator")
    assert await shop.run() == 0
    assert len(asked) == 1
