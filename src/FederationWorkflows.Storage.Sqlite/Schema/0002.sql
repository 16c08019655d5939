CREATE TABLE documents (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  alias TEXT,
  json BLOB NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX documents_alias ON documents (kind, alias) WHERE alias IS NOT NULL;

-- AUTOINCREMENT: a number is never given twice.
CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  signed_in_by TEXT NOT NULL,
  address TEXT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  succeeded INTEGER NOT NULL,
  before BLOB,
  after BLOB
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_of_actor ON audit (actor, number);
CREATE INDEX audit_of_action ON audit (action, number);
CREATE INDEX audit_of_subject ON audit (subject, number);

-- What happened stays what happened, whoever writes to this file. The third is for INSERT OR REPLACE, which deletes without the second being asked.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is not deleted from'); END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number = new.number)
BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
