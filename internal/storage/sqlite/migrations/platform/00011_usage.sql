-- +goose Up
CREATE TABLE usage (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  hour INTEGER NOT NULL,
  id TEXT NOT NULL,
  requests INTEGER NOT NULL,
  writes INTEGER NOT NULL,
  limited INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour)
) STRICT;
CREATE INDEX usage_page ON usage (hour, id);

CREATE VIEW directory_usage AS
  SELECT '00000000-0000-0000-0000-000000000000' AS tenant_id, id, u.tenant_id AS tenant, hour, requests, writes, limited
  FROM usage AS u;
