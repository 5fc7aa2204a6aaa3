"""What the failures' screens ask of a real library: reading, previewing, settling, undoing."""

from __future__ import annotations

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.remedies import Way
from gemtag_tui.engine.profiles import default_profile_text, load_profile
from gemtag_tui.store import commits, failures, scans, selections, tracks, work
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.rows import Group, NewFailure
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.tui.library_source import LibrarySource

from .support import HOSTILE

MANY = 700


def seen(number: int, name: bytes = b"") -> Seen:
    content = Content(number.to_bytes(32, "big"), "jpeg", 640, 480)
    return Seen(b"/pics", name or b"IMG_%04d.jpg" % number, 100, 1, content)


@pytest.fixture
async def source(tmp_path):
    """A library with many failures of three causes, the first ones with hostile names."""
    environ = {
        "GEMINI_API_KEY": "any",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GEMTAG_CONFIG": str(tmp_path / "config.toml"),
        "HOME": str(tmp_path),
        "PATH": "/usr/bin",
    }
    async with LibrarySource.open(tmp_path / "l.db", None, environ) as made:
        profile = load_profile("default", made.config)
        names = [name[:200] for name in HOSTILE]
        files = [seen(i + 1, names[i] if i < len(names) else b"") for i in range(MANY)]
        await scans.record(made.lib, files)
        owner = ("google", "gemini-3.5-flash-lite", profile.id, profile.name, profile.body)
        track = await tracks.ensure_track(made.lib, *owner)
        await commits.commit(made.lib, Group(failures=[_failed(track, i) for i in range(1, MANY)]))
        yield made


def _failed(track: tracks.Track, asset: int) -> NewFailure:
    kinds = (FailureKind.SAFETY, FailureKind.TRUNCATED, FailureKind.MALFORMED)
    kind = kinds[asset % 3]
    return NewFailure(
        asset, track, kind, f"It is {kind.value}.", Standing.KNOWN_BAD, 5.0,
        lane="batch", cost_usd=0.001, raw=b"{}" if kind is FailureKind.TRUNCATED else b"",
    )  # fmt: skip


async def _group(source: LibrarySource, kind: FailureKind):
    return next(one for one in await source.failure_groups() if one.kind is kind)


async def test_files_are_read_by_key_from_either_end(source):
    pages = source.failure_files(await _group(source, FailureKind.SAFETY))
    count = await pages.count()
    assert count == len(range(3, MANY, 3))
    whole = [row.asset for row in await pages.page(0, count)]
    assert whole == list(range(3, MANY, 3))
    assert [row.asset for row in await pages.page(count - 5, 50)] == whole[-5:]
    assert [row.asset for row in await pages.page(100, 7)] == whole[100:107]


async def test_words_narrow_by_name_and_message_and_are_no_patterns(source):
    group = await _group(source, FailureKind.SAFETY)
    assert await source.failure_files(group, "IMG_0030").count() == 1
    assert await source.failure_files(group, "it is").count() == (MANY - 1) // 3
    assert await source.failure_files(group, "%").count() == 0


async def test_remedies_have_prices(source):
    groups = await source.failure_groups()
    found = dict(zip([one.kind for one in groups], await source.remedies(groups), strict=True))
    ways = {one.way: one.total_usd for one in found[FailureKind.TRUNCATED]}
    assert ways[Way.REJUDGE] == 0
    assert ways[Way.MORE_OUTPUT] > ways[Way.RETRY] > 0
    assert await source.remedies([]) == []


async def test_a_preview_changes_nothing_and_says_count_and_cost(source):
    chosen = [Selection(kind=FailureKind.SAFETY), Selection(kind=FailureKind.TRUNCATED)]
    before = await source.failure_groups()
    reach = await source.reach("retry", chosen)
    assert reach.count == reach.sent == len([i for i in range(1, MANY) if i % 3 < 2])
    assert reach.raw == len([i for i in range(1, MANY) if i % 3 == 1])
    assert reach.cost_usd > 0
    assert reach.spent_usd == pytest.approx(reach.count * 0.001)
    other = await source.reach("model", chosen)
    assert other.model != reach.model
    assert other.cost_usd > reach.cost_usd
    assert (await source.reach("ignore", chosen)).cost_usd == 0
    assert await source.failure_groups() == before


async def test_several_causes_are_one_decision_that_is_undone_as_one(source):
    chosen = [Selection(kind=FailureKind.SAFETY), Selection(kind=FailureKind.TRUNCATED)]
    before = await source.failure_groups()
    track = await tracks.latest_track(source.lib)
    stood = await work.counts(source.lib, track.id)
    count = (await source.reach("retry", chosen)).count
    assert f"{count} images are tried again" in await source.decide("retry", chosen)
    assert (await work.counts(source.lib, track.id)).known_bad == stood.known_bad - count
    words = await source.undo_decision()
    assert f"{count} failures as before" in words
    assert await source.failure_groups() == before
    assert await work.counts(source.lib, track.id) == stood
    with pytest.raises(UsageError):
        await source.undo_decision()


