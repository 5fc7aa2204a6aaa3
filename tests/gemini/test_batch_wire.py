from __future__ import annotations

import asyncio
import contextlib

import pytest

from gemtag_tui.core.batch_operation import RemoteJob, ServerState
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini import files as files_module
from gemtag_tui.gemini.batches import BatchApi, Doubt
from gemtag_tui.gemini.files import FilesApi, StoredFile
from gemtag_tui.gemini.key import Secret
from gemtag_tui.gemini.remote import Remote
from gemtag_tui.simulator import Batches, Rule, Simulator, SimulatorConfig

MODEL = "gemini-3.5-flash-lite"
LINE = b'{"key":"a","request":{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}}\n'


class Clock:
    def __init__(self):
        self.at = 1_800_000_000.0

    def now(self):
        return self.at

    async def sleep(self, seconds):
        await asyncio.sleep(0)
        self.at += seconds


@contextlib.asynccontextmanager
async def served(*faults, **batches):
    clock = Clock()
    config = SimulatorConfig(pixels=False, faults=faults, batches=Batches(**batches))
    async with Simulator(config, clock=clock) as simulator:
        remote = Remote(Secret("test"), simulator.base_url)
        try:
            yield simulator, clock, BatchApi(remote), FilesApi(remote, clock.sleep)
        finally:
            await remote.close()


async def upload(files, path, url=""):
    begun = []

    async def told(address):
        begun.append(address)

    return await files.upload(path, "name", url, told), begun


def written(tmp_path, content):
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("fault", ["deadline", "overloaded"])
async def test_an_upload_goes_on_after_trouble(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(files_module, "CHUNK", 256 * 1024)
    content = bytes(range(256)) * 4096
    trouble = Rule(fault="deadline", methods=("upload",), calls=((4, 5), (7, 7)))
    async with served(trouble) as (simulator, _, _, files):
        stored, begun = await upload(files, written(tmp_path, content))
        assert isinstance(stored, StoredFile), stored
        assert len(begun) == 1
        (kept,) = simulator.world.files.listed()
        assert kept.path.read_bytes() == content


async def test_an_upload_whose_last_reply_is_lost_is_found_by_name(tmp_path):
    lost = Rule(fault="deadline", methods=("upload",), calls=((3, 3),), after=True)
    async with served(lost) as (simulator, _, _, files):
        path = written(tmp_path, LINE)
        stored, begun = await upload(files, path)
        assert isinstance(stored, StoredFile), stored
        assert len(simulator.world.files.listed()) == 1
        again, more = await upload(files, path, begun[0])
        assert again == stored
        assert not more


async def made(api, files, path):
    stored, _ = await upload(files, path)
    return await api.create(MODEL, "gemtag-x", stored.name)


async def test_jobs_are_made_seen_listed_and_fetched(tmp_path):
    async with served() as (_, clock, api, files):
        job = await made(api, files, written(tmp_path, LINE))
        assert isinstance(job, RemoteJob)
        assert (job.state, job.requests, job.display_name) == (ServerState.PENDING, 1, "gemtag-x")
        names = {(await made(api, files, tmp_path / "in.jsonl")).name for _ in range(12)}
        listed = await api.list_jobs()
        assert {one.name for one in listed} == names | {job.name}
        clock.at += 3600
        ended = await api.get(job.name)
        target = tmp_path / "out"
        assert await files.download(ended.output_file, target) is None
        whole = target.read_bytes()
        assert b'"key":"a"' in whole
        target.write_bytes(whole[:7])
        assert await files.download(ended.output_file, target) is None
        assert target.read_bytes() == whole
        assert await files.download(ended.output_file, target) is None
        assert target.read_bytes() == whole, "nothing is added to what is whole"
        assert await api.delete(job.name) is None
        assert (await api.get(job.name)).http_status == 404


async def test_doubt_and_refusal_are_told_apart(tmp_path):
    lost = Rule(fault="deadline", methods=("batchGenerateContent",), calls=((1, 1),), after=True)
    async with served(lost, max_jobs=1) as (_, _, api, files):
        path = written(tmp_path, LINE)
        assert isinstance(await made(api, files, path), Doubt)
        refused = await made(api, files, path)
        assert isinstance(refused, CallError)
        assert refused.http_status == 429


async def test_no_connection_is_no_doubt():
    remote = Remote(Secret("test"), "http://127.0.0.1:9")
    try:
        told = await BatchApi(remote).create(MODEL, "x", "files/x")
        assert isinstance(told, CallError)
        assert told.trouble is Trouble.NETWORK
        assert isinstance(await BatchApi(remote).list_jobs(), CallError)
    finally:
        await remote.close()


def test_the_key_goes_to_its_own_address_alone():
    remote = Remote(Secret("test"), "https://generativelanguage.googleapis.com")
    assert remote._is_home("https://upload.googleapis.com/upload/x")
    assert not remote._is_home("http://generativelanguage.googleapis.com/x")
    assert not remote._is_home("https://googleapis.com.example.org/x")
    assert remote.upload_address.endswith(".com/upload/v1/files")


async def test_where_a_file_stands_is_asked(tmp_path):
    async with served() as (_, _, _, files):
        stored, _ = await upload(files, written(tmp_path, LINE))
        assert await files.state(stored.name) == "ACTIVE"
        assert not await files.state("files/gone")


@contextlib.asynccontextmanager
async def plain_server(*bodies):
    """Answer each request with a body that ends with the connection, the last one from then on."""
    left = [*bodies]

    async def answered(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = left.pop(0) if len(left) > 1 else left[0]
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + body)
        writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    remote = Remote(Secret("test"), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield FilesApi(remote, Clock().sleep)
    finally:
        await remote.close()
        server.close()


@pytest.mark.parametrize("broken", [LINE[:7], b"", LINE[:-3]])
async def test_results_without_a_length_are_not_taken_for_whole_at_once(tmp_path, broken):
    async with plain_server(broken or LINE, LINE) as files:
        target = tmp_path / "out"
        assert await files.download("files/x", target) is None
        assert target.read_bytes() == LINE
