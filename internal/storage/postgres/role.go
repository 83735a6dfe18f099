package postgres

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// serverRole returns the role that the server runs as, empty where that is the owner itself.
func (e *Engine) serverRole(ctx context.Context, db *sql.DB) (string, error) {
	settings, err := pgxpool.ParseConfig(e.config.URL)
	if err != nil {
		return "", errURL
	}
	role, owner, exists := settings.ConnConfig.User, "", false
	err = db.QueryRowContext(ctx, "SELECT current_user, EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", role).
		Scan(&owner, &exists)
	switch {
	case err != nil:
		return "", err
	case role == owner:
		return "", nil
	case !exists:
		return "", errNoRole(role)
	default:
		return role, nil
	}
}

func roleExists(ctx context.Context, conn *pgx.Conn, role string) (exists bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", role).Scan(&exists)
	return exists, err
}

// grant takes everything from everyone and gives the server's role what it needs: events can be added and read,
// nothing else, and the tables say so themselves.
func grant(ctx context.Context, tx *sql.Tx, role string) error {
	statements := []string{
		"REVOKE ALL ON SCHEMA platform, tenant FROM PUBLIC",
		"REVOKE ALL ON ALL TABLES IN SCHEMA platform, tenant FROM PUBLIC",
		"REVOKE ALL ON ALL SEQUENCES IN SCHEMA platform, tenant FROM PUBLIC",
		"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA platform, tenant FROM PUBLIC",
	}
	if role != "" {
		to := pgx.Identifier{role}.Sanitize()
		statements = append(statements,
			"REVOKE ALL ON ALL TABLES IN SCHEMA platform, tenant FROM "+to,
			"GRANT USAGE ON SCHEMA platform, tenant TO "+to,
			"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA platform TO "+to,
			"GRANT SELECT ON ALL TABLES IN SCHEMA platform TO "+to,
			"GRANT INSERT, UPDATE ON platform.tenants, platform.users TO "+to,
			"GRANT INSERT, UPDATE, DELETE ON platform.memberships, platform.families, platform.revocations TO "+to,
			"GRANT INSERT, UPDATE ON platform.signing_keys TO "+to,
			"GRANT INSERT, DELETE ON platform.removals, platform.identities TO "+to,
			"GRANT INSERT, UPDATE, DELETE ON platform.service_accounts TO "+to,
			"GRANT INSERT, UPDATE ON platform.usage TO "+to,
			"GRANT UPDATE ON platform.generation TO "+to,
			"GRANT INSERT, UPDATE (claimed_until, claims), DELETE ON platform.outbox TO "+to,
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tenant TO "+to,
			"REVOKE UPDATE, DELETE ON tenant.events FROM "+to,
			"REVOKE DELETE ON tenant.event_heads FROM "+to,
		)
	}
	return run(ctx, tx, statements...)
}

// Finding is one way in which the database would not protect what it should.
type Finding struct {
	// Code is a stable word, Message a sentence for the operator.
	Code, Message string
}

// posture asks, as the server's role, what could get around row security: the role itself, a role that it may turn
// into, a table without row security, a view that reads as its owner.
const posture = `
WITH me AS (SELECT oid, rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user),
relation AS (SELECT c.* FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('platform', 'tenant') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')),
tenants AS (SELECT c.* FROM relation AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'tenant')
SELECT me.rolsuper,
  me.rolbypassrls,
  EXISTS (SELECT FROM relation WHERE relowner = me.oid),
  EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid <> me.oid AND pg_has_role(me.oid, r.oid, 'MEMBER')
    AND (r.rolsuper OR r.rolbypassrls OR r.oid IN (SELECT relowner FROM relation))),
  EXISTS (SELECT FROM tenants WHERE relkind IN ('r', 'p') AND NOT relrowsecurity OR relkind = 'f'),
  EXISTS (SELECT FROM tenants WHERE relkind = 'm'
    OR relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)),
  EXISTS (SELECT FROM pg_catalog.pg_policy AS p JOIN tenants AS t ON t.oid = p.polrelid
    WHERE p.polpermissive AND p.polname <> 'tenant_isolation')
FROM me`

// Posture returns what would let the server's role read across tenants. A server in production does not start on
// one that has findings.
func (e *Engine) Posture(ctx context.Context) ([]Finding, error) {
	all := []Finding{
		{"superuser", "The server's role is a superuser, whom row security does not bind."},
		{"bypassrls", "The server's role has BYPASSRLS, so row security does not bind it."},
		{"owner", "The server's role owns tables, so it can take row security off; migrate as another role (--migration-url)."},
		{"member", "The server's role is a member of a role that owns the tables or that row security does not bind."},
		{"table_without_row_security", "A table of the tenants has no row security."},
		{"view", "A view of the tenants' tables reads with its owner's rights."},
		{"policy", "A table of the tenants has a policy beside tenant_isolation, which could let more through."},
	}
	found := make([]bool, len(all))
	targets := make([]any, len(all))
	for i := range found {
		targets[i] = &found[i]
	}
	if err := e.db.QueryRowContext(ctx, posture).Scan(targets...); err != nil {
		return nil, translatePlatform(err)
	}
	if found[0] { // a superuser is a member of every role: one finding says it all
		found[3] = false
	}
	out := []Finding{}
	for i, finding := range all {
		if found[i] {
			out = append(out, finding)
		}
	}
	return out, nil
}
