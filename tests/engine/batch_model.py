"""A model of the server that loses replies and lets the engine die at any step."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

from batch_rig import PROFILE

from gemtag_tui.core.batch_operation import RemoteJob, ServerState
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.profile import ECHO_FIELD
from gemtag_tui.gemini.batches import Doubt
from gemtag_tui.gemini.files import StoredFile

LOST = CallError(Trouble.NETWORK, "The connection broke.")
FINE, BEFORE, AFTER, DIE_BEFORE, DIE_AFTER = range(5)


class Died(BaseException):
    """The engine's process is gone."""


def answer(key: str, echo: str | None = None) -> dict:
    text = {ECHO_FIELD: echo or key, "summary": f"A picture called {key}."}
    for bucket in PROFILE.buckets:
        text[bucket.name] = [bucket.vocabulary[0] if bucket.vocabulary else "thing"]
    return {
        "candidates": [
            {"content": {"parts": [{"text": json.dumps(text)}]}, "finishReason": "STOP"}
        ],
        "usageMetadata": {
            "promptTokenCount": 700,
            "candidatesTokenCount": 50,
            "totalTokenCount": 750,
        },
        "modelVersion": "gemini-3.5-flash-lite",
    }


class ModelServer:
    """Batch jobs and files; what is done is done once, whatever becomes of the reply.

    Args:
        fates: what happens to each call in turn; all is fine when they are used up.
        lag: listings that pass before a new job is listed.
    """

    def __init__(self, fates=(), lag: int = 0) -> None:
        self.fates = iter(fates)
        self.lag = lag
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, dict] = {}
        self.numbers = itertools.count(1)
        self.paid: Counter[str] = Counter()
        self.results = lambda lines: lines
        self.ending = ServerState.SUCCEEDED
        self.looks = 1
        self.lists = 0
        self.file_states = iter(())

    async def _call(self, work, lost):
        fate = next(self.fates, FINE)
        if fate == DIE_BEFORE:
            raise Died
        if fate == BEFORE:
            return lost
        done = work()
        if fate == DIE_AFTER:
            raise Died
        return lost if fate == AFTER else done

    async def upload(self, path: Path, display_name, url, begun):
        def work():
            name = f"files/in{next(self.numbers)}"
            self.files[name] = path.read_bytes()
            return StoredFile(name, None)

        return await self._call(work, LOST)

    async def state(self, name):
        return await self._call(lambda: next(self.file_states, "ACTIVE"), "")

    async def create(self, model, display_name, input_file):
        def work():
            name = f"batches/{next(self.numbers)}"
            lines = [json.loads(one) for one in self.files[input_file].splitlines()]
            self.jobs[name] = {
                "name": name,
                "display": display_name,
                "lines": lines,
                "looks": 0,
                "hidden": self.lag,
            }
            return self._remote(self.jobs[name])

        return await self._call(work, Doubt(LOST))

    def _remote(self, job) -> RemoteJob:
        done = job["looks"] > self.looks
        state = self.ending if done else ServerState.RUNNING
        out = (
            f"files/out-{job['name'][8:]}" if done and self.ending is ServerState.SUCCEEDED else ""
        )
        return RemoteJob(
            job["name"],
            job["display"],
            state=state,
            raw_state=f"BATCH_STATE_{state}",
            done=done,
            requests=len(job["lines"]),
            succeeded=len(job["lines"]) if out else 0,
            output_file=out,
        )

    async def get(self, name):
        def work():
            job = self.jobs[name]
            job["looks"] += 1
            if job["looks"] == self.looks + 1:
                self.paid.update(line["key"].split("-")[0] for line in job["lines"])
            return self._remote(job)

        return await self._call(work, LOST)

    async def list_jobs(self):
        def work():
            shown = [job for job in self.jobs.values() if job["hidden"] <= 0]
            for job in self.jobs.values():
                job["hidden"] -= 1
            return [self._remote(job) for job in shown]

        self.lists += 1
        return await self._call(work, LOST)

    async def cancel(self, name):
        return await self._call(lambda: None, LOST)

    async def delete(self, name):
        return await self._call(lambda: None, LOST)

    async def download(self, name, target: Path):
        def work():
            job = self.jobs[f"batches/{name.removeprefix('files/out-')}"]
            lines = [{"key": one["key"], "response": answer(one["key"])} for one in job["lines"]]
            out = self.results(lines)
            target.write_bytes(b"".join(_bytes(one) + b"\n" for one in out))
            return

        return await self._call(work, LOST)


def _bytes(one) -> bytes:
    return one if isinstance(one, bytes) else json.dumps(one).encode()
