CREATE TABLE documents (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  alias text COLLATE "C",
  json bytea NOT NULL,
  revision bigint NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX documents_alias ON documents (kind, alias) WHERE alias IS NOT NULL;

CREATE TABLE audit (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL,
  signed_in_by text NOT NULL,
  address text,
  action text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  succeeded boolean NOT NULL,
  before bytea,
  after bytea
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_of_actor ON audit (actor, number);
CREATE INDEX audit_of_action ON audit (action, number);
CREATE INDEX audit_of_subject ON audit (subject, number);

-- What happened stays what happened, whoever writes to this database.
CREATE FUNCTION refuse_audit_change_1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is added to and read, never changed';
END
$$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_audit_change_1();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change_1();
