-- Incidents of clusters, by the cluster and an id that their facts give: when each began, was well and ended, what it
-- touched and what had changed before it, as JSON, and how far it was told.
CREATE TABLE incidents (
    cluster TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    began INTEGER NOT NULL,
    well INTEGER,
    ended INTEGER,
    relapses INTEGER NOT NULL,
    what TEXT NOT NULL,
    touched TEXT NOT NULL,
    -- When the row was written last.
    written INTEGER NOT NULL,
    -- NULL until it was looked for.
    changed TEXT,
    -- 0 for nothing, 1 for the beginning, 2 for the end.
    told INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cluster, id)
);
CREATE INDEX incidents_by_time ON incidents (cluster, began);
CREATE INDEX incidents_by_writing ON incidents (written);

-- Times in which nobody is told of incidents, and why. Empty texts stand for all.
CREATE TABLE incident_silences (
    id TEXT PRIMARY KEY NOT NULL,
    cluster TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    began INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    reason TEXT NOT NULL,
    maker TEXT NOT NULL
);
CREATE INDEX incident_silences_by_end ON incident_silences (cluster, ends);
