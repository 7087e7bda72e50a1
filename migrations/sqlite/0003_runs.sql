-- Deployments and their logs. Nothing in them is a secret: plans and logs are kept without.
CREATE TABLE runs (
    id TEXT PRIMARY KEY NOT NULL,
    cluster TEXT NOT NULL,
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The jump host, as long as this run has it: one run at a time.
    holds TEXT UNIQUE,
    -- What was ordered, as long as it has not ended: pressed twice it is one run.
    ordered TEXT UNIQUE,
    who TEXT NOT NULL,
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER,
    dir TEXT NOT NULL,
    -- Options, command and hosts, as JSON.
    made TEXT NOT NULL,
    dha TEXT NOT NULL,
    network TEXT NOT NULL,
    -- Where to go on reading the log, as JSON, and how much of it is kept, in bytes.
    resume TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,
    -- What the log tells, JSON by zstd; and how it went, JSON.
    outline BLOB,
    judgement TEXT,
    -- What is being waited for, in a sentence.
    trouble TEXT NOT NULL DEFAULT '',
    cancelled_by TEXT
);
CREATE INDEX runs_of_cluster ON runs (cluster, created);
CREATE INDEX runs_by_time ON runs (created);

-- Pieces of a log, by zstd, each with its place in bytes and when it was heard.
CREATE TABLE run_log (
    run TEXT NOT NULL,
    at INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    size INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (run, at)
);
