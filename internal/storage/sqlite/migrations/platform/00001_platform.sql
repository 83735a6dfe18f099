-- +goose Up
CREATE TABLE tenants (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  operator INTEGER NOT NULL CHECK (operator IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
  id TEXT NOT NULL PRIMARY KEY,
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  created_at INTEGER NOT NULL,
  UNIQUE (tenant_id, user_id)
) STRICT;
CREATE INDEX memberships_user_idx ON memberships (user_id);
CREATE INDEX memberships_tenant_idx ON memberships (tenant_id, id);

CREATE TABLE families (
  id TEXT NOT NULL PRIMARY KEY,
  tenant_id TEXT,
  user_id TEXT NOT NULL REFERENCES users (id),
  current_token TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE INDEX families_user_idx ON families (user_id);
CREATE INDEX families_expires_idx ON families (expires_at);

CREATE TABLE revocations (
  id TEXT NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_expires_idx ON revocations (expires_at);

CREATE TABLE generation (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
) STRICT;
INSERT INTO generation (id, value) VALUES (1, 1);

-- The form that the file is in; of a tenant's file also whose it is. No row: never finished.
CREATE TABLE schema_state (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  tenant_id TEXT,
  fingerprint TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

-- The form that each tenant's file was in when it was last brought up to date, so that a start opens none that
-- needs nothing. The file's own schema_state is the truth.
CREATE TABLE tenant_stores (
  tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
  fingerprint TEXT NOT NULL
) STRICT;
