"""Batch jobs over the wire: make, look at, list, cancel, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from gemtag_tui.core.batch_operation import RemoteJob, read_operation
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini.remote import Lost, Remote, Reply

PAGE = 100
MOST_PAGES = 1000
CREATE_SECONDS = 30.0
"""`create` is waited for at least so long: giving it up costs a search of all jobs."""
_DOUBTFUL = frozenset({408, 409, 425, 499})
"""Refusals that do not say whether the server went on with the work."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """It is not known whether a job was made."""

    error: CallError


Made = RemoteJob | Doubt | CallError
"""What `create` comes to: the job; doubt; or a refusal that says that no job was made."""


class BatchApi:
    """Batch jobs at one address. Nothing is sent twice here.

    Args:
        remote: exchanges.
        timeout: seconds after which a call is abandoned (`calls.timeout`).
    """

    def __init__(self, remote: Remote, timeout: float = 90.0) -> None:
        self._remote = remote
        self._create_seconds = max(CREATE_SECONDS, timeout)

    async def create(self, model: str, display_name: str, input_file: str) -> Made:
        """Ask for a job, once. Creating is not idempotent: two requests make two jobs."""
        whole = {"batch": {"displayName": display_name, "inputConfig": {"fileName": input_file}}}
        reply = await self._remote.exchange(
            "POST",
            self._remote.url(f"models/{quote(model, safe='')}:batchGenerateContent"),
            body=msgspec.json.encode(whole),
            headers={"Content-Type": "application/json"},
            timeout=self._create_seconds,
        )
        if isinstance(reply, Lost):
            return Doubt(reply.error) if reply.sent else reply.error
        if reply.status == 200:
            found = read_operation(reply.json())
            words = "The answer to the request for a batch job cannot be read."
            return found or Doubt(CallError(Trouble.NETWORK, words, 200))
        error = self._remote.refused(reply)
        definite = 400 <= reply.status < 500 and reply.status not in _DOUBTFUL
        return error if definite else Doubt(error)

    async def get(self, name: str) -> RemoteJob | CallError:
        """Look at one job (`batches/…`)."""
        reply = await self._remote.exchange("GET", self._remote.url(quote(name)))
        if isinstance(reply, Lost) or reply.status != 200:
            return self._trouble(reply)
        return read_operation(reply.json()) or _unreadable()

    async def list_jobs(self) -> list[RemoteJob] | CallError:
        """Return all jobs that this key can see, through all pages; none are left out."""
        found: dict[str, RemoteJob] = {}
        token, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            query = {"pageSize": str(PAGE), **({"pageToken": token} if token else {})}
            reply = await self._remote.exchange(
                "GET", self._remote.url(f"batches?{urlencode(query)}")
            )
            if isinstance(reply, Lost) or reply.status != 200:
                return self._trouble(reply)
            following = _read_page(reply, found)
            if following is None:
                return _unreadable()
            token = following
            if not token or token in seen:
                return list(found.values())
            seen.add(token)
        return list(found.values())

    async def cancel(self, name: str) -> CallError | None:
        """Ask for a job to be cancelled; best effort on the server's side."""
        return await self._done("POST", f"{quote(name)}:cancel", b"{}")

    async def delete(self, name: str) -> CallError | None:
        """Delete a job that has ended."""
        return await self._done("DELETE", quote(name))

    async def _done(self, method: str, path: str, body: bytes | None = None) -> CallError | None:
        headers = {"Content-Type": "application/json"}
        reply = await self._remote.exchange(
            method, self._remote.url(path), body=body, headers=headers
        )
        if isinstance(reply, Reply) and 200 <= reply.status < 300:
            return None
        return self._trouble(reply)

    def _trouble(self, reply: Reply | Lost) -> CallError:
        return reply.error if isinstance(reply, Lost) else self._remote.refused(reply)


def _read_page(reply: Reply, found: dict[str, RemoteJob]) -> str | None:
    """Add a page's jobs and return the next page's token; `None` when it cannot be read."""
    data: dict[str, Any] = reply.json()
    if not data and reply.body.strip() not in {b"{}", b""}:
        return None
    listed = data.get("operations", data.get("batches", []))
    for one in listed if isinstance(listed, list) else []:
        if (job := read_operation(one)) is not None:
            found[job.name] = job
    token = data.get("nextPageToken", "")
    return token if isinstance(token, str) else ""


def _unreadable() -> CallError:
    words = "The answer about batch jobs cannot be read: something between here and the API."
    return CallError(Trouble.NETWORK, words, 200)
