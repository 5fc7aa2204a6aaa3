-- All that this index can answer failure_kind(standing, kind) answers as well; decisions about many
-- failures moved every one of them in both.
DROP INDEX failure_standing;
