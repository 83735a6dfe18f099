package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// store is one tenant's data. Its statements are built for the tenant whose file they run in.
type store struct {
	engine *Engine
	file   *file
	build  *sqlgen.Builder
	once   sync.Once
}

// Close implements storage.Store.
func (s *store) Close() {
	s.once.Do(func() { s.engine.files.release(s.file) })
}

// Get implements storage.Store. One statement sees one moment, so it needs no transaction.
func (s *store) Get(ctx context.Context, r *schema.Resource, i id.ID) (rec storage.Record, err error) {
	err = run(ctx, s.file.db.reads, func(c *session) error {
		rec, err = getRecord(ctx, c, s.build, r, i)
		return err
	})
	return rec, err
}

// List implements storage.Store.
func (s *store) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (total int64, err error) {
	if q.Count { // two statements, of one moment
		err = s.View(ctx, func(t storage.Tx) error {
			total, err = t.List(ctx, r, q, yield)
			return err
		})
		return total, err
	}
	return -1, run(ctx, s.file.db.reads, func(c *session) error {
		return listRecords(ctx, c, s.build, r, q, yield)
	})
}

// View implements storage.Store.
func (s *store) View(ctx context.Context, fn func(storage.Tx) error) error {
	return run(ctx, s.file.db.reads, func(c *session) error {
		return s.transact(ctx, c, "BEGIN DEFERRED", &tx{store: s, session: c}, fn)
	})
}

// Update implements storage.Store. The one writer is taken before anything is read, so that no transaction has to
// be begun again.
func (s *store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return run(ctx, s.file.db.writer, func(c *session) error {
		return s.transact(ctx, c, "BEGIN IMMEDIATE", &tx{store: s, session: c, writable: true}, fn)
	})
}

// transact runs fn in a transaction. Whatever happens, the connection leaves it: where the end can't be had, the
// connection is thrown away.
func (s *store) transact(ctx context.Context, c *session, begin string, t *tx, fn func(storage.Tx) error) (err error) {
	if err := c.plain(ctx, begin); err != nil {
		return err
	}
	committed := false
	defer func() {
		t.over = true
		if committed {
			return
		}
		if failed := c.rollback(ctx); failed != nil {
			err = errors.Join(err, driver.ErrBadConn, failed)
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	// From here the context has no say: a commit that was cut short would leave its caller in doubt.
	if err := c.plain(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return err
	}
	committed = true
	return nil
}
