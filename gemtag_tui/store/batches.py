"""Batch jobs as the library keeps them: for whoever shows them, and for the lane that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import ACTIVE, FINAL, JobState

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_COLUMNS = """
    j.id, j.display_name, coalesce(j.name, ''), j.track, j.state, j.server_state, j.requests,
    j.succeeded, j.failed, j.pending, j.ingested, j.created_at, j.ended_at, j.expires_at, j.error,
    j.cost_usd, t.provider, t.model, t.profile, j.nonce, j.echo, j.first, j.run, j.bytes, j.tokens,
    j.expected_usd, j.file, j.upload_url, j.input_file, j.input_expires_at, j.output_file,
    j.results, j.results_sha256, j.taken_bytes, j.uploaded_at, j.submitted_at, j.started_at,
    j.moved_at, j.looked_at, j.look_at, j.looks, j.sent, j.refused, j.waiting, j.ingested_at,
    j.rescued_at, j.cleaned_at, j.tagged, j.double_usd, j.tokens_in, j.tokens_out
"""
_FROM = "FROM batch_job j JOIN track t ON t.id = j.track"
_END = 2**62
GIVEN_UP = "batch_given_up:"
"""Begins the setting that marks a job without a row as no longer waited for."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job. `name` is the server's (`batches/…`), "" until it has said it. Unix seconds.

    Attributes:
        state: a word of `core.batch_job.JobState`; `server_state`: the server's own.
        ingested: requests accounted for; `tagged`: of these, those that gave a result.
        nonce: ends the keys of its lines; `echo`: answers repeat their keys.
        first: the small job sent ahead of large ones.
        tokens: enqueued, as estimated; `bytes`: of its input file.
        look_at: the next look is not before; `looks`: in a row without news.
        waiting: why it stands still, in words, "" when it does not.
        double_usd: paid for what was there already: by this job (also within `cost_usd`), or beside
            it by single calls that were on their way when it landed.
    """

    id: int
    display_name: str
    name: str
    track: int
    state: str
    server_state: str
    requests: int
    succeeded: int
    failed: int
    pending: int
    ingested: int
    created_at: float
    ended_at: float | None
    expires_at: float | None
    error: str
    cost_usd: float
    provider: str = ""
    model: str = ""
    profile: str = ""
    nonce: str = ""
    echo: int = 0
    first: int = 0
    run: int | None = None
    bytes: int = 0
    tokens: int = 0
    expected_usd: float = 0.0
    file: str = ""
    upload_url: str = ""
    input_file: str = ""
    input_expires_at: float | None = None
    output_file: str = ""
    results: str = ""
    results_sha256: str = ""
    taken_bytes: int = 0
    uploaded_at: float | None = None
    submitted_at: float | None = None
    started_at: float | None = None
    moved_at: float | None = None
    looked_at: float | None = None
    look_at: float = 0.0
    looks: int = 0
    sent: int = 0
    refused: int = 0
    waiting: str = ""
    ingested_at: float | None = None
    rescued_at: float | None = None
    cleaned_at: float | None = None
    tagged: int = 0
    double_usd: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def is_let_go(self) -> bool:
        """Whether it was rescued and is still on the server: nobody waits for it any more."""
        return self.rescued_at is not None and self.place in ACTIVE

    @property
    def place(self) -> JobState:
        """The state as a value."""
        return JobState(self.state)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job, in words for people."""

    id: int
    at: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class OddLine:
    """A line that was not simply taken in; `raw` as it came (its first kilobytes)."""

    id: int
    kind: str
    key: str
    asset: int | None
    cost_usd: float
    raw: bytes


@dataclass(frozen=True, slots=True)
class Stranger:
    """A job on the account that this library has no row for; `ours`: by its name, it made it.

    Attributes:
        given_up: the user has its images paid for anew, whatever it still brings.
    """

    name: str
    display_name: str
    model: str
    state: str
    requests: int
    created_at: float | None
    ours: bool
    seen_at: float
    given_up: bool = False

    @property
    def forgotten(self) -> bool:
        """Whether images of this library may wait in it, as far as anybody said."""
        return self.ours and not self.given_up


