# ruff: noqa: PTH109, PTH116, PTH123 - names are bytes
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import anyio
import imaging_traps
import pytest
from imaging_samples import encoded, quarters, turned, write

from gemtag_tui.imaging import child as child_module
from gemtag_tui.imaging.child import ImagingPool, ImagingUnavailableError
from gemtag_tui.imaging.probe import probe
from gemtag_tui.imaging.values import Changed, Limits, Prepared, PrepareRules, Probed, Refused

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals")


class TrickyPool(ImagingPool):
    probe_task = "imaging_traps:tricky_probe"


@pytest.fixture
async def pool():
    made = TrickyPool(2, deadline=20)
    yield made
    await made.aclose()


def folder_of(tmp_path, *names: str) -> list[bytes]:
    data = encoded(quarters(), "JPEG")
    return [write(tmp_path, name, data) for name in names]


async def test_children_find_what_we_find(tmp_path, pool):
    paths = folder_of(tmp_path, *(f"{i}.jpg" for i in range(200)))
    paths[70] = write(tmp_path, "bad.jpg", b"")
    assert await pool.probe_many(paths) == [probe(path, Limits()) for path in paths]
    assert await pool.probe_many([]) == []


async def test_only_the_file_that_crashes_the_decoder_is_blamed(tmp_path, pool):
    paths = folder_of(tmp_path, "a.jpg", "crash.jpg", "b.jpg", "crash2.jpg", "c.jpg")
    outcomes = await pool.probe_many(paths)
    assert [isinstance(o, Probed) for o in outcomes] == [True, False, True, False, True]
    bad = outcomes[1]
    assert isinstance(bad, Refused)
    assert (bad.kind, bad.message) == ("unreadable", "it crashes the decoder")
    status = os.stat(paths[1])
    assert (bad.size, bad.mtime_ns) == (status.st_size, status.st_mtime_ns)


async def test_only_the_file_that_takes_too_much_memory_is_blamed(tmp_path, pool):
    outcomes = await pool.probe_many(folder_of(tmp_path, "a.jpg", "greedy.jpg"))
    assert isinstance(outcomes[0], Probed)
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].kind == "too_large"


async def test_only_the_file_that_takes_too_long_is_blamed(tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "_SECONDS_PER_FILE", 0.0)
    pool = TrickyPool(1, deadline=1)
    outcomes = await pool.probe_many(folder_of(tmp_path, "a.jpg", "hang.jpg", "b.jpg"))
    assert [isinstance(o, Probed) for o in outcomes] == [True, False, True]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].message == "could not be decoded within 1 s"
    await pool.aclose()


async def test_noise_of_decoders_goes_nowhere(tmp_path, pool, capfd):
    outcomes = await pool.probe_many(folder_of(tmp_path, "noisy.jpg"))
    assert isinstance(outcomes[0], Probed)
    assert "TIFF" not in "".join(capfd.readouterr())


async def test_a_child_that_died_by_chance_gets_a_second_chance(tmp_path, pool):
    pool.prepare_task = "imaging_traps:crash_once"
    outcome = await pool.reencode(bytes(tmp_path / "marker"), b"", PrepareRules())
    assert outcome == "done"


async def test_when_no_child_lives_no_file_is_blamed(tmp_path, pool, monkeypatch):
    pool.probe_task = "imaging_traps:always_die"
    monkeypatch.setattr(child_module, "ping", imaging_traps.always_die)
    with pytest.raises(ImagingUnavailableError):
        await pool.probe_many(folder_of(tmp_path, "a.jpg"))


async def test_the_confines_of_a_child(pool):
    pool.prepare_task = "imaging_traps:whereabouts"
    memory, has_pillow, stderr = await pool.reencode(b"", b"", PrepareRules())
    assert (memory, has_pillow, stderr) == (1536 * 1024**2, False, "/dev/null")


