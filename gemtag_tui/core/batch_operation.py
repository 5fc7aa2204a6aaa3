"""What the server says of a batch job: its raw long-running operation as a value.

Read raw since google-genai 3.4 drops `batchStats`, `error` and `done`. Sources: gemini-facts §5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gemtag_tui.core.text import plain

_PREFIXES = ("BATCH_STATE_", "JOB_STATE_")
_MOST = 10**12


class ServerState(StrEnum):
    """A job's state without its prefix; `UNKNOWN` stands for any word not listed here."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIALLY_SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = ""


ENDED = frozenset(
    {
        ServerState.SUCCEEDED,
        ServerState.PARTIAL,
        ServerState.FAILED,
        ServerState.CANCELLED,
        ServerState.EXPIRED,
    }
)
_QUEUED = {"QUEUED": ServerState.PENDING, "CANCELLING": ServerState.RUNNING}


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the server tells it. Times are Unix seconds, `None` when not said.

    Attributes:
        name: `batches/…`.
        display_name: outside text: show it through `plain`.
        model: without `models/`.
        state: as far as it is known; `raw_state` is the server's own word.
        done: whether the operation says that it has ended.
        requests: with `succeeded`, `failed` and `pending`: from `batchStats`, 0 when left out.
        input_file: `files/…`, "" for inlined requests.
        output_file: `files/…`, "" while there is none.
        error_code: of google.rpc.Status, 0 when there is no error; `error`: its words.
    """

    name: str
    display_name: str = ""
    model: str = ""
    state: ServerState = ServerState.UNKNOWN
    raw_state: str = ""
    done: bool = False
    requests: int = 0
    succeeded: int = 0
    failed: int = 0
    pending: int = 0
    input_file: str = ""
    output_file: str = ""
    error_code: int = 0
    error: str = ""
    created_at: float | None = None
    updated_at: float | None = None
    ended_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.done or self.state in ENDED

    @property
    def answered(self) -> int:
        """Requests that have an answer or an error."""
        return self.succeeded + self.failed

    @property
    def ending(self) -> ServerState:
        """How it ended, told from its other parts where the word is not known."""
        if self.state in ENDED:
            return self.state
        if self.error_code == 1:
            return ServerState.CANCELLED
        return ServerState.FAILED if self.error_code or self.error else ServerState.SUCCEEDED


def read_operation(data: object) -> RemoteJob | None:
    """Read an operation; `None` when it names no job."""
    if not isinstance(data, dict):
        return None
    meta = _object(data.get("metadata"))
    name = _word(data.get("name")) or _word(meta.get("name"))
    if not name.startswith("batches/"):
        return None
    stats, error = _object(meta.get("batchStats")), _object(data.get("error"))
    raw_state = plain(_word(meta.get("state")) or _word(data.get("state")), 60)
    return RemoteJob(
        name=name,
        display_name=_word(meta.get("displayName")),
        model=_word(meta.get("model")).removeprefix("models/"),
        state=read_state(raw_state),
        raw_state=raw_state,
        done=data.get("done") is True,
        requests=_count(stats.get("requestCount")),
        succeeded=_count(stats.get("successfulRequestCount")),
        failed=_count(stats.get("failedRequestCount")),
        pending=_count(stats.get("pendingRequestCount")),
        input_file=_file(_object(meta.get("inputConfig")).get("fileName")),
        output_file=_output(data, meta),
        error_code=_count(error.get("code")) or (2 if error else 0),
        error=plain(_word(error.get("message"))),
        created_at=read_time(meta.get("createTime")),
        updated_at=read_time(meta.get("updateTime")),
        ended_at=read_time(meta.get("endTime")),
    )


def read_state(word: str) -> ServerState:
    """Read a state in either spelling (BATCH_STATE_…, JOB_STATE_…)."""
    for prefix in _PREFIXES:
        word = word.removeprefix(prefix)
    if word in _QUEUED:
        return _QUEUED[word]
    try:
        return ServerState(word)
    except ValueError:
        return ServerState.UNKNOWN


def read_time(value: object) -> float | None:
    """Read an RFC 3339 time as Unix seconds."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _output(data: dict[str, Any], meta: dict[str, Any]) -> str:
    for place in (
        _object(meta.get("output")),
        _object(data.get("response")),
        _object(meta.get("dest")),
    ):
        for field in ("responsesFile", "fileName"):
            if found := _file(place.get(field)):
                return found
    return ""


def _file(value: object) -> str:
    word = _word(value)
    return word if word.startswith("files/") else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 4000 else ""


def _count(value: object) -> int:
    """Read an int64, which proto-JSON writes as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 13:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= _MOST else 0
