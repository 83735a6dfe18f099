-- +goose Up
CREATE TABLE platform.tenants (
  id uuid PRIMARY KEY,
  slug text COLLATE "C" NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL
);

CREATE TABLE platform.users (
  id uuid PRIMARY KEY,
  username text COLLATE "C" NOT NULL UNIQUE,
  password_hash text COLLATE "C" NOT NULL,
  active boolean NOT NULL,
  operator boolean NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE platform.memberships (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenants (id),
  user_id uuid NOT NULL REFERENCES platform.users (id),
  role text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, user_id)
);
CREATE INDEX memberships_page ON platform.memberships (tenant_id, id);
CREATE INDEX memberships_of_user ON platform.memberships (user_id);

CREATE TABLE platform.families (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES platform.tenants (id),
  user_id uuid NOT NULL REFERENCES platform.users (id),
  current_token uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX families_of_user ON platform.families (user_id);
CREATE INDEX families_expiry ON platform.families (expires_at);

CREATE TABLE platform.revocations (
  id uuid PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX revocations_expiry ON platform.revocations (expires_at);

CREATE TABLE platform.generation (
  id integer PRIMARY KEY CHECK (id = 1),
  value bigint NOT NULL
);
INSERT INTO platform.generation (id, value) VALUES (1, 1);

-- What the tables of the resources were made from.
CREATE TABLE platform.resources (
  name text COLLATE "C" PRIMARY KEY,
  snapshot text COLLATE "C" NOT NULL
);
