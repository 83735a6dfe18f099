-- +goose Up
-- How much room the data of a tenant took when it was last measured; null before.
ALTER TABLE platform.usage ADD COLUMN storage bigint;

CREATE TABLE platform.sizes (
  tenant_id uuid PRIMARY KEY REFERENCES platform.tenants (id),
  bytes bigint,
  -- How many writes of the tenant were counted, and how many of them the last measurement has seen.
  written bigint NOT NULL,
  measured bigint NOT NULL DEFAULT 0,
  -- When the tenant may be measured again.
  due_at timestamptz NOT NULL
);
CREATE INDEX sizes_due ON platform.sizes (due_at) WHERE written > measured;
INSERT INTO platform.sizes (tenant_id, written, due_at)
  SELECT tenant_id, sum(writes), max(hour) FROM platform.usage GROUP BY tenant_id HAVING sum(writes) > 0;

CREATE OR REPLACE VIEW platform.directory_usage AS
  SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS tenant_id, id, u.tenant_id AS tenant, hour, requests, writes, limited, storage
  FROM platform.usage AS u;
