-- What a picture's next try in a track is made with, where that is not what the profile says: chosen by
-- a person for a failure, used by one answer, gone with it.
-- setting: 'output=4096' (tokens), 'resolution=low', 're-encode'
CREATE TABLE next_try (
    track   INTEGER NOT NULL REFERENCES track(id),
    asset   INTEGER NOT NULL REFERENCES asset(id),
    setting TEXT NOT NULL,
    job     INTEGER,                       -- the batch job that it went into last
    PRIMARY KEY (track, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX next_try_job ON next_try(job) WHERE job IS NOT NULL;

-- What was answered so that it need not be paid for again: by content, model, profile and setting.
-- (Without a setting, a failure that is known bad says the same.)
CREATE TABLE refusal (
    asset    INTEGER NOT NULL REFERENCES asset(id),
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    profile  TEXT NOT NULL,
    setting  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    at       REAL NOT NULL,
    PRIMARY KEY (asset, provider, model, profile, setting)
) STRICT, WITHOUT ROWID;

-- The setting that a result, and the last try of a failure, was made with; '' is as the profile says.
ALTER TABLE asset_ai ADD COLUMN made_with TEXT NOT NULL DEFAULT '';
ALTER TABLE failure ADD COLUMN made_with TEXT NOT NULL DEFAULT '';
