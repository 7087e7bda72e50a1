-- Grave warnings about backups, as an address was or is to be told of them. The state is appeared or ended.
CREATE TABLE backup_warnings (
    cluster TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    todo TEXT NOT NULL,
    told INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    again INTEGER NOT NULL,
    PRIMARY KEY (cluster, kind)
);
