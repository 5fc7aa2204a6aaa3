from __future__ import annotations

import pytest

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.errors import GemtagError, SettingsError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.planning import Options, PlanBook, Selection, Wish, gather, make_plan
from gemtag_tui.engine.preflight import PROVIDER_PREF
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.gemini.address import Address
from gemtag_tui.store import commits, prefs, scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group, NewFailure, NewResult
from gemtag_tui.store.scans import Content, Seen

NOW = 1_795_000_000.0  # 2026-11-18, at noon (Pacific: in the small hours)
LITE = "gemini-3.5-flash-lite"


class Still:
    """A clock that stands."""

    def now(self):
        return NOW

    def monotonic(self):
        return 0.0

    async def sleep(self, seconds):
        return None


def seen(number, folder=b"/pics", size=300_000, kind="jpeg", sides=(1600, 1200)):
    content = Content(number.to_bytes(32, "big"), kind, *sides)
    return Seen(folder, b"%d.jpg" % number, size, int(NOW * 1e9) - number, content)


async def filled(lib, images):
    for start in range(0, images, 5000):
        some = range(start, min(images, start + 5000))
        await scans.record(lib, [seen(n, b"/pics/odd" if n % 2 else b"/pics/even") for n in some])


async def gathered(tmp_path, images=0, overrides=None, environ=None, selection=None, prepare=None):
    async with await Library.open(tmp_path / "l.db", Still()) as lib:
        await filled(lib, images)
        if prepare is not None:
            await prepare(lib)
        loaded = load_settings(None, {}, overrides or {})
        return await gather(lib, loaded, tmp_path / "config.toml", environ or {}, selection)


async def planned(tmp_path, environ=None, overrides=None, lane="auto"):
    async with await Library.open(tmp_path / "l.db", Still()) as lib:
        loaded = load_settings(None, {}, overrides or {})
        return await make_plan(lib, loaded, tmp_path / "config.toml", environ or {}, lane)


async def test_an_empty_library_costs_nothing_and_says_so(tmp_path):
    plan = await planned(tmp_path)
    assert plan.counts.total == 0
    assert [one.lane for one in plan.lanes] == ["interactive", "flex", "batch"]
    assert all(one.cost.likely == 0 and one.duration.seconds == 0 for one in plan.lanes)
    assert any("empty" in words for words in plan.warnings)
    assert plan.reason == "Nothing remains to be tagged."


async def test_it_needs_no_key_and_says_that_there_is_none(tmp_path):
    without = await planned(tmp_path)
    having = await planned(tmp_path, {"GEMINI_API_KEY": "AIzaSomething"})
    assert without.key_where == ""
    assert any("No API key" in words for words in without.warnings)
    assert having.key_where == "GEMINI_API_KEY"
    assert not any("No API key" in words for words in having.warnings)
    assert "AIzaSomething" not in repr(having)


async def test_lanes_that_cannot_be_run_say_why(tmp_path):
    lanes = {one.lane: one for one in (await planned(tmp_path)).lanes}
    assert all(one.available for one in lanes.values())
    assert any("24 hours" in note for note in lanes["batch"].notes)
    free = await planned(tmp_path, overrides={"limits.tier": "free"})
    assert [one.lane for one in free.lanes if one.available] == ["interactive"]
    assert "free tier has no batch jobs" in free.lanes[2].notes[0]
    own = {"limits.tier": "free", "batch.max_enqueued_tokens": 1000}
    assert (await planned(tmp_path, overrides=own)).lanes[2].available


async def test_jobs_take_turns_and_disk_and_a_small_first_job_are_said_before(tmp_path):
    facts = await gathered(tmp_path, 20_000, {"batch.max_enqueued_tokens": 3_000_000})
    batch = PlanBook(facts).compute().lanes[2]
    words = " ".join(batch.notes)
    assert "rounds of jobs" in words
    assert "A job of 20 goes first" in words
    assert "MB of disk at a time" in words
    assert batch.duration.binding == "enqueued"
    assert batch.duration.seconds >= 4 * 86_400
    assert batch.duration.low < batch.duration.seconds < batch.duration.high


async def test_a_free_tier_charges_nothing_and_its_days_are_counted(tmp_path):
    facts = await gathered(tmp_path, 2_000, {"limits.tier": "free"})
    lane = PlanBook(facts).compute().lanes[0]
    assert lane.cost.likely == lane.cost.high == 0
    assert (lane.today, lane.parks) == (500, 3)
    assert lane.duration.binding == "rpd"
    assert any("500 go before midnight Pacific" in note for note in lane.notes)


