-- +goose Up
CREATE TABLE schema_state (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  tenant_id TEXT,
  fingerprint TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE schema_resources (
  name TEXT NOT NULL PRIMARY KEY,
  snapshot TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  record TEXT,
  changes TEXT NOT NULL,
  request_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  hash TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX events_seq_idx ON events (tenant_id, seq);
CREATE INDEX events_record_idx ON events (tenant_id, record, seq, id);
CREATE INDEX events_actor_idx ON events (tenant_id, actor_id, seq, id);

-- The last event. It is kept apart from the events, so that one that is cut off the end leaves a gap behind.
CREATE TABLE event_head (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO event_head (id, seq, hash) VALUES (1, 0, '');

-- The trail is only ever added to, and only by the tenant whose file this is. INSERT OR REPLACE deletes without a
-- DELETE trigger, so an insert over something is refused as well.
-- +goose StatementBegin
CREATE TRIGGER events_of_tenant BEFORE INSERT ON events
WHEN NEW.tenant_id IS NOT (SELECT tenant_id FROM schema_state)
BEGIN
  SELECT RAISE(ABORT, 'an event of another tenant');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN NEW.seq <= (SELECT seq FROM event_head)
  OR EXISTS (SELECT 1 FROM events WHERE tenant_id = NEW.tenant_id AND id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'events are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_head_rises BEFORE UPDATE ON event_head WHEN NEW.seq <= OLD.seq
BEGIN
  SELECT RAISE(ABORT, 'the number of events only rises');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_head_no_replace BEFORE INSERT ON event_head
BEGIN
  SELECT RAISE(ABORT, 'the number of events only rises');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER event_head_stays BEFORE DELETE ON event_head
BEGIN
  SELECT RAISE(ABORT, 'the number of events is never forgotten');
END;
-- +goose StatementEnd
