-- +goose Up

-- enter binds the transaction to a tenant. It runs SET LOCAL and not set_config, since only that is sent on to the
-- workers of a Citus cluster, and only with the first of the two settings, which plain PostgreSQL takes as a
-- placeholder.
-- +goose StatementBegin
CREATE FUNCTION platform.enter(tenant uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  SET LOCAL citus.propagate_set_commands = 'local';
  EXECUTE pg_catalog.format('SET LOCAL app.tenant_id = %L', tenant);
END
$$;
-- +goose StatementEnd

-- current_tenant is what every policy compares with: null, which equals nothing, outside of enter's transaction.
-- After first use the setting reads as an empty text, not as null.
CREATE FUNCTION platform.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(pg_catalog.current_setting('app.tenant_id', true), '')::uuid $$;

-- require fails the statement, and so everything behind it in the same trip, COMMIT included.
-- +goose StatementBegin
CREATE FUNCTION platform.require(met boolean) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF met IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'TY001', MESSAGE = 'a requirement is not met';
  END IF;
END
$$;
-- +goose StatementEnd

-- fold takes the case out of a text, by the rules of Unicode as far as the server knows them.
-- +goose StatementBegin
DO $do$
DECLARE
  folding text;
BEGIN
  SELECT c.collname INTO folding
    FROM (VALUES (1, 'und-x-icu'), (2, 'C.utf8'), (3, 'default')) AS wanted (place, name)
    JOIN pg_catalog.pg_collation AS c ON c.collname = wanted.name
    WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_catalog.pg_database WHERE datname = current_database()))
    ORDER BY wanted.place LIMIT 1;
  EXECUTE format('CREATE FUNCTION platform.fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS %L',
    format('SELECT pg_catalog.lower(value COLLATE pg_catalog.%I)', folding));
END
$do$;
-- +goose StatementEnd
