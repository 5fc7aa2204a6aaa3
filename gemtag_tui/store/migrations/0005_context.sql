-- What the place that a picture came from says of it. Strangers' words, every one of them.

CREATE TABLE context (
    id          INTEGER PRIMARY KEY,
    file        INTEGER NOT NULL REFERENCES file(id),
    source      TEXT NOT NULL,                   -- sidecar, manifest, sqlite
    external_id TEXT NOT NULL DEFAULT '',        -- the picture's id there
    board       TEXT NOT NULL DEFAULT '',
    section     TEXT NOT NULL DEFAULT '',        -- of the board
    title       TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    author      TEXT NOT NULL DEFAULT '',
    link        TEXT NOT NULL DEFAULT '',        -- where it was found
    keywords    TEXT NOT NULL DEFAULT '[]',      -- JSON list
    size        INTEGER NOT NULL DEFAULT 0,      -- of the sidecar that was read, and its time
    mtime_ns    INTEGER NOT NULL DEFAULT 0,
    noted_at    REAL NOT NULL,
    UNIQUE (file, source)
) STRICT;
CREATE INDEX context_board ON context(board, file) WHERE board <> '';
CREATE INDEX context_external ON context(external_id, file) WHERE external_id <> '';

-- For the search index: what is known of an asset, by the places where it lies.
CREATE VIEW search_context AS
SELECT f.asset, c.board, c.id AS context, c.file,
    trim(c.section || ' ' || c.title || ' ' || c.description || ' ' || c.author || ' '
        || (SELECT coalesce(group_concat(value, ' '), '') FROM json_each(c.keywords))) AS words
FROM file f JOIN context c ON c.file = f.id
WHERE f.missing_at IS NULL;

CREATE TRIGGER context_added AFTER INSERT ON context BEGIN
    INSERT INTO search_stale
        SELECT r.asset FROM file f JOIN asset_ai r ON r.asset = f.asset WHERE f.id = new.file
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER context_changed AFTER UPDATE OF board, section, title, description, author, keywords
ON context
WHEN (old.board, old.section, old.title, old.description, old.author, old.keywords)
    <> (new.board, new.section, new.title, new.description, new.author, new.keywords) BEGIN
    INSERT INTO search_stale
        SELECT r.asset FROM file f JOIN asset_ai r ON r.asset = f.asset WHERE f.id = new.file
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER context_removed AFTER DELETE ON context BEGIN
    INSERT INTO search_stale
        SELECT r.asset FROM file f JOIN asset_ai r ON r.asset = f.asset WHERE f.id = old.file
        ON CONFLICT DO NOTHING;
END;
