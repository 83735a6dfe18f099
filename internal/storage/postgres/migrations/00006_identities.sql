-- +goose Up
CREATE TABLE platform.identities (
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  user_id uuid NOT NULL REFERENCES platform.users (id),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_of_user ON platform.identities (user_id);

-- Who was removed from a tenant, and so may not join it by themselves.
CREATE TABLE platform.removals (
  tenant_id uuid NOT NULL REFERENCES platform.tenants (id),
  user_id uuid NOT NULL REFERENCES platform.users (id),
  PRIMARY KEY (tenant_id, user_id)
);
