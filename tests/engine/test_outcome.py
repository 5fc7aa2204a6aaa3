from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.batch_job import LOCAL, JobState
from gemtag_tui.core.batch_words import Holder, quarantine_words, way_words
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.outcome import Facts, summed_up

HOLDING = [JobState.QUARANTINED, JobState.BUILT, JobState.UPLOADED, JobState.SUBMITTING]
HOLDING += [JobState.PENDING, JobState.RUNNING, JobState.ENDED]
holders = st.lists(
    st.builds(Holder, st.integers(1, 99), st.sampled_from(HOLDING), st.integers(1, 9), st.just(1)),
    max_size=6,
)


def end(held=(), *, done=0, bad=0, run=1, limited=False, left_out=0, **counts):
    facts = Facts(run, done, bad, Counts(**counts), limited, left_out, held)
    return summed_up(facts)


@given(holders)
def test_every_image_in_a_job_is_spoken_of_and_a_locked_one_is_no_success(held):
    images = sum(one.images for one in held)
    code, words = end(held, total=images, remaining=images, in_batches=images)
    locked = any(one.state is JobState.QUARANTINED for one in held)
    assert code == (1 if locked else 0)
    assert ("batches rescue" in words) == locked
    way = [one for one in held if one.state is not JobState.QUARANTINED]
    assert ("batches sync --watch" in words) == bool(way)
    assert ("their turn" in words) == any(one.state in LOCAL for one in way)
    assert words.startswith("Nothing to do") == (not held)


def test_what_was_submitted_is_said_with_what_fetches_it():
    held = [Holder(4, JobState.PENDING, 10, 7), Holder(5, JobState.SUBMITTING, 2, 7)]
    assert way_words(held, 7) == (
        "12 images submitted in 2 batch jobs: `gemtag batches sync --watch` or "
        "`gemtag run --lane batch` fetches them."
    )
    assert way_words(held, 8).startswith("12 images on the way in 2 batch jobs: ")


def test_one_locked_job_is_named_and_of_many_the_first():
    one = quarantine_words([Holder(3, JobState.QUARANTINED, 20)])
    assert one.startswith("20 images are held by batch job 3, ")
    assert "`gemtag batches rescue 3` frees them" in one
    many = quarantine_words([Holder(n, JobState.QUARANTINED, 1) for n in range(1, 6)])
    assert many.startswith("5 images are held by batch jobs 1, 2, 3 and 2 more, ")
    assert "rescue JOB" in many


def test_the_usual_ends():
    assert end(total=5, tagged=5) == (0, "Nothing to do: 5 of 5 are tagged.")
    assert end() == (0, "Nothing to do: the library is empty; `gemtag scan PATH` adds images.")
    assert end(done=5, total=5, tagged=5) == (0, "Done: 5 tagged by this run, 0 failed.")
    code, words = end(done=3, bad=2, total=5, tagged=3, known_bad=1, retry_later=1, remaining=1)
    assert code == 1
    assert words.endswith("1 known bad, 1 to be tried later.")
    assert end(limited=True, done=1, total=5, tagged=1, known_bad=1)[0] == 0
    assert end(left_out=2)[0] == 1