async def test_prepare_passes_reencodes_refuses_and_notices_change(tmp_path, pool):
    rules = PrepareRules()
    for data, source in (
        (turned("JPEG", 1), "passed"),
        (turned("JPEG", 6), "reencoded"),
        (turned("TIFF", 1), "reencoded"),
    ):
        path = write(tmp_path, "a", data)
        found = probe(path, Limits())
        assert isinstance(found, Probed)
        outcome = await pool.prepare(path, found.sha256, rules)
        assert isinstance(outcome, Prepared)
        assert outcome.source == source
        assert isinstance(await pool.prepare(path, bytes(32), rules), Changed)
    gone = await pool.prepare(bytes(tmp_path / "gone"), bytes(32), rules)
    assert isinstance(gone, Refused)


async def test_thumbnails_come_from_children_too(tmp_path, pool):
    small = await pool.thumbnail(write(tmp_path, "a.jpg", turned("JPEG", 6)), 32)
    assert isinstance(small, bytes)
    assert isinstance(await pool.thumbnail(write(tmp_path, "b.jpg", b"x"), 32), Refused)


async def test_closing_ends_the_children_and_the_pool_may_be_used_again(tmp_path, pool):
    paths = folder_of(tmp_path, "a.jpg")
    await pool.probe_many(paths)
    (child,) = pool._children
    await pool.aclose()
    assert not alive(child)
    assert isinstance((await pool.probe_many(paths))[0], Probed)


async def test_a_task_given_up_takes_its_child_along(tmp_path, pool):
    paths = folder_of(tmp_path, "a.jpg", "hang.jpg")
    await pool.probe_many(paths[:1])
    (child,) = pool._children
    with anyio.move_on_after(0.2) as scope:
        await pool.probe_many(paths[1:])
    assert scope.cancelled_caught
    assert not alive(child)
    assert isinstance((await pool.probe_many(paths[:1]))[0], Probed)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


ENGINE = """
    import anyio, os, sys
    from gemtag_tui.imaging.child import ImagingPool

    async def main():
        pool = ImagingPool(1, deadline=3)
        found = await pool.probe_many([os.fsencode(sys.argv[1])])
        print(type(found[0]).__name__, "PIL" in sys.modules, *pool._children, flush=True)
        if sys.argv[2] == "stay":
            await anyio.sleep(100)
        if sys.argv[2] == "hang":
            await pool._alone("time:sleep", (1000,))
        await pool.aclose()

    if __name__ == "__main__":
        anyio.run(main)
"""


def start_engine(tmp_path, how: str, what: str) -> subprocess.Popen[str]:
    (tmp_path / "engine_script.py").write_text(textwrap.dedent(ENGINE), encoding="utf-8")
    picture = write(tmp_path, "a.tif", encoded(quarters(), "TIFF"))
    command = {
        "script": ["engine_script.py"],
        "module": ["-m", "engine_script"],
        "words": ["-c", "import anyio, engine_script; anyio.run(engine_script.main)"],
    }[how]
    return subprocess.Popen(
        [sys.executable, *command, os.fsdecode(picture), what],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([os.getcwd(), str(tmp_path)])},
    )


@pytest.mark.parametrize("how", ["script", "module", "words"])
def test_it_works_however_the_program_was_started(tmp_path, how):
    engine = start_engine(tmp_path, how, "leave")
    said, _ = engine.communicate(timeout=30)
    assert said.split()[:2] == ["Probed", "False"], said
    assert len(said.splitlines()) == 1
    assert not alive(int(said.split()[2]))


@pytest.mark.parametrize("what", ["stay", "hang"])
def test_children_end_with_an_engine_that_is_killed(tmp_path, what):
    engine = start_engine(tmp_path, "script", what)
    assert engine.stdout is not None
    child = int(engine.stdout.readline().split()[2])
    assert alive(child)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    engine.stdout.close()
    for _ in range(500):
        if not alive(child):
            break
        time.sleep(0.02)
    assert not alive(child)
