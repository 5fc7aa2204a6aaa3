from __future__ import annotations

import pytest

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine import doctor_api, doctor_here
from gemtag_tui.engine.config import Loaded, load_settings
from gemtag_tui.engine.doctor import Check, Patient, Terminal, examine_all, is_ok, preflight
from gemtag_tui.engine.profiles import at_resolution, default_profile_text, load_profile
from gemtag_tui.gemini.client import GeminiClient, ModelSeen
from gemtag_tui.store import limits, tracks
from gemtag_tui.store.library import Library

NOW = 1_795_000_000.0
KEY = "AIzaSyNobodyMaySeeThis1234567890"


class Still:
    """A clock that stands."""

    def now(self):
        return NOW

    def monotonic(self):
        return 0.0

    async def sleep(self, seconds):
        return None


@pytest.fixture
def answers(monkeypatch):
    """Let the API give one answer, without a network."""
    said = {}

    async def get_model(self, model, timeout=20.0):
        said["asked"] = model
        return said["answer"]

    monkeypatch.setattr(GeminiClient, "get_model", get_model)
    said["answer"] = ModelSeen("m", methods=("generateContent",))
    return said


def patient(tmp_path, environ=None, terminal=Terminal(present=False)):  # noqa: B008
    return Patient(
        library=tmp_path / "l.db",
        config=tmp_path / "config.toml",
        config_named=False,
        environ=environ or {},
        terminal=terminal,
        logs=tmp_path / "logs",
        clock=Still(),
    )


def named(checks, name):
    return next(one for one in checks if one.name == name)


async def test_a_fresh_machine_fails_for_its_key_alone_and_nothing_is_made(tmp_path, answers):
    checks = await examine_all(patient(tmp_path))
    assert [one.name for one in checks if one.status == "fail"] == ["key"]
    assert not is_ok(checks)
    assert all(one.fix for one in checks if one.status == "fail")
    assert "asked" not in answers
    assert list(tmp_path.iterdir()) == []


async def test_with_a_key_and_a_library_all_is_well_and_the_key_is_not_shown(tmp_path, answers):
    async with await Library.open(tmp_path / "l.db", Still()):
        pass
    checks = await examine_all(patient(tmp_path, {"GEMINI_API_KEY": KEY}))
    assert is_ok(checks)
    assert named(checks, "key").message == "Found in GEMINI_API_KEY."
    assert named(checks, "library").status == "ok"
    assert named(checks, "api").status == "ok"
    assert KEY not in repr(checks)


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Trouble.KEY, "fail"),
        (Trouble.MODEL, "warn"),
        (Trouble.NETWORK, "warn"),
        (Trouble.OVERLOADED, "warn"),
    ],
)
async def test_what_the_api_refuses_is_told_with_its_mending(tmp_path, answers, trouble, status):
    answers["answer"] = CallError(trouble, "no\x1b[2J")
    check = named(await examine_all(patient(tmp_path, {"GEMINI_API_KEY": KEY})), "api")
    assert check.status == status
    assert check.fix
    assert "\x1b" not in check.message
    assert "cannot be reached" in check.message  # nothing came back


async def test_the_simulator_is_named(tmp_path, answers):
    answers["answer"] = ModelSeen("m", provider="simulator")
    check = named(await examine_all(patient(tmp_path, {"GEMINI_API_KEY": KEY})), "api")
    assert (check.status, "simulator" in check.message) == ("warn", True)


async def test_a_key_is_never_sent_without_encryption(tmp_path, answers):
    environ = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": "http://example.org"}
    check = named(await examine_all(patient(tmp_path, environ)), "api")
    assert check.status == "fail"
    assert "asked" not in answers


async def test_a_broken_settings_file_is_one_finding_among_others(tmp_path, answers):
    (tmp_path / "config.toml").write_text("modle = 1")
    checks = await examine_all(patient(tmp_path))
    assert named(checks, "settings").status == "fail"
    assert named(checks, "sqlite").status == "ok"


def test_two_keys_are_a_warning():
    check = doctor_api.key_check({"GEMINI_API_KEY": "a" * 20, "GOOGLE_API_KEY": "b" * 20})
    assert check.status == "warn"
    assert "GOOGLE_API_KEY" in check.message


def test_a_file_that_is_no_library_fails(tmp_path):
    path = tmp_path / "l.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    (check,) = doctor_here.library_checks(path)
    assert check.status == "fail"


