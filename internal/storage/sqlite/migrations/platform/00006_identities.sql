-- +goose Up
CREATE TABLE identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX identities_user_idx ON identities (user_id);

-- Who was removed from a tenant, and so may not join it by themselves.
CREATE TABLE removals (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (tenant_id, user_id)
) STRICT;
