from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.batch_job import (
    ACTIVE,
    FINAL,
    OPEN,
    TRANSITIONS,
    JobState,
    before,
    doubt_pauses,
    expected_end,
    final_of,
    is_stuck,
    look_pause,
    may_follow,
    next_step,
    refusal_pause,
    state_of,
)
from gemtag_tui.core.batch_operation import RemoteJob, ServerState, read_operation, read_state
from gemtag_tui.core.batch_plan import Caps, asset_of, caps, has_room, key_of, wants_first
from gemtag_tui.core.settings import Batch

states = st.sampled_from(JobState)


@given(states)
def test_every_state_has_a_next_step_and_a_way_to_an_end(state):
    assert next_step(state).endswith(".")
    reached, front = {state}, [state]
    while front:
        for after in TRANSITIONS[front.pop()]:
            if after not in reached:
                reached.add(after)
                front.append(after)
    assert reached & FINAL
    assert state in OPEN or state in FINAL


@given(states, states)
def test_before_is_the_table_read_backwards(one, other):
    assert (one in before(other)) == may_follow(one, other)


def test_nothing_is_sent_again_but_through_uploaded():
    """`create` goes out in `submitting` alone, which nothing but `uploaded` leads to."""
    assert before(JobState.SUBMITTING) == (JobState.UPLOADED,)
    assert JobState.SUBMITTING not in TRANSITIONS[JobState.PENDING]
    assert not any(TRANSITIONS[state] & ACTIVE for state in FINAL)


@given(st.floats(0.01, 3600), st.integers(0, 1000), st.floats(0, 0.999))
def test_looks_grow_apart_within_bounds(poll, looks, jitter):
    pause = look_pause(poll, looks, jitter)
    assert 0.9 * poll <= pause <= 1.1 * max(poll, min(600.0, 20 * poll)) + 1e-9
    assert look_pause(poll, looks, 0.5) <= look_pause(poll, looks + 1, 0.5) + 1e-9
    assert 0 < refusal_pause(poll, looks, jitter) <= 990


@given(st.floats(0, 3600))
def test_doubt_is_looked_into_at_once_and_for_the_whole_time(within):
    pauses = doubt_pauses(within)
    assert pauses[0] == 0
    assert sum(pauses) == pytest.approx(within)
    assert len(pauses) <= 15


def test_stuck_and_expected_end():
    assert not is_stuck(1000.0, None, 1)
    assert not is_stuck(4000.0, 1000.0, 1)
    assert is_stuck(4600.0, 1000.0, 1)
    assert expected_end(200.0, 100.0, 100, 50) == pytest.approx(300.0)
    assert expected_end(200.0, 100.0, 100, 0) is None
    assert expected_end(200.0, None, 100, 50) is None


@pytest.mark.parametrize("prefix", ["BATCH_STATE_", "JOB_STATE_"])
@pytest.mark.parametrize("state", [s for s in ServerState if s])
def test_both_spellings_are_read(prefix, state):
    assert read_state(prefix + state) is state


def operation(state, **more):
    metadata = {"state": state, "displayName": "x", **more.pop("metadata", {})}
    return {"name": "batches/1", "metadata": metadata, **more}


def test_an_operation_is_read_raw():
    data = operation(
        "BATCH_STATE_RUNNING",
        metadata={
            "batchStats": {"requestCount": "5", "pendingRequestCount": "3"},
            "createTime": "2026-11-22T10:00:00.123456789Z",
            "model": "models/gemini-3.5-flash-lite",
            "inputConfig": {"fileName": "files/abc"},
        },
    )
    job = read_operation(data)
    assert (job.requests, job.pending, job.succeeded, job.failed) == (5, 3, 0, 0)
    assert job.created_at == pytest.approx(1795341600.123456)
    assert (job.model, job.input_file) == ("gemini-3.5-flash-lite", "files/abc")
    assert state_of(job) is JobState.RUNNING


def test_ends_are_told_apart():
    out = {"output": {"responsesFile": "files/batch-1"}}
    ended = read_operation(operation("BATCH_STATE_SUCCEEDED", metadata=out, done=True))
    assert state_of(ended) is JobState.ENDED
    waiting = read_operation(operation("JOB_STATE_SUCCEEDED", done=True))
    assert state_of(waiting) is JobState.RUNNING, "its results are not there yet"
    partial = read_operation(operation("JOB_STATE_PARTIALLY_SUCCEEDED", metadata=out))
    assert partial.ended
    assert final_of(partial.ending) is JobState.INGESTED
    error = {"code": 1, "message": "cancelled"}
    unknown = read_operation(operation("BATCH_STATE_NEW", done=True, error=error))
    assert unknown.ending is ServerState.CANCELLED
    assert final_of(unknown.ending) is JobState.CANCELLED
    going = read_operation(operation("BATCH_STATE_NEW"))
    assert (state_of(going), going.raw_state) == (JobState.PENDING, "BATCH_STATE_NEW")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "metadata",
                    "state",
                    "batchStats",
                    "error",
                    "done",
                    "output",
                    "requestCount",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(json_values)
def test_no_answer_makes_reading_fail(value):
    job = read_operation(value)
    assert job is None or isinstance(job, RemoteJob)
    wrapped = read_operation({"name": "batches/1", "metadata": value, "error": value})
    assert wrapped is not None
    assert state_of(wrapped) in JobState


@given(
    st.integers(1, 10**18 - 1), st.text("abcdefghjkmnpqrstuvwxyz23456789", min_size=4, max_size=4)
)
def test_keys_name_their_asset_in_their_job_alone(asset, nonce):
    key = key_of(asset, nonce)
    assert asset_of(key, nonce) == asset
    assert asset_of(key, nonce[::-1] + "x") is None
    assert asset_of(f"0{key}", nonce) is None
    assert asset_of(f"{key}\n", nonce) is None


def test_what_goes_into_a_job():
    batch = Batch(max_requests=100, max_file_bytes=5000, first_job=20)
    assert caps(batch, 1000, first=False) == Caps(100, 5000, 500)
    assert caps(batch, 0, first=True) == Caps(20, 5000, 0)
    assert caps(batch, 0, first=False, most=7).requests == 7
    assert wants_first(batch, 1000, proven=False)
    assert not wants_first(batch, 200, proven=False)
    assert not wants_first(batch, 1000, proven=True)
    assert has_room(100, 60, 40, alone=False)
    assert not has_room(100, 61, 40, alone=False)
    assert has_room(100, 0, 400, alone=True)
