-- +goose Up
ALTER TABLE tenants ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

CREATE TABLE service_accounts (
  id TEXT NOT NULL PRIMARY KEY,
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  secret_hash BLOB NOT NULL,
  -- The secret from before the last rotation, and how long it stays good.
  former_hash BLOB,
  former_until INTEGER,
  expires_at INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT
) STRICT;
CREATE INDEX service_accounts_page ON service_accounts (tenant_id, created_at, id);

-- The platform's records as lists of the API see them. What belongs to no tenant has the zero id, which no tenant has.
CREATE VIEW directory_members AS
  SELECT m.tenant_id, m.id, m.role, m.created_at, m.user_id, u.username,
    json_object('id', u.id, 'username', u.username) AS "user"
  FROM memberships AS m JOIN users AS u ON u.id = m.user_id;
CREATE VIEW directory_service_accounts AS
  SELECT tenant_id, id, name, role, expires_at, id AS client_id, NULL AS client_secret, last_used_at, created_at, created_by
  FROM service_accounts;
CREATE VIEW directory_tenants AS
  SELECT '00000000-0000-0000-0000-000000000000' AS tenant_id, id, slug, name, status, settings, created_at FROM tenants;
CREATE VIEW directory_users AS
  SELECT '00000000-0000-0000-0000-000000000000' AS tenant_id, id, username, NULL AS password,
    active AS is_active, operator AS is_operator, created_at
  FROM users;
