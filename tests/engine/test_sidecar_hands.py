"""Many sidecars: the same files and counts, whether a thread writes them or child processes do."""

from __future__ import annotations

import asyncio
import os
import signal

import anyio.to_process
import pytest

from gemtag_tui.engine import sidecar_hands
from gemtag_tui.engine.sidecar_hands import Hands
from gemtag_tui.interop.sidecar_batch import Job, put_all
from gemtag_tui.interop.xmp_merge import merged
from gemtag_tui.interop.xmp_words import words_of

FOREIGN = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:o="urn:o#"><o:x>kept</o:x></rdf:Description></rdf:RDF></x:xmpmeta>'
)
NUMBER = 40


def jobs_for(folder, number=NUMBER):
    """Return jobs with hostile names, a third each new, merged and refused; some come twice."""
    jobs = []
    for n in range(number):
        path = folder / os.fsdecode(b"%d \xff\x1b[31m.xmp" % n)
        if n % 3 == 1:
            path.write_bytes(FOREIGN)
        if n % 3 == 2:
            path.symlink_to("elsewhere")
        jobs.append(Job(bytes(path), f"words {n}", '{"b": ["tag", "\\u2028<"]}', ""))
    return [*jobs, *(job._replace(summary="later") for job in jobs[:6])]


def files(folder):
    return {
        os.fsencode(path.name): None if path.is_symlink() else path.read_bytes()
        for path in folder.iterdir()
    }


async def with_children(jobs, *, step=7, warm=True):
    async with Hands(children=2, children_from=1) as hands:
        await hands.put(jobs[:1])
        if warm and hands._warm is not None:
            assert await hands._warm == [None, None]
        for start in range(1, len(jobs), step):
            await hands.put(jobs[start : start + step])
        return await hands.finish()


@pytest.mark.parametrize("warm", [True, False])
async def test_children_write_what_a_thread_writes(tmp_path, monkeypatch, warm):
    monkeypatch.setattr(sidecar_hands, "TOGETHER", 4)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    one = put_all(jobs_for(here))
    two = await with_children(jobs_for(there), warm=warm)
    assert files(here) == files(there)
    assert (one.made, one.merged, one.unchanged, one.refused) == (
        *(two.made, two.merged, two.unchanged, two.refused),
    )
    assert sorted(w.replace("here", "there") for w in one.words) == sorted(two.words)
    assert one.refused == 15
    assert b"later" in files(there)[b"0 \xff\x1b[31m.xmp"]


async def test_few_need_no_children(tmp_path):
    jobs = jobs_for(tmp_path)
    async with Hands(children=2) as hands:
        await hands.put(jobs)
        assert hands.done == 0
        tally = await hands.finish()
    assert hands._warm is None
    assert hands.done == len(jobs)
    assert tally.refused == 15


async def test_a_killed_child_loses_nothing(tmp_path, monkeypatch):
    calls = []

    async def broken(*given, **_):
        calls.append(given[0])
        if given[0] is put_all:
            raise anyio.BrokenWorkerProcess

    monkeypatch.setattr(anyio.to_process, "run_sync", broken)
    jobs = jobs_for(tmp_path)
    left = tmp_path / f".gemtag-{os.getpid()}.0-1.part"
    left.write_bytes(b"half a side")
    tally = await with_children(jobs)
    assert put_all in calls
    assert tally.made + tally.merged + tally.unchanged + tally.refused == len(jobs)
    assert not [name for name in files(tmp_path) if b".part" in name]


async def test_no_children_at_all_is_no_trouble(tmp_path, monkeypatch):
    async def none(*_, **__):
        raise OSError("no processes left")

    monkeypatch.setattr(anyio.to_process, "run_sync", none)
    jobs = jobs_for(tmp_path)
    async with Hands(children=2, children_from=1) as hands:
        await hands.put(jobs)
        assert (await hands.finish()).refused == 15


async def test_what_cannot_be_put_on_disk_is_told(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sidecar_hands, "put_all", full)
    with pytest.raises(OSError, match="No space"):
        await with_children(jobs_for(tmp_path), warm=False)


async def test_an_error_ends_only_when_nothing_is_written_any_more(tmp_path, monkeypatch):
    monkeypatch.setattr(sidecar_hands, "TOGETHER", 4)
    hands = Hands(children=2, children_from=1)

    async def fail():
        async with hands:
            await hands.put(jobs_for(tmp_path))
            raise ValueError("reading failed")

    with pytest.raises(ValueError, match="reading failed"):
        await fail()
    assert not [name for name in files(tmp_path) if b".part" in name]
    assert all(task is None or task.done() for task in hands._tails)


def test_a_merge_in_a_child_is_the_merge(tmp_path):
    path = tmp_path / "a.xmp"
    path.write_bytes(FOREIGN)
    asyncio.run(with_children([Job(bytes(path), "s", '{"b": ["t"]}', "")]))
    assert path.read_bytes() == merged(FOREIGN, words_of("s", {"b": ["t"]}))


async def test_a_signal_to_the_whole_group_does_not_stop_a_child(tmp_path):
    limiter = anyio.CapacityLimiter(1)
    await anyio.to_process.run_sync(sidecar_hands.settle, limiter=limiter)
    child = await anyio.to_process.run_sync(os.getpid, limiter=limiter)
    os.kill(child, signal.SIGINT)
    os.kill(child, signal.SIGTERM)
    path = tmp_path / "a.xmp"
    tally = await anyio.to_process.run_sync(
        put_all, [Job(bytes(path), "s", "{}", "")], limiter=limiter
    )
    assert tally.made == 1
