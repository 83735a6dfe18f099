-- +goose Up
-- Private keys are encrypted by the server before they come here, with a key that the database never sees.
CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL CHECK (algorithm IN ('HS256', 'EdDSA', 'ES256', 'RS256')),
  sealed BLOB NOT NULL,
  public TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  activates_at INTEGER NOT NULL,
  deactivates_at INTEGER,
  retires_at INTEGER
) STRICT;
