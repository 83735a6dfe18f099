-- +goose Up
-- Events on their way to a trail.
CREATE TABLE platform.outbox (
  id uuid PRIMARY KEY,
  trail uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_id uuid NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  resource text COLLATE "C" NOT NULL,
  record uuid,
  changes text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  ip text COLLATE "C" NOT NULL,
  claimed_until timestamptz NOT NULL,
  claims bigint NOT NULL
);
CREATE INDEX outbox_due ON platform.outbox (claimed_until, id);

-- The platform's own trail has the id that no tenant may have.
ALTER TABLE platform.tenants ADD CONSTRAINT tenants_not_platform CHECK (id <> 'ffffffff-ffff-ffff-ffff-ffffffffffff');
