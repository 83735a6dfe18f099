package postgres

import (
	"context"
	"testing"
)

// Setting returns the tenant that is set outside of any transaction.
func (e *Engine) Setting(ctx context.Context, tb testing.TB) (setting string) {
	tb.Helper()
	err := e.db.QueryRowContext(ctx, "SELECT coalesce(current_setting('app.tenant_id', true), '')").Scan(&setting)
	if err != nil {
		tb.Fatal(err)
	}
	return setting
}

// Statements returns how many prepared statements the pool's connection keeps at the server.
func (e *Engine) Statements(ctx context.Context, tb testing.TB) (kept int) {
	tb.Helper()
	err := e.db.QueryRowContext(ctx, "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 't%'").Scan(&kept)
	if err != nil {
		tb.Fatal(err)
	}
	return kept
}
