-- The library's first shape. Times are Unix seconds; money is US dollars; paths are the bytes the system gave.

-- A distinct content. Identical files are one asset, paid for once. A file that could not be read
-- has no content hash and is an asset of its own.
CREATE TABLE asset (
    id        INTEGER PRIMARY KEY,
    sha256    BLOB UNIQUE,               -- 32 bytes; NULL when the content could not be read
    type      TEXT NOT NULL DEFAULT '',  -- jpeg, png, webp, heic, …: by content
    width     INTEGER NOT NULL DEFAULT 0,
    height    INTEGER NOT NULL DEFAULT 0,
    bytes     INTEGER NOT NULL DEFAULT 0,
    files     INTEGER NOT NULL DEFAULT 0, -- live files with this content; 0: out of scope
    file      INTEGER,                    -- the file that stands for it (lowest live id)
    added_at  REAL NOT NULL
) STRICT;

CREATE TABLE folder (
    id   INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE            -- absolute
) STRICT;

-- A place where an asset lies.
CREATE TABLE file (
    id         INTEGER PRIMARY KEY,
    folder     INTEGER NOT NULL REFERENCES folder(id),
    name       BLOB NOT NULL,
    asset      INTEGER NOT NULL REFERENCES asset(id),
    size       INTEGER NOT NULL,
    mtime_ns   INTEGER NOT NULL,
    seen_scan  INTEGER NOT NULL,          -- the last scan that saw it
    missing_at REAL,                      -- NULL while it is there
    UNIQUE (folder, name)
) STRICT;
CREATE INDEX file_asset ON file(asset);

CREATE TABLE scan (
    id         INTEGER PRIMARY KEY,
    roots      TEXT NOT NULL,             -- JSON list of safe forms, for people
    started_at REAL NOT NULL,
    ended_at   REAL,                      -- NULL: running, or cut off
    outcome    TEXT NOT NULL DEFAULT '',  -- done, stopped
    counts     TEXT NOT NULL DEFAULT '{}' -- JSON, as `gemtag scan --json` prints it
) STRICT;

CREATE TABLE profile (
    id       TEXT PRIMARY KEY,            -- by content
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,               -- JSON, complete: enough to send the same request again
    added_at REAL NOT NULL
) STRICT;

-- What results are kept apart by: a provider, a model and a profile.
CREATE TABLE track (
    id       INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    profile  TEXT NOT NULL REFERENCES profile(id),
    UNIQUE (provider, model, profile)
) STRICT;

