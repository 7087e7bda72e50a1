CREATE INDEX incidents_by_end ON incidents (ended, cluster);
-- Twice a second it is asked for these, and mostly there are none.
CREATE INDEX incidents_to_compare ON incidents (began) WHERE changed IS NULL;
CREATE INDEX incidents_to_tell ON incidents (began, cluster, id) WHERE told < 2;
