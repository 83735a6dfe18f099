-- +goose Up
-- What a rotation changes, for whoever makes another one depend on it.
DROP VIEW directory_service_accounts;
CREATE VIEW directory_service_accounts AS
  SELECT tenant_id, id, name, role, expires_at, id AS client_id, NULL AS client_secret, last_used_at, created_at, created_by, former_until
  FROM service_accounts;
