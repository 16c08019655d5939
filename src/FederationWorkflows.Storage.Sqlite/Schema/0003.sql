-- People who look for somebody do not know how his name is written.
DROP INDEX audit_of_actor;
DROP INDEX audit_of_subject;
CREATE INDEX audit_of_actor ON audit (actor COLLATE NOCASE, number);
CREATE INDEX audit_of_subject ON audit (subject COLLATE NOCASE, number);
