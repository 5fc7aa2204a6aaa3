PRAGMA application_id = 1734700385;

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
    file      INTEGER,                    -- stands for it: the lowest live id, else the last that held it
    bad       INTEGER NOT NULL DEFAULT 0, -- 1: cannot be used, as found without asking a model
    added_at  REAL NOT NULL
) STRICT;
CREATE INDEX asset_bad ON asset(id) WHERE bad = 1;
CREATE INDEX asset_copied ON asset(id) WHERE files > 1;

-- A folder whose listing is the same as the records of its files is known by a digest of it: as long
-- as neither changes, a scan reads none of the records.
CREATE TABLE folder (
    id      INTEGER PRIMARY KEY,
    path    BLOB NOT NULL UNIQUE,        -- absolute
    touched INTEGER NOT NULL DEFAULT 0,  -- changes to its files' records
    listing BLOB,                        -- digest of its files' names, sizes and times
    listed  INTEGER                      -- `touched` when the records gave this digest
) STRICT;

-- A place where an asset lies.
CREATE TABLE file (
    id         INTEGER PRIMARY KEY,
    folder     INTEGER NOT NULL REFERENCES folder(id),
    name       BLOB NOT NULL,
    asset      INTEGER NOT NULL REFERENCES asset(id),
    size       INTEGER NOT NULL,          -- -1: the next scan looks at the content again
    mtime_ns   INTEGER NOT NULL,
    missing_at REAL,                      -- NULL while it is there
    UNIQUE (folder, name)
) STRICT;
CREATE TRIGGER file_touched_by_insert AFTER INSERT ON file BEGIN
    UPDATE folder SET touched = touched + 1 WHERE id = new.folder;
END;
CREATE TRIGGER file_touched_by_update AFTER UPDATE OF folder, name, size, mtime_ns, missing_at ON file
BEGIN
    UPDATE folder SET touched = touched + 1 WHERE id IN (old.folder, new.folder);
END;
CREATE TRIGGER file_touched_by_delete AFTER DELETE ON file BEGIN
    UPDATE folder SET touched = touched + 1 WHERE id = old.folder;
END;
CREATE INDEX file_live ON file(asset) WHERE missing_at IS NULL;
CREATE INDEX file_again ON file(id) WHERE size = -1;

-- Files that a scan did not find; marked as missing when it has reached its end.
CREATE TABLE vanished (
    scan INTEGER NOT NULL,
    file INTEGER NOT NULL,
    PRIMARY KEY (scan, file)
) STRICT, WITHOUT ROWID;

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
    filled   INTEGER DEFAULT 0,           -- last asset given a place in `work`; NULL: all have one
    UNIQUE (provider, model, profile)
) STRICT;

