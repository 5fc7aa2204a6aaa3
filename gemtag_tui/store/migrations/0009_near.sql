-- Pictures that look alike: one of a group is paid for, the others take over what was said of it.

-- What each looks like (core/near.py), by content.
CREATE TABLE near_look (
    asset INTEGER PRIMARY KEY REFERENCES asset(id),
    kind  INTEGER NOT NULL,               -- 0 telling, 1 one colour, 2 too vague, 3 cannot be looked at
    hash  INTEGER NOT NULL,               -- 64 bits, as a signed number
    tint  INTEGER NOT NULL                -- mean colour, 0xRRGGBB
) STRICT;

-- Groups of two and more. The leader is a member of its own group, with rank 0.
CREATE TABLE near_member (
    asset    INTEGER PRIMARY KEY REFERENCES asset(id),
    leader   INTEGER NOT NULL REFERENCES asset(id),
    rank     INTEGER NOT NULL,            -- who is paid for: the lowest that can be
    distance INTEGER NOT NULL             -- bits that differ from the leader's
) STRICT;
CREATE UNIQUE INDEX near_member_leader ON near_member(leader, rank);

-- Told by a person to be pictures of their own: members of no group.
CREATE TABLE near_apart (
    asset INTEGER PRIMARY KEY REFERENCES asset(id),
    at    REAL NOT NULL
) STRICT;

-- The result was made for another picture of the group, and cost nothing for this one.
ALTER TABLE asset_ai ADD COLUMN inherited_from INTEGER REFERENCES asset(id);
CREATE INDEX asset_ai_inherited ON asset_ai(asset) WHERE inherited_from IS NOT NULL;

-- State 6 of `work`: waits for the one of its group that is paid for. Part of what remains.
ALTER TABLE counter ADD COLUMN near INTEGER NOT NULL DEFAULT 0;
-- Followers there are in all, as of the last grouping: those that a new track would begin with.
ALTER TABLE library_counter ADD COLUMN near INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER work_added;
DROP TRIGGER work_removed;
DROP TRIGGER work_moved;
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    UPDATE counter SET
        todo = todo + (new.state = 0), retry_later = retry_later + (new.state = 1),
        in_batches = in_batches + (new.state = 2), tagged = tagged + (new.state = 3),
        known_bad = known_bad + (new.state = 4), ignored = ignored + (new.state = 5),
        near = near + (new.state = 6)
        WHERE track = new.track;
END;
CREATE TRIGGER work_removed AFTER DELETE ON work BEGIN
    UPDATE counter SET
        todo = todo - (old.state = 0), retry_later = retry_later - (old.state = 1),
        in_batches = in_batches - (old.state = 2), tagged = tagged - (old.state = 3),
        known_bad = known_bad - (old.state = 4), ignored = ignored - (old.state = 5),
        near = near - (old.state = 6)
        WHERE track = old.track;
END;
CREATE TRIGGER work_moved AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE counter SET
        todo = todo + (new.state = 0) - (old.state = 0),
        retry_later = retry_later + (new.state = 1) - (old.state = 1),
        in_batches = in_batches + (new.state = 2) - (old.state = 2),
        tagged = tagged + (new.state = 3) - (old.state = 3),
        known_bad = known_bad + (new.state = 4) - (old.state = 4),
        ignored = ignored + (new.state = 5) - (old.state = 5),
        near = near + (new.state = 6) - (old.state = 6)
        WHERE track = new.track;
END;
