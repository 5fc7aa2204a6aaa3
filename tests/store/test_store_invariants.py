"""Whatever happens in whatever order, the kept counters say what is in the tables."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_kit import HandClock, image, result, sha

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.store import commits, failures, scans, tracks, work
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group, NewFailure
from gemtag_tui.store.scans import Broken, Seen

NAMES = st.sampled_from(["a", "b", "c", "d"])
CONTENTS = st.sampled_from([1, 2, 3])
MODELS = st.sampled_from(["m", "n"])
KINDS = st.sampled_from(list(FailureKind))
SELECTIONS = st.builds(Selection, kind=st.none() | KINDS)


class LibraryMachine(RuleBasedStateMachine):
    """Scans, commits and triage in any order, over a few names and contents."""

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.clock = HandClock()
        self.lib = self.do(Library.open(Path(self.folder.name) / "library.db", self.clock))
        self.paid: set[tuple[int, int]] = set()

    def do(self, waiting):
        return self.loop.run_until_complete(waiting)

    def teardown(self):
        self.do(self.lib.close())
        self.loop.close()
        self.folder.cleanup()

    @rule(name=NAMES, content=CONTENTS)
    def scan_image(self, name, content):
        self.do(scans.record(self.lib, [image(name, content)]))

    @rule(name=NAMES, content=st.none() | CONTENTS, size=st.integers(1, 3))
    def scan_broken(self, name, content, size):
        outcome = Broken(FailureKind.UNREADABLE, "x", content and sha(content))
        self.do(scans.record(self.lib, [Seen(b"/pics", name.encode(), size, 1, outcome)]))

    @rule(file=st.integers(1, 4))
    def vanish(self, file):
        async def sweep():
            scan = await scans.begin(self.lib, [])
            await scans.note_vanished(self.lib, scan, [file])
            await scans.sweep_missing(self.lib, scan)

        self.do(sweep())

    @rule(file=st.integers(1, 4))
    def come_back(self, file):
        self.do(scans.mark_back(self.lib, [file]))

    @rule(model=MODELS, asset=st.integers(1, 5), replaces=st.booleans())
    def tag(self, model, asset, replaces):
        track = self.track(model)
        if self.do(self.lib.row("SELECT 1 FROM asset WHERE id = ?", (asset,))):
            self.do(commits.commit(self.lib, Group(results=[result(track, asset)])))
            self.paid.add((track.id, asset))

    @rule(model=MODELS, asset=st.integers(1, 5), kind=KINDS, later=st.booleans())
    def fail(self, model, asset, kind, later):
        track = self.track(model)
        standing = Standing.OPEN if later else Standing.KNOWN_BAD
        due = self.clock.now() + 60 if later else None
        row = NewFailure(asset, track, kind, "w", standing, self.clock.now(), next_retry=due)
        if self.do(self.lib.row("SELECT 1 FROM asset WHERE id = ?", (asset,))):
            self.do(commits.commit(self.lib, Group(failures=[row])))

    @rule(selection=SELECTIONS, verb=st.sampled_from(["retry", "ignore", "reopen"]))
    def triage(self, selection, verb):
        self.do(getattr(failures, verb)(self.lib, selection))

    @rule()
    def wait(self):
        self.clock.at += 100

    @rule(model=MODELS)
    def fill(self, model):
        self.track(model)

    def track(self, model):
        return self.do(tracks.ensure_track(self.lib, "google", model, "p", "p", "{}"))

    @invariant()
    def counts_are_true(self):
        if not hasattr(self, "lib"):
            return
        files = self.do(self.lib.rows("SELECT asset, missing_at IS NULL, id FROM file"))
        live = [row[0] for row in files if row[1]]
        for track in self.do(tracks.list_tracks(self.lib)):
            counts = self.do(work.counts(self.lib, track.id))
            self.check_sum(counts, live, len(files))
            rows = self.do(
                self.lib.rows("SELECT asset, state FROM work WHERE track = ?", (track.id,))
            )
            assert {row[0] for row in rows} == set(live)
            self.check_states(counts, Counter(row[1] for row in rows))
            tagged = {row[0] for row in rows if row[1] == work.State.TAGGED}
            assert tagged == {a for t, a in self.paid if t == track.id} & set(live)
        for asset, known, file in self.do(self.lib.rows("SELECT id, files, file FROM asset")):
            assert known == live.count(asset)
            if known:
                assert file == min(row[2] for row in files if row[0] == asset and row[1])

    def check_sum(self, counts: Counts, live, files):
        assert counts.total == counts.tagged + counts.remaining + counts.known_bad + counts.ignored
        assert counts.total == len(set(live))
        assert (counts.files, counts.missing) == (len(live), files - len(live))
        assert counts.duplicates == len(live) - len(set(live))

    def check_states(self, counts: Counts, states):
        assert counts.tagged == states[work.State.TAGGED]
        assert counts.known_bad == states[work.State.KNOWN_BAD]
        assert counts.ignored == states[work.State.IGNORED]
        assert counts.retry_later == states[work.State.RETRY]

    @invariant()
    def a_new_track_would_start_as_the_library_says(self):
        if not hasattr(self, "lib"):
            return
        counts = self.do(work.library_counts(self.lib))
        bad = "SELECT count(*) FROM asset WHERE files > 0 AND bad"
        assert counts.known_bad == self.do(self.lib.row(bad))[0]
        assert counts.total == counts.remaining + counts.known_bad

    @invariant()
    def failures_in_scope_match_their_files(self):
        if not hasattr(self, "lib"):
            return
        sql = "SELECT count(*) FROM failure b JOIN asset a ON a.id = b.asset"
        assert self.do(self.lib.row(f"{sql} WHERE b.live <> (a.files > 0)")) == (0,)


TestLibrary = LibraryMachine.TestCase
TestLibrary.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