-- The place of every asset with a live file in every track: the one truth behind all counts and lists.
-- state: 0 todo, 1 retry later, 2 in a batch, 3 tagged, 4 known bad, 5 ignored
CREATE TABLE work (
    track INTEGER NOT NULL REFERENCES track(id),
    asset INTEGER NOT NULL REFERENCES asset(id),
    state INTEGER NOT NULL,
    due   REAL,                           -- in state 1: not before
    PRIMARY KEY (track, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_state ON work(track, state, asset);
CREATE INDEX work_due ON work(track, due, asset) WHERE state = 1;

CREATE TABLE asset_ai (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: the index's mark relies on it
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
CREATE INDEX asset_ai_track ON asset_ai(provider, model, profile);

-- Derived from asset_ai by the indexer, up to the mark kept in `setting` under 'indexed'; can be rebuilt.
CREATE TABLE tag (
    bucket TEXT NOT NULL,
    name   TEXT NOT NULL,
    assets INTEGER NOT NULL DEFAULT 0,    -- results that have it
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;
-- tags: '| red | dark blue |', so that a phrase can ask for a whole tag. scope: 'all' and 't' + track.id.
CREATE VIRTUAL TABLE search USING fts5(
    summary, tags, scope, content='', tokenize='unicode61 remove_diacritics 2 tokenchars ''|'''
);

-- Every tag of every result, for queries by hand; `search` is the way to find results by a tag.
CREATE VIEW asset_tag AS
SELECT r.asset, r.id AS result, b.key AS bucket, t.value AS name
FROM asset_ai r, json_each(r.tags) b, json_each(b.value) t;

CREATE TABLE failure (
    id         INTEGER PRIMARY KEY,
    asset      INTEGER NOT NULL REFERENCES asset(id),
    provider   TEXT NOT NULL,             -- '' with model and profile: found without asking a model
    model      TEXT NOT NULL,
    profile    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    message    TEXT NOT NULL,
    head       TEXT NOT NULL,             -- the message's beginning without its numbers, to group by
    attempts   INTEGER NOT NULL DEFAULT 1,
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    next_retry REAL,                      -- NULL: not by itself
    standing   TEXT NOT NULL,             -- open, known_bad, ignored, resolved
    lane       TEXT NOT NULL DEFAULT '',
    run        INTEGER,
    job        INTEGER,
    cost_usd   REAL NOT NULL DEFAULT 0,   -- spent on it so far
    raw        BLOB,                      -- the last raw answer, compressed with zlib
    live       INTEGER NOT NULL,          -- 1 while its asset has a live file
    UNIQUE (asset, provider, model, profile)
) STRICT;
CREATE INDEX failure_standing ON failure(standing) WHERE live = 1;
CREATE INDEX failure_kind ON failure(standing, kind) WHERE live = 1;

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
    requests   INTEGER NOT NULL DEFAULT 0,-- without those refused
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
CREATE INDEX run_error_asset ON run_error(asset, id);

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
    named      INTEGER NOT NULL DEFAULT 1, -- 0: inferred from what got through
    PRIMARY KEY (provider, model, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at REAL NOT NULL
) STRICT;

-- Kept, never counted: rows of `work` by state, ...
CREATE TABLE counter (
    track       INTEGER PRIMARY KEY,
    todo        INTEGER NOT NULL DEFAULT 0,
    retry_later INTEGER NOT NULL DEFAULT 0,
    in_batches  INTEGER NOT NULL DEFAULT 0,
    tagged      INTEGER NOT NULL DEFAULT 0,
    known_bad   INTEGER NOT NULL DEFAULT 0,
    ignored     INTEGER NOT NULL DEFAULT 0
) STRICT;
-- ... and of the whole library.
CREATE TABLE library_counter (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    files   INTEGER NOT NULL CHECK (files >= 0),   -- that are there
    missing INTEGER NOT NULL CHECK (missing >= 0), -- files that are not
    assets  INTEGER NOT NULL CHECK (assets >= 0),  -- with a live file
    bad     INTEGER NOT NULL CHECK (bad >= 0)      -- of these, unusable without asking a model
) STRICT;
INSERT INTO library_counter VALUES (1, 0, 0, 0, 0);

CREATE TRIGGER track_added AFTER INSERT ON track BEGIN
    INSERT INTO counter (track) VALUES (new.id);
END;
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    UPDATE counter SET
        todo = todo + (new.state = 0), retry_later = retry_later + (new.state = 1),
        in_batches = in_batches + (new.state = 2), tagged = tagged + (new.state = 3),
        known_bad = known_bad + (new.state = 4), ignored = ignored + (new.state = 5)
        WHERE track = new.track;
END;
CREATE TRIGGER work_removed AFTER DELETE ON work BEGIN
    UPDATE counter SET
        todo = todo - (old.state = 0), retry_later = retry_later - (old.state = 1),
        in_batches = in_batches - (old.state = 2), tagged = tagged - (old.state = 3),
        known_bad = known_bad - (old.state = 4), ignored = ignored - (old.state = 5)
        WHERE track = old.track;
END;
CREATE TRIGGER work_moved AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE counter SET
        todo = todo + (new.state = 0) - (old.state = 0),
        retry_later = retry_later + (new.state = 1) - (old.state = 1),
        in_batches = in_batches + (new.state = 2) - (old.state = 2),
        tagged = tagged + (new.state = 3) - (old.state = 3),
        known_bad = known_bad + (new.state = 4) - (old.state = 4),
        ignored = ignored + (new.state = 5) - (old.state = 5)
        WHERE track = new.track;
END;

-- Where an asset belongs in a track, from what is known of it.
CREATE VIEW place AS
SELECT t.id AS track, a.id AS asset,
    CASE
        WHEN r.id IS NOT NULL THEN 3
        WHEN own.standing = 'ignored' OR f.standing = 'ignored' THEN 5
        WHEN own.standing = 'known_bad' OR f.standing = 'known_bad' THEN 4
        WHEN f.standing = 'open' THEN 1
        ELSE 0
    END AS state,
    CASE WHEN f.standing = 'open' THEN f.next_retry END AS due
FROM track t CROSS JOIN asset a
LEFT JOIN asset_ai r ON r.asset = a.id
    AND r.provider = t.provider AND r.model = t.model AND r.profile = t.profile
LEFT JOIN failure f ON f.asset = a.id
    AND f.provider = t.provider AND f.model = t.model AND f.profile = t.profile
LEFT JOIN failure own ON own.asset = a.id
    AND own.provider = '' AND own.model = '' AND own.profile = '';

-- An asset is in scope while it has a live file.
CREATE TRIGGER asset_came AFTER UPDATE OF files ON asset WHEN old.files = 0 AND new.files > 0 BEGIN
    INSERT INTO work (track, asset, state, due)
        SELECT track, asset, state, due FROM place WHERE asset = new.id
        ON CONFLICT DO NOTHING;
    UPDATE failure SET live = 1 WHERE asset = new.id;
    UPDATE library_counter SET assets = assets + 1;
END;
CREATE TRIGGER asset_went AFTER UPDATE OF files ON asset WHEN old.files > 0 AND new.files = 0 BEGIN
    DELETE FROM work WHERE track IN (SELECT id FROM track) AND asset = new.id;
    UPDATE failure SET live = 0 WHERE asset = new.id;
    UPDATE library_counter SET assets = assets - 1;
END;
CREATE TRIGGER asset_turned AFTER UPDATE OF files, bad ON asset
WHEN (old.files > 0 AND old.bad) <> (new.files > 0 AND new.bad) BEGIN
    UPDATE library_counter SET bad = bad + iif(new.files > 0 AND new.bad, 1, -1);
END;

CREATE TRIGGER file_added AFTER INSERT ON file WHEN new.missing_at IS NULL BEGIN
    UPDATE asset SET files = files + 1,
        file = CASE WHEN files = 0 OR file IS NULL THEN new.id ELSE min(file, new.id) END
        WHERE id = new.asset;
    UPDATE library_counter SET files = files + 1;
END;
CREATE TRIGGER file_left AFTER UPDATE OF asset, missing_at ON file
WHEN old.missing_at IS NULL AND (new.missing_at IS NOT NULL OR new.asset <> old.asset) BEGIN
    UPDATE asset SET files = files - 1,
        file = coalesce(
            (SELECT min(id) FROM file WHERE asset = old.asset AND missing_at IS NULL),
            CASE WHEN new.asset = old.asset OR sha256 IS NULL THEN file END
        )
        WHERE id = old.asset;
    UPDATE library_counter SET files = files - 1;
END;
CREATE TRIGGER file_entered AFTER UPDATE OF asset, missing_at ON file
WHEN new.missing_at IS NULL AND (old.missing_at IS NOT NULL OR new.asset <> old.asset) BEGIN
    UPDATE asset SET files = files + 1,
        file = CASE WHEN files = 0 OR file IS NULL THEN new.id ELSE min(file, new.id) END
        WHERE id = new.asset;
    UPDATE library_counter SET files = files + 1;
END;
-- A path that holds another content now does not stand for the old one.
CREATE TRIGGER file_moved AFTER UPDATE OF asset ON file WHEN new.asset <> old.asset BEGIN
    UPDATE asset SET file = NULL
        WHERE id = old.asset AND file = new.id AND files = 0 AND sha256 IS NOT NULL;
END;
CREATE TRIGGER file_lost AFTER UPDATE OF missing_at ON file
WHEN old.missing_at IS NULL AND new.missing_at IS NOT NULL BEGIN
    UPDATE library_counter SET missing = missing + 1;
END;
CREATE TRIGGER file_back AFTER UPDATE OF missing_at ON file
WHEN old.missing_at IS NOT NULL AND new.missing_at IS NULL BEGIN
    UPDATE library_counter SET missing = missing - 1;
END;

-- What was found without asking a model holds for every track.
CREATE TRIGGER failure_added AFTER INSERT ON failure WHEN new.provider = '' BEGIN
    UPDATE asset SET bad = new.standing IN ('known_bad', 'ignored') WHERE id = new.asset;
END;
CREATE TRIGGER failure_moved AFTER UPDATE OF standing ON failure WHEN new.provider = '' BEGIN
    UPDATE asset SET bad = new.standing IN ('known_bad', 'ignored') WHERE id = new.asset;
END;
