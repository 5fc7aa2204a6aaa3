-- Batch jobs from the first byte built to the last line taken in.
-- batch_job.state: building, built, uploaded, submitting, pending, running, ended, ingested,
-- failed, cancelled, expired, quarantined.

ALTER TABLE batch_job ADD COLUMN nonce TEXT NOT NULL DEFAULT '';          -- ends every key of this job
ALTER TABLE batch_job ADD COLUMN echo INTEGER NOT NULL DEFAULT 0;         -- 1: answers repeat their key
ALTER TABLE batch_job ADD COLUMN first INTEGER NOT NULL DEFAULT 0;        -- 1: the small one sent ahead
ALTER TABLE batch_job ADD COLUMN run INTEGER;
ALTER TABLE batch_job ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;        -- of its input file
ALTER TABLE batch_job ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;       -- enqueued, as estimated
ALTER TABLE batch_job ADD COLUMN expected_usd REAL NOT NULL DEFAULT 0;
ALTER TABLE batch_job ADD COLUMN file TEXT NOT NULL DEFAULT '';           -- input, within <library>-batches
ALTER TABLE batch_job ADD COLUMN upload_url TEXT NOT NULL DEFAULT '';     -- of an upload under way
ALTER TABLE batch_job ADD COLUMN input_file TEXT NOT NULL DEFAULT '';     -- files/… on the server
ALTER TABLE batch_job ADD COLUMN input_expires_at REAL;
ALTER TABLE batch_job ADD COLUMN output_file TEXT NOT NULL DEFAULT '';    -- files/batch-… on the server
ALTER TABLE batch_job ADD COLUMN results TEXT NOT NULL DEFAULT '';        -- within <library>-batches
ALTER TABLE batch_job ADD COLUMN results_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE batch_job ADD COLUMN taken_bytes INTEGER NOT NULL DEFAULT 0;  -- of the results, so far
ALTER TABLE batch_job ADD COLUMN uploaded_at REAL;
ALTER TABLE batch_job ADD COLUMN submitted_at REAL;
ALTER TABLE batch_job ADD COLUMN started_at REAL;
ALTER TABLE batch_job ADD COLUMN moved_at REAL;                           -- last time anything changed
ALTER TABLE batch_job ADD COLUMN looked_at REAL;
ALTER TABLE batch_job ADD COLUMN look_at REAL NOT NULL DEFAULT 0;         -- not before
ALTER TABLE batch_job ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;        -- in a row without news
ALTER TABLE batch_job ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;         -- times `create` was sent
ALTER TABLE batch_job ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;      -- 429s to `create` in a row
ALTER TABLE batch_job ADD COLUMN waiting TEXT NOT NULL DEFAULT '';        -- why it stands still, in words
ALTER TABLE batch_job ADD COLUMN ingested_at REAL;
ALTER TABLE batch_job ADD COLUMN rescued_at REAL;
ALTER TABLE batch_job ADD COLUMN cleaned_at REAL;
ALTER TABLE batch_job ADD COLUMN tagged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch_job ADD COLUMN double_usd REAL NOT NULL DEFAULT 0;      -- paid for what was there already
ALTER TABLE batch_job ADD COLUMN tokens_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch_job ADD COLUMN tokens_out INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batch_job_state ON batch_job(state);

-- What a job was asked. A line's key is '<asset>-<nonce>' (see batch_key).
-- state: 0 held, 1 tagged, 2 known bad, 3 comes back later, 4 missing, 5 given back, 6 landed second
CREATE TABLE batch_item (
    job    INTEGER NOT NULL REFERENCES batch_job(id),
    asset  INTEGER NOT NULL,
    track  INTEGER NOT NULL,
    state  INTEGER NOT NULL DEFAULT 0,
    better INTEGER NOT NULL DEFAULT 0,    -- 1: its better try
    PRIMARY KEY (job, asset)
) STRICT, WITHOUT ROWID;
-- No asset is in two jobs of a track at once.
CREATE UNIQUE INDEX batch_item_held ON batch_item(track, asset) WHERE state = 0;

CREATE VIEW batch_key AS
SELECT i.job, i.asset, i.asset || '-' || j.nonce AS key, i.state
FROM batch_item i JOIN batch_job j ON j.id = i.job;

-- What happened to a job, for people.
CREATE TABLE batch_event (
    id    INTEGER PRIMARY KEY,
    job   INTEGER NOT NULL,
    at    REAL NOT NULL,
    kind  TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX batch_event_job ON batch_event(job, id);

-- Lines by what became of them: ok, a failure kind, missing, doubled, second, unknown, unparsable.
CREATE TABLE batch_tally (
    job   INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    lines INTEGER NOT NULL,
    PRIMARY KEY (job, kind)
) STRICT, WITHOUT ROWID;

-- Odd lines of results as they came, the first of each kind.
CREATE TABLE batch_odd (
    id       INTEGER PRIMARY KEY,
    job      INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    asset    INTEGER,
    cost_usd REAL NOT NULL DEFAULT 0,
    raw      BLOB NOT NULL                -- compressed with zlib
) STRICT;
CREATE INDEX batch_odd_job ON batch_odd(job, kind, id);

-- Jobs on the account that no row above stands for, as last listed.
CREATE TABLE batch_stranger (
    name         TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    model        TEXT NOT NULL,
    state        TEXT NOT NULL,
    requests     INTEGER NOT NULL DEFAULT 0,
    created_at   REAL,
    ours         INTEGER NOT NULL DEFAULT 0, -- 1: made by this library, by its name
    seen_at      REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- A row may stand for several calls: lines of a batch are entered by the group.
ALTER TABLE request_ledger ADD COLUMN requests INTEGER NOT NULL DEFAULT 1;
CREATE INDEX failure_job ON failure(job) WHERE job IS NOT NULL;

-- An asset that a job holds stays in that job whatever else happens to it.
DROP VIEW place;
CREATE VIEW place AS
SELECT t.id AS track, a.id AS asset,
    CASE
        WHEN r.id IS NOT NULL THEN 3
        WHEN own.standing = 'ignored' OR f.standing = 'ignored' THEN 5
        WHEN own.standing = 'known_bad' OR f.standing = 'known_bad' THEN 4
        WHEN EXISTS (
            SELECT 1 FROM batch_item b WHERE b.track = t.id AND b.asset = a.id AND b.state = 0
        ) THEN 2
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

-- By this word the library's jobs are told from others on the account; there from the start, so that
-- a copy made before the first job knows its own jobs too.
INSERT OR IGNORE INTO setting VALUES ('library_id', lower(hex(randomblob(4))));
