-- Backups and where they lie. The places are the truth; this is rebuilt from them at any time.
CREATE TABLE backups (
    id TEXT PRIMARY KEY NOT NULL,
    cluster TEXT NOT NULL,
    began INTEGER NOT NULL,
    trusted INTEGER NOT NULL,
    manifest TEXT NOT NULL
);
CREATE INDEX backups_by_age ON backups (cluster, began, id);
CREATE INDEX backups_by_trust ON backups (cluster, trusted, began);

-- The state is pending, kept or bad.
CREATE TABLE backup_copies (
    backup TEXT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (backup, place)
);
CREATE INDEX backup_copies_by_place ON backup_copies (place, state);
CREATE INDEX backup_copies_by_state ON backup_copies (state);

-- How each place fared when it was last looked into; the detail is empty when it fared well.
CREATE TABLE backup_places (
    place TEXT PRIMARY KEY NOT NULL,
    looked INTEGER NOT NULL,
    strays INTEGER NOT NULL,
    detail TEXT NOT NULL
);

-- How far the schedule of each cluster has come; failures are counted since the last that went well.
CREATE TABLE backup_schedules (
    cluster TEXT PRIMARY KEY NOT NULL,
    due INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    detail TEXT NOT NULL
);