async def page(lib: Library, before: int | None = None, limit: int = 200) -> list[JobRow]:
    """Return jobs, the newest first; `before`: only those with a lower id."""
    rows = await lib.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE j.id < ? ORDER BY j.id DESC LIMIT ?",
        (_END if before is None else before, limit),
    )
    return [JobRow(*row) for row in rows]


async def get(lib: Library, job: str) -> JobRow | None:
    """Return one job by its id, its display name or the server's name for it."""
    row = await lib.row(
        f"SELECT {_COLUMNS} {_FROM} WHERE j.display_name = ?1 OR j.name = ?1 "
        "OR j.name = 'batches/' || ?1 OR CAST(j.id AS TEXT) = ?1",
        (job,),
    )
    return None if row is None else JobRow(*row)


async def by_id(lib: Library, job: int) -> JobRow | None:
    """Return one job by its id."""
    row = await lib.row(f"SELECT {_COLUMNS} {_FROM} WHERE j.id = ?", (job,))
    return None if row is None else JobRow(*row)


async def unfinished(lib: Library, provider: str) -> list[JobRow]:
    """Return the jobs that something is still to be done about, oldest first."""
    done = ", ".join(f"'{state}'" for state in sorted(FINAL))
    rows = await lib.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE j.state NOT IN ({done}) AND t.provider = ? ORDER BY j.id",
        (provider,),
    )
    return [JobRow(*row) for row in rows]


async def uncleaned(lib: Library, provider: str, limit: int = 20) -> list[JobRow]:
    """Return finished jobs that may still lie about on the server or on disk, oldest first."""
    done = ", ".join(f"'{state}'" for state in sorted(FINAL - {JobState.QUARANTINED}))
    rows = await lib.rows(
        f"SELECT {_COLUMNS} {_FROM} WHERE j.state IN ({done}) AND j.cleaned_at IS NULL "
        "AND t.provider = ? ORDER BY j.id LIMIT ?",
        (provider, limit),
    )
    return [JobRow(*row) for row in rows]


async def events(lib: Library, job: int, limit: int = 500) -> list[Event]:
    """Return what happened to a job, the newest first."""
    rows = await lib.rows(
        "SELECT id, at, kind, words FROM batch_event WHERE job = ? ORDER BY id DESC LIMIT ?",
        (job, limit),
    )
    return [Event(*row) for row in rows]


async def times_built(lib: Library, job: int) -> int:
    """Return how often a job was ready to be uploaded: more than once when its file was lost."""
    row = await lib.row("SELECT count(*) FROM batch_event WHERE job = ? AND kind = 'built'", (job,))
    return 0 if row is None else int(row[0])


async def tallies(lib: Library, job: int) -> dict[str, int]:
    """Return a job's lines by what became of them, the most frequent first."""
    rows = await lib.rows(
        "SELECT kind, lines FROM batch_tally WHERE job = ? ORDER BY lines DESC, kind", (job,)
    )
    return dict(rows)


async def odd_lines(
    lib: Library, job: int, *, kind: str = "", after: int = 0, limit: int = 200
) -> list[OddLine]:
    """Return lines that were kept as they came, in the order in which they were met."""
    import zlib  # noqa: PLC0415 - only who looks at raw lines needs it

    rows = await lib.rows(
        "SELECT id, kind, key, asset, cost_usd, raw FROM batch_odd "
        "WHERE job = ? AND (? = '' OR kind = ?) AND id > ? ORDER BY id LIMIT ?",
        (job, kind, kind, after, limit),
    )
    return [
        OddLine(row[0], row[1], row[2], row[3], row[4], zlib.decompress(row[5])) for row in rows
    ]


async def item_states(lib: Library, job: int) -> dict[str, int]:
    """Return how many of a job's assets stand where (see `batch_rows.Item`)."""
    rows = await lib.rows(
        "SELECT state, count(*) FROM batch_item WHERE job = ? GROUP BY state", (job,)
    )
    words = ("held", "tagged", "known_bad", "later", "missing", "given_back", "second")
    return {words[state]: count for state, count in rows}


async def strangers(lib: Library) -> list[Stranger]:
    """Return jobs on the account without a row here, as last listed, the newest first."""
    rows = await lib.rows(
        "SELECT name, display_name, model, state, requests, created_at, ours, seen_at, "
        "EXISTS (SELECT 1 FROM setting WHERE setting.name = ? || s.name) "
        "FROM batch_stranger s ORDER BY created_at DESC, s.name",
        (GIVEN_UP,),
    )
    return [_stranger(row) for row in rows]


