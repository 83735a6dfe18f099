-- +goose Up
CREATE TABLE tenant.events (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  actor json NOT NULL,
  action text COLLATE "C" NOT NULL,
  resource text COLLATE "C" NOT NULL,
  record uuid,
  changes json NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  ip text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  actor_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX events_of_record ON tenant.events (tenant_id, record, seq);

-- The last event of each tenant. Whoever appends one holds this row until the commit.
CREATE TABLE tenant.event_heads (
  tenant_id uuid PRIMARY KEY,
  seq bigint NOT NULL,
  hash bytea NOT NULL
);

ALTER TABLE tenant.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant.event_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant.events
  USING (tenant_id = platform.current_tenant()) WITH CHECK (tenant_id = platform.current_tenant());
CREATE POLICY tenant_isolation ON tenant.event_heads
  USING (tenant_id = platform.current_tenant()) WITH CHECK (tenant_id = platform.current_tenant());
