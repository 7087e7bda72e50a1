-- How hosts fared while their systems installed, and what was deployed by its versions, both as JSON.
ALTER TABLE runs ADD COLUMN seen TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN versions TEXT NOT NULL DEFAULT '';