async def stranger(lib: Library, job: str) -> Stranger | None:
    """Return one of them by either of its names."""
    names = {job, f"batches/{job}"}
    found = (one for one in await strangers(lib) if {one.name, one.display_name} & names)
    return next(found, None)


def _stranger(row: Any) -> Stranger:
    return Stranger(
        row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]), row[7], bool(row[8])
    )


async def landed_since(lib: Library, since: float) -> tuple[int, int]:
    """Return jobs taken in, and results of them, since a time (Unix seconds)."""
    row = await lib.row(
        "SELECT count(*), coalesce(sum(tagged), 0) FROM batch_job WHERE ingested_at > ?", (since,)
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def proven(lib: Library, track: int) -> bool:
    """Whether a job of a track has landed with good answers."""
    row = await lib.row(
        "SELECT EXISTS (SELECT 1 FROM batch_job WHERE track = ? AND state = 'ingested' "
        "AND tagged * 2 >= requests AND tagged > 0)",
        (track,),
    )
    return row is not None and bool(row[0])


async def active(lib: Library, provider: str, model: str) -> tuple[int, int, int]:
    """Return what the server holds: tokens and jobs of a model, and jobs of all models."""
    row = await lib.row(
        "SELECT coalesce(sum(j.tokens) FILTER (WHERE t.model = ?2), 0), "
        "count(*) FILTER (WHERE t.model = ?2), count(*) FROM batch_job j "
        "JOIN track t ON t.id = j.track WHERE t.provider = ?1 "
        "AND j.state IN ('submitting', 'pending', 'running')",
        (provider, model),
    )
    return (0, 0, 0) if row is None else (int(row[0]), int(row[1]), int(row[2]))


async def refusals(lib: Library, job: JobRow) -> tuple[int, bool]:
    """Return how often jobs of a run and model were refused, and whether any was ever accepted.

    Args:
        lib: the library.
        job: one of the run's; jobs of its model at its provider count.
    """
    row = await lib.row(
        "SELECT coalesce(sum(j.refused) FILTER (WHERE j.run IS ?3), 0), "
        "count(nullif(j.name, '')) FROM batch_job j JOIN track t ON t.id = j.track "
        "WHERE t.provider = ?1 AND t.model = ?2",
        (job.provider, job.model, job.run),
    )
    return (0, False) if row is None else (int(row[0]), bool(row[1]))


async def job_tokens(lib: Library, model: str) -> int:
    """Return the most tokens that one job of a model may have, as refusals taught; 0: not known."""
    row = await lib.row("SELECT value FROM setting WHERE name = ?", (f"batch_tokens:{model}",))
    return 0 if row is None else int(row[0])


async def mean_cost(lib: Library, track: int, least: int) -> float | None:
    """Return what a result of a track's landed jobs cost on average, in US dollars.

    What failed lines cost is in it, lines without an answer are not: the next job may have none.

    Args:
        lib: the library.
        track: its id.
        least: results from which on their mean says something; `None` is returned below.
    """
    row = await lib.row(
        "SELECT sum(cost_usd), sum(tagged) FROM batch_job "
        "WHERE track = ? AND state = 'ingested' AND cost_usd > 0",
        (track,),
    )
    return None if row is None or (row[1] or 0) < least else float(row[0]) / row[1]


async def expected_usd(lib: Library, provider: str, run: int | None = None) -> float:
    """Return what jobs on their way are expected to cost beyond what has landed, in US dollars.

    Args:
        run: of the jobs that this run has made alone.
    """
    row = await lib.row(
        "SELECT coalesce(sum(max(0.0, j.expected_usd - j.cost_usd)), 0.0) "
        "FROM batch_job j JOIN track t ON t.id = j.track "
        "WHERE t.provider = ? AND coalesce(j.run = ?, ?) AND j.state IN "
        "('building', 'built', 'uploaded', 'submitting', 'pending', 'running', 'ended')",
        (provider, run, run is None),
    )
    return 0.0 if row is None else float(row[0])
