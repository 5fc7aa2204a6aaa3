"""Batch jobs: their states by the clock, and the operation that describes them.

Source: gemini-facts §5.1 and §5.4.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemtag_tui.simulator.clock import timestamp
from gemtag_tui.simulator.config import Batches
from gemtag_tui.simulator.config import Outcome as Plan
from gemtag_tui.simulator.lines import Outcome
from gemtag_tui.simulator.models import Model

TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main."
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})


@dataclass(slots=True)
class Job:
    """One batch job. Times are Unix seconds."""

    id: str
    number: int
    model: Model
    display_name: str
    created: float
    requests: int
    tokens: int
    """Enqueued input tokens, as far as they had to be counted."""
    settings: Batches
    plan: Plan = "succeed"
    input_file: str = ""
    """Empty for inlined requests."""
    priority: int | None = None
    cancelled: float | None = None
    broken: str = ""
    """Why the input fails the job."""
    outcome: Outcome | None = None
    work: asyncio.Task[None] | None = None
    result_path: Path | None = None
    settled: bool = False

    @property
    def starts(self) -> float:
        """When it leaves PENDING."""
        return self.created + self.settings.pending_seconds

    @property
    def finishes(self) -> float:
        """When it would be done, if nothing comes between."""
        return self.starts + self.settings.running_seconds

    def state(self, now: float) -> str:
        """The state without its prefix."""
        if self.cancelled is not None:
            return "CANCELLED"
        if self._end(now) is None:
            return "PENDING" if now < self.starts or self.plan == "stuck_pending" else "RUNNING"
        if now >= self._expiry and self._expires:
            return "EXPIRED"
        return "FAILED" if self.broken or self.plan == "fail" else "SUCCEEDED"

    @property
    def _expiry(self) -> float:
        return self.created + self.settings.expire_seconds

    @property
    def _expires(self) -> bool:
        planned = self.plan in {"expire", "stuck_pending", "stuck_running"}
        return planned or self._own_end > self._expiry

    @property
    def _own_end(self) -> float:
        return self.starts if self.broken else self.finishes

    def _end(self, now: float) -> float | None:
        if self._expires:
            return self._expiry if now >= self._expiry else None
        late = self.work is not None and not self.work.done()
        return self._own_end if now >= self._own_end and not late else None

    def ended(self, now: float) -> float | None:
        """When it ended, if it has."""
        return self.cancelled if self.cancelled is not None else self._end(now)

    def needs_work(self, now: float) -> bool:
        """Whether the next answer about it needs its lines to be worked off."""
        return self.work is not None and not self.work.done() and now >= self.starts

    def stats(self, now: float) -> dict[str, str]:
        """batchStats: int64 as strings, zeros left out."""
        state, done, failed = self.state(now), 0, 0
        if self.outcome is not None and state in {"SUCCEEDED", "RUNNING"}:
            share = 1.0 if state == "SUCCEEDED" else self._progress(now)
            failed = int(self.outcome.failed * share)
            done = int(self.outcome.succeeded * share)
        pending = self.requests - done - failed if state in {"PENDING", "RUNNING"} else 0
        failed = self.requests if state == "EXPIRED" else failed
        counts = {
            "requestCount": self.requests,
            "successfulRequestCount": done,
            "failedRequestCount": failed,
            "pendingRequestCount": pending,
        }
        return {name: str(count) for name, count in counts.items() if count}

    def _progress(self, now: float) -> float:
        if self.plan == "stuck_running":
            return 0.0
        return min(1.0, (now - self.starts) / max(self.settings.running_seconds, 1e-9))

    def output(self, now: float, *, inlined: bool) -> dict[str, Any] | None:
        """Where the results are, once they are anywhere."""
        ready = self.finishes + self.settings.output_delay_seconds
        if self.state(now) != "SUCCEEDED" or now < ready:
            return None
        if self.input_file:
            return {"responsesFile": f"files/batch-{self.id}"}
        if not inlined or self.outcome is None:
            return None
        return {"inlinedResponses": {"inlinedResponses": self.outcome.results}}

    def operation(self, now: float, *, inlined: bool = True) -> dict[str, Any]:
        """The long-running operation; a list leaves inlined responses out."""
        name, state, end = f"batches/{self.id}", self.state(now), self.ended(now)
        metadata: dict[str, Any] = {
            "@type": TYPE + "GenerateContentBatch",
            "model": f"models/{self.model.name}",
            "displayName": self.display_name,
            "createTime": timestamp(self.created),
            "updateTime": timestamp(end or max(self.created, min(now, self.finishes))),
            "batchStats": self.stats(now),
            "state": f"BATCH_STATE_{state}",
            "name": name,
        }
        if self.input_file:
            metadata["inputConfig"] = {"fileName": f"files/{self.input_file}"}
        if self.priority is not None:
            metadata["priority"] = str(self.priority)
        if end is not None:
            metadata["endTime"] = timestamp(end)
        result: dict[str, Any] = {"name": name, "metadata": metadata}
        if end is not None:
            result |= {"done": True, **self._ending(state)}
        if (output := self.output(now, inlined=inlined)) is not None:
            metadata["output"] = output
            result["response"] = {"@type": TYPE + "GenerateContentBatchOutput", **output}
        return result

    def _ending(self, state: str) -> dict[str, Any]:
        errors = {
            "CANCELLED": (1, "The operation was cancelled."),
            "EXPIRED": (4, "The batch expired before it was completed."),
            "FAILED": (3, f"400 {self.broken}") if self.broken else (13, "Internal error."),
        }
        if state not in errors:
            return {}
        code, message = errors[state]
        return {"error": {"code": code, "message": message}}
