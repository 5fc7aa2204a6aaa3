-- What the plan is reckoned from, kept so that it costs the same at any size.

-- Each asset by its type, size and weight, with the tiles that 2.x models cut it into (as it is, and
-- shrunk to a longer side of 1536). The same rule stands in gemtag_tui.core.plan_shape.
CREATE VIEW asset_shape AS
SELECT id, type, bytes, width * height AS pixels,
    CASE WHEN max(width, height) <= 0 THEN 0 WHEN max(width, height) <= 384 THEN 384
        WHEN max(width, height) <= 768 THEN 768 WHEN max(width, height) <= 1536 THEN 1536
        WHEN max(width, height) <= 3072 THEN 3072 ELSE 6144 END AS side,
    CASE WHEN bytes > 7000000 THEN 2 WHEN bytes > 1000000 THEN 1 ELSE 0 END AS heavy,
    CASE WHEN max(width, height) <= 384 THEN 1 ELSE
        ((width + unit - 1) / unit) * ((height + unit - 1) / unit) END AS tiles,
    CASE WHEN max(width, height) <= 384 THEN 1 ELSE
        ((small_width + small_unit - 1) / small_unit)
        * ((small_height + small_unit - 1) / small_unit) END AS tiles_small
FROM (
    SELECT *, min(768, max(256, min(small_width, small_height) * 2 / 3)) AS small_unit FROM (
        SELECT id, type, bytes, width, height,
            min(768, max(256, min(width, height) * 2 / 3)) AS unit,
            CASE WHEN max(width, height) <= 1536 THEN width
                ELSE max(1, width * 1536 / max(width, height)) END AS small_width,
            CASE WHEN max(width, height) <= 1536 THEN height
                ELSE max(1, height * 1536 / max(width, height)) END AS small_height
        FROM asset
    )
);

-- Sums over the assets with a live file that can be used.
CREATE TABLE shape (
    type        TEXT NOT NULL,
    side        INTEGER NOT NULL,          -- longer side up to so many pixels; 0 not known, 6144 more
    heavy       INTEGER NOT NULL,          -- 0: up to 1 MB, 1: up to 7 MB, 2: more
    assets      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    pixels      INTEGER NOT NULL,
    tiles       INTEGER NOT NULL,
    tiles_small INTEGER NOT NULL,
    PRIMARY KEY (type, side, heavy)
) STRICT, WITHOUT ROWID;

INSERT INTO shape
    SELECT s.type, s.side, s.heavy, count(*), sum(s.bytes), sum(s.pixels), sum(s.tiles), sum(s.tiles_small)
    FROM asset a JOIN asset_shape s ON s.id = a.id WHERE a.files > 0 AND a.bad = 0
    GROUP BY s.type, s.side, s.heavy;

CREATE TRIGGER shape_left BEFORE UPDATE OF files, bad, type, width, height, bytes ON asset
WHEN old.files > 0 AND old.bad = 0 AND (
    new.files = 0 OR new.bad <> 0 OR new.width <> old.width OR new.height <> old.height
    OR new.type <> old.type OR new.bytes <> old.bytes
) BEGIN
    UPDATE shape SET assets = shape.assets - 1, bytes = shape.bytes - s.bytes,
        pixels = shape.pixels - s.pixels, tiles = shape.tiles - s.tiles,
        tiles_small = shape.tiles_small - s.tiles_small
        FROM asset_shape s WHERE s.id = old.id
        AND shape.type = s.type AND shape.side = s.side AND shape.heavy = s.heavy;
END;
CREATE TRIGGER shape_entered AFTER UPDATE OF files, bad, type, width, height, bytes ON asset
WHEN new.files > 0 AND new.bad = 0 AND (
    old.files = 0 OR old.bad <> 0 OR new.width <> old.width OR new.height <> old.height
    OR new.type <> old.type OR new.bytes <> old.bytes
) BEGIN
    INSERT INTO shape
        SELECT type, side, heavy, 1, bytes, pixels, tiles, tiles_small FROM asset_shape
        WHERE id = new.id
        ON CONFLICT (type, side, heavy) DO UPDATE SET assets = assets + 1,
            bytes = bytes + excluded.bytes, pixels = pixels + excluded.pixels,
            tiles = tiles + excluded.tiles, tiles_small = tiles_small + excluded.tiles_small;
END;

-- Samples that were tagged to measure with; their results are kept like all others.
CREATE TABLE pilot (
    id       INTEGER PRIMARY KEY,
    track    INTEGER NOT NULL REFERENCES track(id),
    run      INTEGER,                      -- NULL until it has begun
    lane     TEXT NOT NULL,
    seed     INTEGER NOT NULL,
    at       REAL NOT NULL,
    max_cost REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE pilot_asset (
    pilot   INTEGER NOT NULL REFERENCES pilot(id),
    asset   INTEGER NOT NULL,
    stratum TEXT NOT NULL,
    PRIMARY KEY (pilot, asset)
) STRICT, WITHOUT ROWID;
