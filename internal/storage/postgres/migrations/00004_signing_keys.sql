-- +goose Up
-- Private keys are encrypted by the server before they come here, with a key that the database never sees.
CREATE TABLE platform.signing_keys (
  id text COLLATE "C" PRIMARY KEY,
  algorithm text COLLATE "C" NOT NULL CHECK (algorithm IN ('HS256', 'EdDSA', 'ES256', 'RS256')),
  sealed bytea NOT NULL,
  public text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  activates_at timestamptz NOT NULL,
  deactivates_at timestamptz,
  retires_at timestamptz
);
