-- Grave warnings about backups, as an address was or is to be told of them. The state is appeared or ended.
CREATE TABLE backup_warnings (
    cluster TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    todo TEXT NOT NULL,
    told BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    again BIGINT NOT NULL,
    PRIMARY KEY (cluster, kind)
);
