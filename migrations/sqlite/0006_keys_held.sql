-- Who works on a request with a key, and until when that is believed without another word of theirs.
ALTER TABLE idempotency ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
