"""What becomes of a job whose file the server is not done with, or cannot use."""

from __future__ import annotations

import itertools

from batch_rig import rigged

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.gemini.files import FilesApi
from gemtag_tui.store import batches

NOT_ACTIVE = CallError(
    Trouble.BILLING, "The File ab12 is not in an ACTIVE state and usage is not allowed.", 400
)


def says(monkeypatch, *states):
    """Have the server say these of files in turn, the last one from then on."""
    left = itertools.chain(states, itertools.repeat(states[-1]))

    async def state(*_):
        return next(left)

    monkeypatch.setattr(FilesApi, "state", state)


async def words_of(rig):
    (job,) = await batches.page(rig.lib)
    return job, [one.words for one in await batches.events(rig.lib, job.id)][::-1]


async def test_a_file_is_waited_for_until_it_may_be_used(tmp_path, monkeypatch):
    says(monkeypatch, "PROCESSING", "PROCESSING", "ACTIVE")
    async with rigged(tmp_path, 6) as rig:
        await rig.run()
        job, words = await words_of(rig)
        assert (job.state, job.tagged, job.sent) == ("ingested", 6, 1)
        assert words.count("The server still looks through its file.") == 1, "said once"


async def test_a_refusal_since_the_file_is_not_ready_is_no_refusal_of_the_project(
    tmp_path, monkeypatch
):
    says(monkeypatch, "")
    refusals = iter([NOT_ACTIVE])
    create = BatchApi.create

    async def refused(self, *args):
        return next(refusals, None) or await create(self, *args)

    monkeypatch.setattr(BatchApi, "create", refused)
    async with rigged(tmp_path, 6) as rig:
        await rig.run()
        job, _ = await words_of(rig)
        assert (job.state, job.tagged, job.sent) == ("ingested", 6, 2)
        assert rig.control.ending is None


async def test_a_file_that_the_server_could_not_use_is_uploaded_again(tmp_path, monkeypatch):
    says(monkeypatch, "FAILED", "ACTIVE")
    async with rigged(tmp_path, 6) as rig:
        await rig.run()
        job, words = await words_of(rig)
        assert (job.state, job.tagged, job.sent) == ("ingested", 6, 1)
        assert sum(one.startswith("Uploaded") for one in words) == 2


async def test_a_file_that_it_never_can_use_is_given_up(tmp_path, monkeypatch):
    says(monkeypatch, "FAILED")
    async with rigged(tmp_path, 6) as rig:
        await rig.run()
        job, words = await words_of(rig)
        assert (job.state, job.sent) == ("failed", 0)
        assert sum(one.startswith("Uploaded") for one in words) == 5
        assert (await rig.counts()).remaining == 6
        assert rig.control.ending.exit_code == 1
