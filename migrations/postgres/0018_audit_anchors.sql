-- The audit is shortened at its old end alone, and only up to an anchor, which tells what went and is never changed.
CREATE TABLE audit_anchors (
    upto BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    oldest BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    digest TEXT NOT NULL
);
CREATE TRIGGER audit_anchors_are_never_changed BEFORE UPDATE OR DELETE ON audit_anchors
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_anchors_are_never_emptied BEFORE TRUNCATE ON audit_anchors
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

DROP TRIGGER audit_is_never_changed ON audit;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE FUNCTION audit_goes_up_to_anchors() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM audit_anchors WHERE upto >= OLD.id) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_goes_up_to_anchors();