async def test_a_model_that_goes_away_and_one_without_a_price_are_warned_of(tmp_path):
    going = await planned(tmp_path, overrides={"model": "gemini-2.5-flash"})
    assert any("shut down" in words for words in going.warnings)
    unknown = await planned(tmp_path, overrides={"model": "gemini-9-flash"})
    assert all(one.cost is None for one in unknown.lanes)
    assert any("price" in note for note in unknown.lanes[0].notes)


async def test_the_users_own_prices_are_taken_and_a_bad_file_is_named(tmp_path):
    rows = '[[price]]\nmodel = "gemini-9-flash"\ninput = 1\noutput = 1\n'
    (tmp_path / "prices.toml").write_text(rows)
    plan = await planned(tmp_path, overrides={"model": "gemini-9-flash"})
    assert plan.lanes[0].cost is not None
    (tmp_path / "prices.toml").write_text("[[price]]\n")
    with pytest.raises(SettingsError, match=r"prices\.toml"):
        await planned(tmp_path)


async def test_a_profile_that_is_not_there_stops_the_plan(tmp_path):
    with pytest.raises(GemtagError):
        await planned(tmp_path, overrides={"profile": "nowhere"})


async def test_what_results_used_counts_from_the_first_one(tmp_path):
    async def prepare(lib):
        profile = load_profile("default", tmp_path / "config.toml")
        track = await tracks.ensure_track(lib, "google", LITE, profile.id, "default", profile.body)
        result = NewResult(1, track, Tags("s", {}), "interactive", NOW, Usage(777, 277, 99), 1e-4)
        await commits.commit(lib, Group(results=[result]))

    plan = PlanBook(await gathered(tmp_path, 50, prepare=prepare)).compute()
    assert (plan.tokens.prompt, plan.tokens.image, plan.tokens.output) == (500, 277, 99)
    assert plan.tokens.basis == "measured over 1 result"
    assert (plan.counts.tagged, plan.images) == (1, 49)
    other = PlanBook(await gathered(tmp_path)).compute(options=Options(resolution="medium"))
    assert other.tokens.basis == "rule"
    assert other.images == 50
    assert any("makes another profile" in words for words in other.warnings)


async def test_what_lowering_and_shrinking_save_is_said_only_where_they_save(tmp_path):
    async def large(lib):
        await scans.record(lib, [seen(n, size=3_000_000, sides=(6000, 4000)) for n in range(90)])

    book = PlanBook(await gathered(tmp_path, prepare=large))
    third = book.compute(options=Options(model=LITE, resolution="high"))
    assert any("Shrinking saves upload, not money" in words for words in third.savings)
    assert any("resolution low would take 840 tokens less" in words for words in third.savings)
    second = book.compute(options=Options(model="gemini-2.5-flash-lite", resolution="default"))
    assert any("Shrinking to 1536 pixels would save" in words for words in second.savings)
    low = book.compute(options=Options(model="gemini-2.5-flash-lite", resolution="low"))
    assert any("every image costs the same" in words for words in low.savings)
    assert second.tokens.image == 48 * 258


async def test_selections_by_folder_date_and_number(tmp_path):
    facts = await gathered(tmp_path, 100, selection=Selection(folder=b"/pics/odd"))
    plan = PlanBook(facts).compute()
    assert plan.images == 50
    assert plan.scope == "in /pics/odd"
    assert PlanBook(facts).compute(options=Options(first=7)).images == 7
    nothing = await gathered(tmp_path, selection=Selection(folder=b"/pics/od"))
    assert PlanBook(nothing).compute().images == 0
    dated = await gathered(tmp_path, selection=Selection(since=NOW + 1))
    assert PlanBook(dated).compute().images == 0
    named = await gathered(tmp_path, selection=Selection(query="path:even untagged"))
    assert PlanBook(named).compute().images == 50


async def test_wishes_choose_lanes_split_and_say_why(tmp_path):
    own = {"batch.max_enqueued_tokens": 3_000_000}
    book = PlanBook(await gathered(tmp_path, 20_000, own))
    plain = {one.lane: one for one in book.compute().lanes}
    cheapest = book.compute(Wish(prefer="cheapest"))
    assert cheapest.recommended in {"batch", "flex"}
    assert "cheapest" in cheapest.reason
    short = book.compute(Wish(deadline=plain["interactive"].duration.seconds * 2))
    assert "deadline" in short.reason
    poor = book.compute(Wish(budget=0.5))
    assert "No lane tags all of it for $0.5" in poor.reason
    assert poor.advice.other_model in {"gemini-2.5-flash-lite", ""}
    for plan in (cheapest, short, poor):
        assert sum(part.images for part in plan.advice.parts) == plan.images


