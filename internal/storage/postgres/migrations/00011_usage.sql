-- +goose Up
CREATE TABLE platform.usage (
  tenant_id uuid NOT NULL REFERENCES platform.tenants (id),
  hour timestamptz NOT NULL,
  id uuid NOT NULL,
  requests bigint NOT NULL,
  writes bigint NOT NULL,
  limited bigint NOT NULL,
  PRIMARY KEY (tenant_id, hour)
);
CREATE INDEX usage_page ON platform.usage (hour, id);

CREATE VIEW platform.directory_usage AS
  SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS tenant_id, id, u.tenant_id AS tenant, hour, requests, writes, limited
  FROM platform.usage AS u;
