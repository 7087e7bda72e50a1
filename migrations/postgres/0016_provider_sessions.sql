-- Which provider's session a session belongs to, when its role was last looked at and last tried to be, and the
-- provider's tokens, sealed by the cookie's own value: whoever has this database alone cannot open them.
ALTER TABLE sessions ADD COLUMN sid TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN checked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN tried BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN sealed TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_by_sid ON sessions (sid);
-- Logout tokens of a provider, so that each counts once.
CREATE TABLE logouts (
    id TEXT PRIMARY KEY NOT NULL,
    expires BIGINT NOT NULL
);
