package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/storage/platform"
)

// followPause is how long a node waits before it listens again where its connection ended.
const followPause = 5 * time.Second

// errPooled is that of a connection on which nothing would be heard.
var errPooled = errors.New("a pooler stands between this server and PostgreSQL")

// Follow implements storage.Follower. It takes a connection of its own, beside those of the pool. Through a pooler, which
// may give every transaction another connection, it returns at once.
func (e *Engine) Follow(ctx context.Context, changed func()) {
	for ctx.Err() == nil {
		switch err := e.listen(ctx, changed); {
		case errors.Is(err, errPooled):
			e.log.InfoContext(ctx, "changes of other nodes are polled alone", "because", err)
			return
		case ctx.Err() == nil:
			e.log.DebugContext(ctx, "changes of other nodes are polled alone for a while", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

func (e *Engine) listen(ctx context.Context, changed func()) error {
	conn, err := pgx.ConnectConfig(ctx, e.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is left to say on it
	var process uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&process); err != nil {
		return err
	}
	if process != conn.PgConn().PID() { // a pooler names its own
		return errPooled
	}
	if _, err := conn.Exec(ctx, "LISTEN "+platform.Channel); err != nil {
		return err
	}
	for err == nil {
		changed() // first for what happened before
		_, err = conn.WaitForNotification(ctx)
	}
	return err
}
