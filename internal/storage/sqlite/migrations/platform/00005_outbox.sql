-- +goose Up
-- Events on their way to a trail, which lies in another file.
CREATE TABLE outbox (
  id TEXT NOT NULL PRIMARY KEY,
  trail TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  record TEXT,
  changes TEXT NOT NULL,
  request_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  claimed_until INTEGER NOT NULL,
  claims INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due_idx ON outbox (claimed_until, id);

-- The platform's own trail has the id that no tenant may have.
-- +goose StatementBegin
CREATE TRIGGER tenants_not_platform BEFORE INSERT ON tenants WHEN NEW.id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
BEGIN
  SELECT RAISE(ABORT, 'this id is the platform''s');
END;
-- +goose StatementEnd
