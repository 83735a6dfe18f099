-- +goose Up

-- What is made here serves databases that take a tenant only with a proof of it, which is the operator's choice
-- (ADR 0017): the policies of the others never ask for it. Names are resolved here and now.
SET LOCAL search_path = pg_catalog;

-- The key under which a server proves that it means a tenant, and the one before while servers still use that: HMAC's
-- padded key, ready for use. No one but the owner may read them. Until a migration stores a server's key there is a
-- random one that nobody knows, so that nothing verifies.
CREATE TABLE platform.context_keys (
  id integer PRIMARY KEY CHECK (id = 1),
  inner_key bytea NOT NULL CHECK (length(inner_key) = 64),
  outer_key bytea NOT NULL CHECK (length(outer_key) = 64),
  previous_inner_key bytea CHECK (length(previous_inner_key) = 64),
  previous_outer_key bytea CHECK (length(previous_outer_key) = 64)
);
INSERT INTO platform.context_keys (id, inner_key, outer_key)
  SELECT 1, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) || sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) || sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- refuse_context fails a statement whose transaction names a tenant without the proof: nothing found would look like an
-- answer. The argument keeps the planner from calling it.
-- +goose StatementBegin
CREATE FUNCTION platform.refuse_context(keys integer) RETURNS uuid LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'TY002', MESSAGE = 'the transaction''s tenant is not proven';
END
$$;
-- +goose StatementEnd

-- enter_proven binds the transaction to a tenant. mac is the tenant's HMAC-SHA256 under the server's key. It is
-- kept nowhere: what stays until the end of the transaction is a hash of it with the time when the transaction began,
-- so that what can be read in one transaction proves nothing in the next. Operators are spelt out since the body is
-- resolved when it is called.
CREATE FUNCTION platform.enter_proven(tenant uuid, mac bytea) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.concat(pg_catalog.set_config('app.tenant_id', tenant::pg_catalog.text, true),
    pg_catalog.set_config('app.tenant_proof', pg_catalog.encode(pg_catalog.substr(
      pg_catalog.sha256(mac OPERATOR(pg_catalog.||) pg_catalog.timestamptz_send(pg_catalog.now())), 1, 16), 'hex'), true))
$$;

-- entered is the tenant that the transaction has entered with a proof: null, which equals nothing, where it entered
-- none. It is a view and not a function because a view reads the keys with its owner's rights at less cost, once for
-- each table of a statement. Proofs are compared as uuids: 16 bytes, in whole words, so that the time that it takes
-- tells nobody how much of a guess was right.
CREATE VIEW platform.entered WITH (security_barrier) AS SELECT CASE
    WHEN encode(substr(sha256(sha256(k.outer_key || sha256(k.inner_key || uuid_send(nullif(current_setting('app.tenant_id', true), '')::uuid)))
        || timestamptz_send(now())), 1, 16), 'hex')::uuid = nullif(current_setting('app.tenant_proof', true), '')::uuid
      THEN current_setting('app.tenant_id')::uuid
    WHEN nullif(current_setting('app.tenant_id', true), '') IS NULL
      THEN NULL
    WHEN encode(substr(sha256(sha256(k.previous_outer_key || sha256(k.previous_inner_key || uuid_send(current_setting('app.tenant_id')::uuid)))
        || timestamptz_send(now())), 1, 16), 'hex')::uuid = nullif(current_setting('app.tenant_proof', true), '')::uuid
      THEN current_setting('app.tenant_id')::uuid
    ELSE platform.refuse_context(k.id)
  END AS tenant
FROM platform.context_keys AS k;
