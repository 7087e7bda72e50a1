-- The rules that a run's log was redacted by, what they hid when a stored log was redacted anew (JSON), and when that was.
ALTER TABLE runs ADD COLUMN rules INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN hidden TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN redacted INTEGER;
