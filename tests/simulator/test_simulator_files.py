from __future__ import annotations

import json

import pytest
from simulator_tools import FakeClock, body, calling, picture

from gemtag_tui.simulator.filehttp import GRANULARITY

START = {
    "X-Goog-Upload-Protocol": "resumable",
    "X-Goog-Upload-Command": "start",
    "X-Goog-Upload-Header-Content-Type": "image/jpeg",
}


async def begin(api, size, **file):
    headers = {**START, "X-Goog-Upload-Header-Content-Length": str(size)}
    status, headers, answer = await api.send(
        "POST", "/upload/v1/files", headers=headers, json={"file": file}
    )
    if status != 200:
        return json.loads(answer)["error"]["message"]
    assert headers["x-goog-upload-status"] == "active"
    return headers["x-goog-upload-url"].removeprefix(api.simulator.base_url)


async def push(api, url, data, offset, command="upload"):
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
    status, headers, answer = await api.send("POST", url, data=data, headers=headers)
    return status, headers, answer


async def uploaded(api, content, **file):
    url = await begin(api, len(content), **file)
    status, headers, answer = await push(api, url, content, 0, "upload, finalize")
    assert (status, headers["x-goog-upload-status"]) == (200, "final")
    return json.loads(answer)["file"]


async def test_an_upload_in_pieces_can_be_asked_about_and_finished():
    content = bytes(range(256)) * (GRANULARITY // 256) * 2 + b"end"
    async with calling() as api:
        url = await begin(api, len(content), displayName="mine")
        status, headers, _ = await push(api, url, content[:GRANULARITY], 0)
        assert (status, headers["x-goog-upload-status"]) == (200, "active")
        _, headers, _ = await push(api, url, b"", "", "query")
        assert headers["x-goog-upload-size-received"] == str(GRANULARITY)
        assert (await push(api, url, content[:GRANULARITY], 0))[0] == 400
        rest = content[GRANULARITY:]
        status, headers, answer = await push(api, url, rest, GRANULARITY, "upload, finalize")
        file = json.loads(answer)["file"]
        assert headers["x-goog-upload-status"] == "final"
        assert file["sizeBytes"] == str(len(content))
        assert (file["displayName"], file["state"]) == ("mine", "ACTIVE")
        assert (await push(api, url, b"", 0, "query"))[0] == 404


@pytest.mark.parametrize("size", [2, 4])
async def test_a_size_that_was_not_announced_is_refused(size):
    async with calling() as api:
        url = await begin(api, 3)
        assert (await push(api, url, b"x" * size, 0, "upload, finalize"))[0] == 400


async def test_pieces_come_in_multiples_and_uploads_can_be_cancelled():
    async with calling() as api:
        url = await begin(api, 1000)
        assert (await push(api, url, b"x" * 10, 0))[0] == 400
        assert (await push(api, url, b"", 0, "cancel"))[0] == 200
        assert (await push(api, url, b"", 0, "query"))[0] == 404
        assert (await push(api, await begin(api, 10), b"", 0, "dance"))[0] == 400


async def test_names_are_checked_and_taken_once():
    async with calling() as api:
        assert (await uploaded(api, b"x", name="files/my-own"))["name"] == "files/my-own"
        assert "already exists" in await begin(api, 1, name="files/my-own")
        assert "cannot be more than 40 characters" in await begin(api, 1, name="files/" + "a" * 41)
        assert "Invalid file name" in await begin(api, 1, name="files/../../etc")
        assert "exceeds the limit" in await begin(api, 3 * 2**30)


async def test_files_are_listed_got_deleted_and_expire():
    clock = FakeClock()
    async with calling(clock) as api:
        names = [(await uploaded(api, b"x"))["name"] for _ in range(3)]
        _, _, answer = await api.send("GET", "/v1/files?pageSize=2")
        page = json.loads(answer)
        _, _, answer = await api.send("GET", f"/v1/files?pageToken={page['nextPageToken']}")
        rest = json.loads(answer)
        assert [one["name"] for one in page["files"] + rest["files"]] == names[::-1]
        assert (await api.send("DELETE", f"/v1/{names[0]}"))[0] == 200
        assert (await api.send("GET", f"/v1/{names[0]}"))[0] == 403
        assert (await api.send("GET", f"/v1/{names[1]}"))[0] == 200
        clock.advance(48 * 3600)
        assert (await api.send("GET", f"/v1/{names[1]}"))[0] == 403
        assert (await api.send("GET", "/v1/files"))[2] == b"{}"


async def test_an_uploaded_picture_can_be_named_in_a_request_but_not_downloaded():
    async with calling() as api:
        file = await uploaded(api, picture("white", "navy"))
        payload = body()
        link = {"fileData": {"mimeType": "image/jpeg", "fileUri": file["uri"]}}
        payload["contents"][0]["parts"][1] = link
        status, answer = await api.ask(payload)
        assert status == 200
        assert "navy" in str(answer)
        link["fileData"]["fileUri"] = "https://example.org/x.jpg"
        assert (await api.ask(payload))[0] == 400
        assert (await api.send("GET", f"/v1/{file['name']}:download?alt=media"))[0] == 400
