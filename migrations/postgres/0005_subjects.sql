-- Who somebody is, whatever they are called: a person of a provider may take another name, or somebody else's.
ALTER TABLE sessions ADD COLUMN subject TEXT NOT NULL DEFAULT '';
UPDATE sessions SET subject = 'local ' || who WHERE way = 'local';
-- Whose these are cannot be told any more: they sign in again.
DELETE FROM sessions WHERE subject = '';
DROP INDEX sessions_of;
CREATE INDEX sessions_of ON sessions (subject);
-- A link lasts a day at most; until then an admin can revoke those from before.
ALTER TABLE links ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_subject ON audit (subject, id);