async def test_slow_limits_split_between_now_and_batch(tmp_path):
    own = {"limits.rpm": 10, "limits.rpd": 2_000, "batch.max_enqueued_tokens": 4_000_000}
    book = PlanBook(await gathered(tmp_path, 20_000, own))
    lanes = {one.lane: one for one in book.compute().lanes}
    assert lanes["interactive"].duration.binding == "rpd"
    split = book.compute(Wish(prefer="soonest"))
    parts = {part.lane: part for part in split.advice.parts}
    assert sum(part.images for part in parts.values()) == 20_000
    assert set(parts) == {"interactive", "batch"}
    assert max(p.seconds for p in parts.values()) < lanes["batch"].duration.seconds
    in_time = book.compute(Wish(deadline=2.5 * 86_400))
    assert sum(part.images for part in in_time.advice.parts) == 20_000


async def test_auto_takes_no_batch_that_drags_on(tmp_path):
    slow = {"limits.rpm": 100, "batch.max_enqueued_tokens": 3_000_000}
    dragging = PlanBook(await gathered(tmp_path, 20_000, slow)).compute()
    assert dragging.lanes[2].duration.seconds > 3 * 86_400
    assert dragging.recommended == "interactive"
    roomy = {"limits.rpm": 100, "limits.tier": "tier2"}
    assert PlanBook(await gathered(tmp_path, 0, roomy)).compute().recommended == "batch"


async def test_a_plan_over_a_dated_price_says_so_and_counts_it_in(tmp_path):
    own = {"model": "gemini-3.8-flash", "limits.rpd": 150, "limits.rpm": 60}
    plan = PlanBook(await gathered(tmp_path, 10_000, own)).compute()
    lane = plan.lanes[0]
    later = lane.by_price[1]
    assert 0 < later < 10_000
    assert sum(lane.by_price) == 10_000
    each = lane.each_nano / 1e9
    assert lane.cost.likely == pytest.approx((lane.by_price[0] + 2 * later) * each)
    assert any("after the price has changed" in note for note in lane.notes)
    assert any("2027-01-01" in words for words in plan.warnings)


async def test_other_models_are_compared_on_the_same_images(tmp_path):
    plan = PlanBook(await gathered(tmp_path, 1_000)).compute()
    names = [line.model for line in plan.models]
    assert names[0] == "gemini-2.5-flash-lite"
    assert LITE in names
    assert "gemini-2.0-flash" not in names  # gone
    costs = [line.cost for line in plan.models]
    assert costs == sorted(costs)
    assert next(one for one in plan.models if one.model == "gemini-2.5-flash").ends == "2026-12-01"
    going = PlanBook(await gathered(tmp_path, 0, {"model": "gemini-2.5-flash", "limits.rpd": 10}))
    plan = going.compute(Wish(prefer="soonest"), Options(lane="interactive"))
    assert plan.advice.other_model == LITE


async def test_budgets_say_how_far_they_reach(tmp_path):
    plan = PlanBook(await gathered(tmp_path, 1_000, {"budget.run": 0.01})).compute()
    assert any("budget for a run ($0.0100) ends it after about" in w for w in plan.budgets)


async def test_caching_is_said_plainly(tmp_path):
    book = PlanBook(await gathered(tmp_path, 10))
    assert "Caching cannot help" in book.compute(options=Options(model="gemini-3.8-flash")).caching
    assert "no shortest prefix is published" in book.compute().caching


async def test_the_simulator_costs_nothing(tmp_path):
    async def prepare(lib):
        base, version = Address.named(environ)
        root = Address.of(base, version, environ).root
        await prefs.put(lib, f"{PROVIDER_PREF}{root}", "simulator")

    environ = {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"}
    facts = await gathered(tmp_path, 40, environ=environ, prepare=prepare)
    plan = PlanBook(facts).compute()
    assert plan.provider == "simulator"
    assert (plan.lanes[-1].lane, plan.lanes[-1].cost.high) == ("simulator", 0)
    assert plan.lanes[0].cost.likely > 0
    assert plan.recommended == "interactive"
    assert PlanBook(facts).compute(Wish(prefer="cheapest")).recommended in {"batch", "flex"}


async def test_known_bad_kinds_are_kept_apart_by_model_and_resolution(tmp_path):
    async def fail(lib):
        profile = load_profile("default", tmp_path / "config.toml")
        track = await tracks.ensure_track(lib, "google", LITE, profile.id, "default", "{}")
        bad = [
            NewFailure(n, track, FailureKind.SAFETY, "no", Standing.KNOWN_BAD, NOW) for n in (1, 2)
        ]
        await commits.commit(lib, Group(failures=bad))

    facts = await gathered(tmp_path, 6, prepare=fail)
    book = PlanBook(facts)
    assert dict(book.compute().bad) == {"safety": 2}
    assert not book.compute(options=Options(resolution="high")).bad
    assert not book.compute(options=Options(model="gemini-2.5-flash-lite")).bad