-- Every asset's place in every track: the one truth behind all counts and all lists.
-- state: 0 todo, 1 retry later, 2 in a batch, 3 tagged, 4 known bad, 5 ignored
CREATE TABLE work (
    track INTEGER NOT NULL REFERENCES track(id),
    asset INTEGER NOT NULL REFERENCES asset(id),
    state INTEGER NOT NULL,
    PRIMARY KEY (track, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_state ON work(track, state, asset);

-- Kept, never counted: rows of `work` by state, and a few of the whole library under track 0.
CREATE TABLE counter (
    track INTEGER NOT NULL,
    name  TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (track, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    INSERT INTO counter VALUES (new.track, 'state' || new.state, 1)
        ON CONFLICT DO UPDATE SET value = value + 1;
END;
CREATE TRIGGER work_removed AFTER DELETE ON work BEGIN
    UPDATE counter SET value = value - 1 WHERE track = old.track AND name = 'state' || old.state;
END;
CREATE TRIGGER work_moved AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE counter SET value = value - 1 WHERE track = old.track AND name = 'state' || old.state;
    INSERT INTO counter VALUES (new.track, 'state' || new.state, 1)
        ON CONFLICT DO UPDATE SET value = value + 1;
END;

CREATE TABLE asset_ai (
    id            INTEGER PRIMARY KEY,
    asset         INTEGER NOT NULL REFERENCES asset(id),
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    profile       TEXT NOT NULL REFERENCES profile(id),
    summary       TEXT NOT NULL,
    tags          TEXT NOT NULL,          -- JSON {"bucket": ["tag", …]}
    lane          TEXT NOT NULL,
    job           INTEGER,                -- batch_job.id
    run           INTEGER,
    served_model  TEXT NOT NULL DEFAULT '',
    tokens_prompt INTEGER NOT NULL DEFAULT 0,
    tokens_image  INTEGER NOT NULL DEFAULT 0,
    tokens_output INTEGER NOT NULL DEFAULT 0,
    cost_usd      REAL NOT NULL DEFAULT 0,
    tagged_at     REAL NOT NULL,
    UNIQUE (asset, provider, model, profile)
) STRICT;
CREATE INDEX asset_ai_time ON asset_ai(tagged_at);

-- Derived from asset_ai by the indexer, up to the mark kept in `setting` under 'indexed'; can be rebuilt.
CREATE TABLE tag (
    id     INTEGER PRIMARY KEY,
    bucket TEXT NOT NULL,
    name   TEXT NOT NULL,
    assets INTEGER NOT NULL DEFAULT 0,
    UNIQUE (bucket, name)
) STRICT;
CREATE TABLE asset_tag (
    tag    INTEGER NOT NULL REFERENCES tag(id),
    result INTEGER NOT NULL REFERENCES asset_ai(id) ON DELETE CASCADE,
    PRIMARY KEY (tag, result)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_tag_result ON asset_tag(result);
CREATE VIRTUAL TABLE search USING fts5(
    summary, tags, content='', tokenize='unicode61 remove_diacritics 2'
);

CREATE TABLE failure (
    id         INTEGER PRIMARY KEY,
    asset      INTEGER NOT NULL REFERENCES asset(id),
    provider   TEXT NOT NULL,             -- '' with model and profile: found without asking a model
    model      TEXT NOT NULL,
    profile    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    message    TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 1,
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    next_retry REAL,                      -- NULL: not by itself
    standing   TEXT NOT NULL,             -- open, known_bad, ignored, resolved
    lane       TEXT NOT NULL DEFAULT '',
    run        INTEGER,
    job        INTEGER,
    cost_usd   REAL NOT NULL DEFAULT 0,   -- spent on it so far
    raw        BLOB,                      -- the last raw answer, compressed
    UNIQUE (asset, provider, model, profile)
) STRICT;
CREATE INDEX failure_standing ON failure(standing, kind, id);
CREATE INDEX failure_due ON failure(provider, model, profile, next_retry) WHERE standing = 'open';

CREATE TABLE run (
    id         INTEGER PRIMARY KEY,
    track      INTEGER NOT NULL REFERENCES track(id),
    lane       TEXT NOT NULL,
    state      TEXT NOT NULL,             -- running, paused, parked, stopping, done, stopped, died
    pid        INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at   REAL,
    options    TEXT NOT NULL DEFAULT '{}',-- JSON: limit, max_cost, concurrency, no_wait
    exit_code  INTEGER,
    message    TEXT NOT NULL DEFAULT '',
    done       INTEGER NOT NULL DEFAULT 0,
    bad        INTEGER NOT NULL DEFAULT 0,
    tries      INTEGER NOT NULL DEFAULT 0,
    cost_usd   REAL NOT NULL DEFAULT 0
) STRICT;

-- One row per call that is billed or counted against a quota, whatever came of it.
CREATE TABLE request_ledger (
    id         INTEGER PRIMARY KEY,
    at         REAL NOT NULL,             -- when it was sent
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    lane       TEXT NOT NULL,
    run        INTEGER,
    asset      INTEGER,
    status     TEXT NOT NULL,             -- ok, or a trouble, or a failure kind
    tokens_in  INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    cost_usd   REAL NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX request_ledger_at ON request_ledger(at);

-- Kept sums of the ledger, so that no start has to add up a day of rows.
CREATE TABLE ledger_day (
    day        TEXT NOT NULL,             -- Pacific, 2026-11-22
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    lane       TEXT NOT NULL,
    requests   INTEGER NOT NULL DEFAULT 0,
    refused    INTEGER NOT NULL DEFAULT 0,-- 429s
    tokens_in  INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    cost_usd   REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (day, provider, model, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_error (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL,
    at      REAL NOT NULL,
    kind    TEXT NOT NULL,
    asset   INTEGER,
    message TEXT NOT NULL,
    fate    TEXT NOT NULL
) STRICT;
CREATE INDEX run_error_run ON run_error(run, id);

CREATE TABLE batch_job (
    id           INTEGER PRIMARY KEY,
    display_name TEXT NOT NULL UNIQUE,
    name         TEXT,                    -- batches/…, once the server has said it
    track        INTEGER NOT NULL REFERENCES track(id),
    state        TEXT NOT NULL,           -- building, uploaded, submitting, pending, running, ended, ingested, failed, cancelled, expired
    server_state TEXT NOT NULL DEFAULT '',
    requests     INTEGER NOT NULL DEFAULT 0,
    succeeded    INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    pending      INTEGER NOT NULL DEFAULT 0,
    ingested     INTEGER NOT NULL DEFAULT 0,
    created_at   REAL NOT NULL,
    ended_at     REAL,
    expires_at   REAL,
    error        TEXT NOT NULL DEFAULT '',
    cost_usd     REAL NOT NULL DEFAULT 0
) STRICT;

-- From people and scripts to the engine.
CREATE TABLE command (
    id       INTEGER PRIMARY KEY,
    at       REAL NOT NULL,
    who      TEXT NOT NULL,               -- tui or shell, with pid
    verb     TEXT NOT NULL,               -- pause, resume, stop, lane, concurrency, reload
    argument TEXT NOT NULL DEFAULT '',
    taken_at REAL,
    outcome  TEXT                         -- NULL until the engine has answered
) STRICT;
CREATE INDEX command_open ON command(id) WHERE outcome IS NULL;

-- From the engine to everybody: one row.
CREATE TABLE live (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    snapshot TEXT NOT NULL                -- JSON
) STRICT;

CREATE TABLE learned_limit (
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    name       TEXT NOT NULL,             -- rpm, tpm, rpd, spend
    value      REAL NOT NULL,
    learned_at REAL NOT NULL,
    words      TEXT NOT NULL DEFAULT '',  -- what the server said
    PRIMARY KEY (provider, model, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
