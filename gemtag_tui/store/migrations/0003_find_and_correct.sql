-- Finding by tag, bucket, path and date; corrections by people; what can be taken back.

-- A person's word on an asset, laid over what any model said of it.
-- overlay: JSON {"summary": "…" or null, "buckets": {"colours": {"set": […] or null, "add": […], "remove": […]}}}
CREATE TABLE edit (
    asset     INTEGER PRIMARY KEY REFERENCES asset(id),
    overlay   TEXT NOT NULL,
    edited_at REAL NOT NULL,
    who       TEXT NOT NULL DEFAULT ''    -- tui or shell
) STRICT;

-- Tags that go by another name everywhere, in what is stored and in what will be.
-- No target is itself renamed.
CREATE TABLE tag_rule (
    bucket TEXT NOT NULL,
    name   TEXT NOT NULL,                 -- as models say it
    target TEXT NOT NULL,                 -- as it is shown
    PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_rule_target ON tag_rule(bucket, target);

-- What people changed, newest last, with what was there before.
CREATE TABLE change (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        REAL NOT NULL,
    kind      TEXT NOT NULL,              -- edit, tags, failures
    verb      TEXT NOT NULL,
    words     TEXT NOT NULL,              -- for people
    items     INTEGER NOT NULL,
    undone_at REAL
) STRICT;
CREATE TABLE change_item (
    change INTEGER NOT NULL REFERENCES change(id),
    item   TEXT NOT NULL,                 -- an asset's or a failure's id, or '["bucket","name"]'
    before TEXT,                          -- NULL: nothing
    after  TEXT,
    PRIMARY KEY (change, item)
) STRICT, WITHOUT ROWID;

-- Assets chosen by a query, for a run on these alone.
CREATE TABLE selection (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    words   TEXT NOT NULL,                -- the query
    made_at REAL NOT NULL,
    assets  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE selection_item (
    selection INTEGER NOT NULL REFERENCES selection(id),
    asset     INTEGER NOT NULL,
    PRIMARY KEY (selection, asset)
) STRICT, WITHOUT ROWID;

-- Derived from asset_ai, edit and file by the indexer, up to the mark in `setting` under 'indexed';
-- can be rebuilt.
DROP TABLE search;
DROP TABLE tag;
UPDATE setting SET value = '0' WHERE name = 'indexed';
CREATE TABLE tag (
    track  INTEGER NOT NULL,
    bucket TEXT NOT NULL,
    name   TEXT NOT NULL,                 -- as models and edits say it, before `tag_rule`
    assets INTEGER NOT NULL DEFAULT 0,    -- results that have it
    PRIMARY KEY (track, bucket, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_top ON tag(track, bucket, assets);
-- Results counted more than once when the counts of tags with one target are added up.
CREATE TABLE tag_double (
    track  INTEGER NOT NULL,
    bucket TEXT NOT NULL,
    target TEXT NOT NULL,
    assets INTEGER NOT NULL,
    PRIMARY KEY (track, bucket, target)
) STRICT, WITHOUT ROWID;
-- tags: '| red | dark blue |', so that no phrase reaches from one tag into the next.
-- keys: one word for each whole tag, each tag of a bucket, the track, the lane (core/search_keys.py).
CREATE VIRTUAL TABLE search USING fts5(
    summary, tags, keys, path, context, content='',
    tokenize='unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc'' tokenchars ''|'''
);
-- What `search` has of a result beside the result itself: needed to take it out again.
CREATE TABLE search_doc (
    result  INTEGER PRIMARY KEY,
    files   TEXT NOT NULL,                -- JSON list of file.id: the paths
    context TEXT NOT NULL DEFAULT '',
    boards  TEXT NOT NULL DEFAULT '[]',
    overlay TEXT
) STRICT;
-- Results by blocks of 4096 ids: where the n-th one is, and where those of a day are.
CREATE TABLE search_block (
    track    INTEGER NOT NULL,
    block    INTEGER NOT NULL,
    results  INTEGER NOT NULL,
    first_at REAL NOT NULL,               -- of tagged_at
    last_at  REAL NOT NULL,
    PRIMARY KEY (track, block)
) STRICT, WITHOUT ROWID;
-- Assets whose results are to be indexed anew: their files or their context changed.
-- (What a trigger says after INSERT OR gives way to the statement that fires it; ON CONFLICT does not.)
CREATE TABLE search_stale (asset INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER file_named AFTER INSERT ON file WHEN new.missing_at IS NULL BEGIN
    INSERT INTO search_stale
        SELECT new.asset WHERE EXISTS (SELECT 1 FROM asset_ai WHERE asset = new.asset)
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER file_named_anew AFTER UPDATE OF asset, missing_at ON file
WHEN new.missing_at IS NULL AND (old.missing_at IS NOT NULL OR new.asset <> old.asset) BEGIN
    INSERT INTO search_stale
        SELECT r.asset FROM asset_ai r WHERE r.asset IN (old.asset, new.asset)
        ON CONFLICT DO NOTHING;
END;

-- Every tag of every result as it is shown, for queries by hand.
DROP VIEW asset_tag;
CREATE VIEW asset_tag AS
SELECT DISTINCT x.asset, x.result, x.bucket, coalesce(u.target, x.name) AS name FROM (
    SELECT r.asset, r.id AS result, b.key AS bucket, t.value AS name
    FROM asset_ai r, json_each(r.tags) b, json_each(b.value) t LEFT JOIN edit e ON e.asset = r.asset
    WHERE e.asset IS NULL OR (
        json_extract(e.overlay, '$.buckets."' || b.key || '".set') IS NULL AND t.value NOT IN (
            SELECT value FROM json_each(e.overlay, '$.buckets."' || b.key || '".remove')))
    UNION ALL
    SELECT r.asset, r.id, b.key, t.value FROM edit e JOIN asset_ai r ON r.asset = e.asset,
        json_each(e.overlay, '$.buckets') b, json_each(b.value, '$.set') t
        WHERE t.value IS NOT NULL
    UNION ALL
    SELECT r.asset, r.id, b.key, t.value FROM edit e JOIN asset_ai r ON r.asset = e.asset,
        json_each(e.overlay, '$.buckets') b, json_each(b.value, '$.add') t
) x LEFT JOIN tag_rule u ON u.bucket = x.bucket AND u.name = x.name;

-- Failures that stand, by asset.
CREATE INDEX failure_asset ON failure(asset) WHERE live = 1 AND standing <> 'resolved';