async def test_what_was_tried_since_stays_and_is_said(source):
    one, other = Selection(ids=(3,)), Selection(ids=(6,))
    await source.decide("retry", [one, other])
    row = await failures.get(source.lib, 3)
    track = await tracks.latest_track(source.lib)
    await commits.commit(source.lib, Group(failures=[_failed(track, row.asset)]))
    words = await source.undo_decision()
    assert "1 failure as before" in words
    assert "1 tried again or sent since" in words


async def test_all_but_some_of_what_is_filtered(source):
    group = await _group(source, FailureKind.SAFETY)
    same = Selection(kind=group.kind, head=group.head, standing=group.standing)
    rows = await source.failure_files(group, "IMG_03").page(0, 50)
    chosen = Selection(**{**_fields(same), "text": "IMG_03", "but": (rows[0].id,)})
    await source.decide("ignore", [chosen])
    left = {row.id for row in await source.failure_files(group, "IMG_03").page(0, 50)}
    assert left == {rows[0].id}
    assert len(rows) > 1


def _fields(selection: Selection) -> dict[str, object]:
    return {name: getattr(selection, name) for name in Selection.__slots__}


async def test_another_model_is_asked_about_these_alone(source, monkeypatch):
    started = []

    async def start(args=(), *more, **rest):
        started.append(list(args))
        return 4711

    monkeypatch.setattr(source, "start", start)
    words = await source.ask_other([Selection(ids=(3, 6))], "gemini-3.8-flash")
    assert "2 images" in words
    ((_, model, _, number),) = started
    assert model == "gemini-3.8-flash"
    kept = await selections.get(source.lib, int(number))
    assert kept.assets == 2


async def test_stored_answers_are_judged_again_for_nothing(source):
    words = await source.rejudge([Selection(kind=FailureKind.TRUNCATED)])
    assert "judged again, at no cost: 0 are good now" in words


async def test_what_was_sent_is_told(source):
    row = await failures.get(source.lib, 3)
    told = dict(await source.failure_detail(row))
    assert "gemini-3.5-flash-lite" in told["What was sent"]
    assert "lane batch" in told["What was sent"]
    assert "output tokens" in told["What was sent"]
    assert told["Prompt"]
    assert "It is safety." in told["What happened"]
    assert told["Raw answer"].startswith("None was kept")


@pytest.mark.parametrize("verb", ["more-output", "resolution", "re-encode"])
async def test_a_changed_setting_is_previewed_chosen_and_taken_back(source, verb):
    group = await _group(source, FailureKind.TRUNCATED)
    chosen = [Selection(kind=group.kind, head=group.head, standing=group.standing)]
    reach = await source.reach(verb, chosen)
    assert (reach.count, reach.refused, reach.model) == (group.count, 0, "gemini-3.5-flash-lite")
    assert reach.cost_usd > 0
    assert reach.setting
    words = await source.decide(verb, chosen)
    assert words.startswith(f"{group.count} images are tried with ")
    assert words.endswith("by the next run (S on 1 Plan).")
    assert len(words) <= 77
    (row,) = await source.lib.rows("SELECT count(*), min(setting) = max(setting) FROM next_try")
    assert tuple(row) == (group.count, 1)
    assert "as before" in await source.undo_decision()
    assert not await source.lib.rows("SELECT * FROM next_try")


async def test_a_track_is_shown_until_another_is(source):
    first = await source.shown_track()
    other = await tracks.ensure_track(source.lib, "google", "other", "p_9", "close", "{}")
    rows = await source.track_rows()
    assert {row.track.id for row in rows} == {first.id, other.id}
    assert await source.show_track(first.id) == "Shown: gemini-3.5-flash-lite · default."
    assert (await source.shown_track()).id == first.id
    assert len(await source.failure_groups()) == 3
    await source.show_track(other.id)
    assert await source.failure_groups() == []
    source._chosen = None  # another sitting
    assert (await source.shown_track()).id == other.id
    assert [row.chosen for row in await source.track_rows() if row.shown] == [True]
    assert "(the last run)" in await source.show_track(0)
    with pytest.raises(UsageError, match="no such track"):
        await source.show_track(999)


async def test_chosen_images_are_tagged_again_by_a_run_on_a_selection(source, monkeypatch):
    started = []

    async def start(args=()):
        started.append(list(args))
        return 4711

    monkeypatch.setattr(source, "start", start)
    folder = source.config.parent / "profiles"
    folder.mkdir()
    text = default_profile_text().replace("summary_words = 25", "summary_words = 9")
    (folder / "close.toml").write_text(text)
    assert await source.profile_names() == ["default", "close"]
    same = await source.reach_again([1, 2, MANY], "default")
    assert (same.count, same.tagged, same.other) == (1, 0, 2)
    again = await source.reach_again([1, 2, MANY], "close", "gemini-3.8-flash")
    assert (again.count, again.tagged, again.other) == (3, 0, 0)
    assert again.cost_usd > 0
    words = await source.tag_again([1, 2, MANY], again)
    assert "asked about 3 images (process 4711)" in words
    assert started == [
        ["--model", "gemini-3.8-flash", "--profile", "close", "--selection", "1"]
    ]  # fmt: skip
    assert (await selections.get(source.lib, 1)).assets == 3
