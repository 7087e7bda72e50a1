-- What a cluster was like: blocks of changes, and everything from time to time. They are rows as they are, so that few
-- rows hold many changes.
CREATE TABLE history_blocks (
    cluster TEXT NOT NULL,
    -- 0 for changes, 1 for the whole.
    content BIGINT NOT NULL,
    -- How many changes were recorded before these.
    number BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    size BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX history_blocks_by_number ON history_blocks (cluster, content, number, first);
CREATE INDEX history_blocks_by_time ON history_blocks (cluster, content, first);

-- How far a cluster's history has come: up to when it was followed, and how many changes there were.
CREATE TABLE history_heads (
    cluster TEXT PRIMARY KEY NOT NULL,
    seen BIGINT NOT NULL,
    next BIGINT NOT NULL
);

-- What stands on a time line: gaps, leaders, hosts.
CREATE TABLE history_marks (
    cluster TEXT NOT NULL,
    lane TEXT NOT NULL,
    about TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT,
    what TEXT NOT NULL,
    PRIMARY KEY (cluster, lane, began, about)
);
