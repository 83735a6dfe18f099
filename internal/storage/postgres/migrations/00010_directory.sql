-- +goose Up
ALTER TABLE platform.tenants ADD COLUMN settings text COLLATE "C" NOT NULL DEFAULT '{}';

CREATE TABLE platform.service_accounts (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenants (id),
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  secret_hash bytea NOT NULL,
  -- The secret from before the last rotation, and how long it stays good.
  former_hash bytea,
  former_until timestamptz,
  expires_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by uuid
);
CREATE INDEX service_accounts_page ON platform.service_accounts (tenant_id, created_at, id);

-- The platform's records as lists of the API see them. What belongs to no tenant has the zero id, which no tenant has.
CREATE VIEW platform.directory_members AS
  SELECT m.tenant_id, m.id, m.role, m.created_at, m.user_id, u.username,
    '{"id":"' || u.id || '","username":' || to_json(u.username) || '}' AS "user"
  FROM platform.memberships AS m JOIN platform.users AS u ON u.id = m.user_id;
CREATE VIEW platform.directory_service_accounts AS
  SELECT tenant_id, id, name, role, expires_at, id AS client_id, CAST(NULL AS text) AS client_secret, last_used_at, created_at, created_by
  FROM platform.service_accounts;
CREATE VIEW platform.directory_tenants AS
  SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS tenant_id, id, slug, name, status, settings, created_at
  FROM platform.tenants;
CREATE VIEW platform.directory_users AS
  SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid) AS tenant_id, id, username, CAST(NULL AS text) AS password,
    active AS is_active, operator AS is_operator, created_at
  FROM platform.users;