def test_limits_say_where_they_come_from():
    (check,) = doctor_api.limit_checks(Loaded())
    assert check.status == "warn"
    loaded = load_settings(None, {"GEMTAG_LIMITS__RPM": "60", "GEMTAG_LIMITS__TIER": "tier2"})
    (check,) = doctor_api.limit_checks(loaded)
    assert "rpm 60 (yours)" in check.message
    assert "tier2 (environment)" in check.message


@pytest.mark.parametrize(
    ("terminal", "status"),
    [
        (Terminal(False), "ok"),
        (Terminal(True, 80, 24, "xterm-256color", "utf-8"), "ok"),
        (Terminal(True, 59, 24, "xterm-256color", "utf-8"), "warn"),
        (Terminal(True, 120, 14, "xterm-256color", "utf-8"), "warn"),
        (Terminal(True, 80, 24, "dumb", "utf-8"), "warn"),
        (Terminal(True, 80, 24, "", "utf-8"), "warn"),
        (Terminal(True, 80, 24, "xterm", "iso8859-1"), "warn"),
    ],
)
def test_terminals_are_judged(terminal, status):
    check = doctor_here.terminal_check(terminal)
    assert check.status == status
    assert bool(check.fix) == (status != "ok")


@pytest.mark.parametrize(
    ("free", "status"), [(10**12, "ok"), (500_000_000, "warn"), (1000, "fail")]
)
def test_the_disk_is_judged_by_its_room(tmp_path, monkeypatch, free, status):
    class Usage:
        def __init__(self):
            self.free = free

    monkeypatch.setattr(doctor_here.shutil, "disk_usage", lambda _: Usage())
    assert doctor_here.disk_check(tmp_path / "not" / "yet" / "l.db").status == status


def test_a_failure_is_what_makes_it_not_ok():
    assert is_ok([Check.ok("a", ""), Check.warn("b", "")])
    assert not is_ok([Check.ok("a", ""), Check.fail("b", "", "do")])


def test_a_profile_can_be_taken_at_another_resolution(tmp_path):
    config = tmp_path / "config.toml"
    own, high = load_profile("default", config), load_profile("default@high", config)
    assert (own.model.media_resolution, high.model.media_resolution) == ("low", "high")
    assert own.id != high.id
    assert load_profile("default@low", config).id == own.id
    assert at_resolution("default@high", "medium") == "default@medium"
    path = tmp_path / "mine.toml"
    path.write_text(default_profile_text(), "utf-8")
    assert load_profile(f"{path}@medium", config).model.media_resolution == "medium"
    for name in ("default@huge", "@low", "none@low"):
        with pytest.raises(GemtagError):
            load_profile(name, config)


async def test_only_answers_prove_a_model_and_a_form(tmp_path):
    loaded, config, path = Loaded(), tmp_path / "config.toml", tmp_path / "l.db"
    model = canonical_model(loaded.settings.model)
    before = preflight(loaded, config, {}, path, NOW)
    assert "has not answered here yet" in named(before, "served").message
    assert "not tried" in named(before, "form").message
    profile = load_profile("default", config)
    async with await Library.open(path, Still()) as lib:
        await tracks.ensure_track(lib, "google", model, profile.id, "default", profile.body)
        async with lib.transaction() as db:
            await db.execute(
                "INSERT INTO ledger_day (day, provider, model, lane, requests, tokens_out) "
                "VALUES ('2026-11-17', 'google', ?, 'interactive', 3, 400)",
                (model,),
            )
            await db.execute("UPDATE counter SET tagged = 3")
    after = preflight(loaded, config, {}, path, NOW)
    assert f"{model} answered on 2026-11-17." == named(after, "served").message
    assert "3 times" in named(after, "form").message
    other = preflight(loaded, config, {}, path, NOW, model="gemini-3.8-flash")
    assert "has not answered here yet" in named(other, "served").message
    assert "changes on" in named(other, "price").message


async def test_limits_that_refusals_have_taught_are_named(tmp_path, answers):
    model = canonical_model(Settings().model)
    async with await Library.open(tmp_path / "l.db", Still()) as lib:
        before = await examine_all(patient(tmp_path))
        await limits.learn(lib, "simulator", model, "rpm", 7)
        await limits.learn(lib, "google", model, "rpd", 60)
        await limits.learn(lib, "google", model, "spend", 2.5)
    after = await examine_all(patient(tmp_path))
    assert "learned" not in {check.name for check in before}
    assert "keeps to rpd 60, spend 2.5 where" in named(after, "learned").message
