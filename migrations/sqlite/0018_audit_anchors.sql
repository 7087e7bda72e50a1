-- The audit is shortened at its old end alone, and only up to an anchor, which tells what went and is never changed.
CREATE TABLE audit_anchors (
    upto INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    digest TEXT NOT NULL
);
CREATE TRIGGER audit_anchors_are_never_changed BEFORE UPDATE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_anchors_are_never_replaced BEFORE INSERT ON audit_anchors
WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE upto >= NEW.upto)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_anchors_are_never_removed BEFORE DELETE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

DROP TRIGGER audit_is_never_shortened;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_anchors WHERE upto >= OLD.id)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
