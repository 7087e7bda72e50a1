-- The audit is searched by who, by action and by cluster, newest first.
CREATE INDEX audit_by_who ON audit (who, id);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_cluster ON audit (cluster, id);
