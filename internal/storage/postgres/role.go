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
			"REVOKE ALL ON platform.context_keys FROM "+to,
			"GRANT INSERT, UPDATE ON platform.tenants, platform.users TO "+to,
			"GRANT INSERT, UPDATE, DELETE ON platform.memberships, platform.families, platform.revocations TO "+to,
			"GRANT INSERT, UPDATE ON platform.signing_keys TO "+to,
			"GRANT INSERT, DELETE ON platform.removals, platform.identities TO "+to,
			"GRANT INSERT, UPDATE, DELETE ON platform.service_accounts TO "+to,
			"GRANT INSERT, UPDATE ON platform.usage, platform.sizes TO "+to,
			"GRANT UPDATE ON platform.generation TO "+to,
			"GRANT INSERT, UPDATE (claimed_until, claims), DELETE ON platform.outbox TO "+to,
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tenant TO "+to,
			"REVOKE UPDATE, DELETE ON tenant.events FROM "+to,
			"REVOKE DELETE ON tenant.event_heads FROM "+to,
		)
	}
	return run(ctx, tx, statements...)
}
