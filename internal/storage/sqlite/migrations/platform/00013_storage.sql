-- +goose Up
-- How much room the data of a tenant took when it was last measured; null before.
ALTER TABLE usage ADD COLUMN storage INTEGER;

CREATE TABLE sizes (
  tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
  bytes INTEGER,
  -- How many writes of the tenant were counted, and how many of them the last measurement has seen.
  written INTEGER NOT NULL,
  measured INTEGER NOT NULL DEFAULT 0,
  -- When the tenant may be measured again.
  due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sizes_due ON sizes (due_at) WHERE written > measured;
INSERT INTO sizes (tenant_id, written, due_at)
  SELECT tenant_id, sum(writes), max(hour) FROM usage GROUP BY tenant_id HAVING sum(writes) > 0;

DROP VIEW directory_usage;
CREATE VIEW directory_usage AS
  SELECT '00000000-0000-0000-0000-000000000000' AS tenant_id, id, u.tenant_id AS tenant, hour, requests, writes, limited, storage
  FROM usage AS u;
