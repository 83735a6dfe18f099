package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// How a transaction begins. A single statement is of one moment by itself; saying more costs a tenth of a get.
const (
	beginOne  = "BEGIN"
	beginView = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)

// store is one tenant's data.
type store struct {
	engine  *Engine
	builder *sqlgen.Builder
	// enter is the step that binds a transaction to the tenant.
	enter step
}

func newStore(e *Engine, t tenant.ID) *store {
	return &store{engine: e, builder: sqlgen.New(sqlgen.Postgres, t, e.resources), enter: e.enter(t)}
}

// enter returns the step that binds a transaction to a tenant.
func (e *Engine) enter(t tenant.ID) step {
	id := sqlgen.Arg{Type: schema.UUID, Value: schema.RawID(t[:])}
	if e.key == nil {
		return plain("SELECT platform.enter($1)", id)
	}
	return plain("SELECT platform.enter_proven($1, $2)", id, sqlgen.Arg{Type: payload, Value: schema.Bytes(e.key.mac(t))})
}

// plain returns a step whose rows say nothing.
func plain(sql string, args ...sqlgen.Arg) step {
	return step{Statement: sqlgen.Statement{SQL: sql, Args: args}}
}

// Close implements storage.Store. Connections belong to the engine.
func (s *store) Close() {}

// Get implements storage.Store.
func (s *store) Get(ctx context.Context, r *schema.Resource, i id.ID) (storage.Record, error) {
	var rec storage.Record
	get := step{Statement: s.builder.Get(r, i, false), read: readOne(r, &rec)}
	err := s.engine.attempt(ctx, func(session *session) error {
		_, err := session.trip(ctx, []step{plain(beginOne), s.enter, get, plain("COMMIT")})
		return err
	})
	return rec, err
}

// List implements storage.Store.
func (s *store) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	begin, total := beginOne, int64(-1)
	q.Lock = false // it would end with this very trip
	if q.Count {
		begin = beginView
	}
	err := s.engine.attempt(ctx, func(session *session) error {
		steps := append([]step{plain(begin), s.enter}, s.list(session, r, q, &total, yield)...)
		_, err := session.trip(ctx, append(steps, plain("COMMIT")))
		return err
	})
	return total, err
}

// list returns the steps that read a page and, where it is asked for, the total.
func (s *store) list(session *session, r *schema.Resource, q query.List, total *int64, yield func(storage.Record) error) []step {
	steps := []step{{Statement: s.builder.List(r, q), read: readEach(session, r, yield)}}
	if q.Count {
		steps = append(steps, step{Statement: s.builder.Count(r, q), read: readInt(total)})
	}
	return steps
}

// View implements storage.Store.
func (s *store) View(ctx context.Context, fn func(storage.Tx) error) error {
	tx := &tx{store: s, begin: beginView}
	defer tx.abandon(ctx)
	if err := fn(tx); err != nil {
		return err
	}
	return tx.err
}

// The tries of an update that collides with others, and the least wait between two.
const (
	updateTries = 4
	updatePause = 5 * time.Millisecond
)

// Update implements storage.Store.
func (s *store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	for try := 1; ; try++ {
		again, err := s.update(ctx, fn)
		if !again {
			return err
		}
		if try == updateTries {
			if gone := new(goneError); errors.As(err, gone) {
				return gone.final
			}
			return unavailable(err)
		}
		// At random, so that two that collided don't collide again.
		pause := time.Duration(try) * (updatePause + rand.N(4*updatePause)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			return fmt.Errorf("postgres: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
}

// update runs fn once, and says whether it may be run again.
func (s *store) update(ctx context.Context, fn func(storage.Tx) error) (again bool, err error) {
	tx := &tx{store: s, begin: beginOne, writable: true}
	defer tx.abandon(ctx) // also where fn panics
	if err = fn(tx); err == nil {
		err = tx.commit(ctx)
	}
	if tx.again {
		return true, tx.err
	}
	return false, err
}

// readOne returns the read of a statement that gives one record at most: missing where it gives none.
func readOne(r *schema.Resource, into *storage.Record) func(*pgconn.ResultReader) error {
	return func(rows *pgconn.ResultReader) (err error) {
		if !rows.NextRow() {
			return fault.Missing()
		}
		*into, err = decodeOwn(r, rows)
		return err
	}
}

// readEach returns the read of a list. The records lie in the session's memory and the driver's.
func readEach(session *session, r *schema.Resource, yield func(storage.Record) error) func(*pgconn.ResultReader) error {
	return func(rows *pgconn.ResultReader) error {
		if cap(session.row) < len(r.Fields) {
			session.row = make([]schema.Value, len(r.Fields))
		}
		rec := storage.Record{Values: session.row[:len(r.Fields)]}
		for rows.NextRow() {
			var err error
			if rec.Version, err = decodeRow(r, rows.Values(), rec.Values); err != nil {
				return err
			}
			if err := yield(rec); err != nil {
				return err
			}
		}
		return nil
	}
}

// readInt returns the read of a statement that gives one integer.
func readInt(into *int64) func(*pgconn.ResultReader) error {
	return func(rows *pgconn.ResultReader) (err error) {
		if !rows.NextRow() {
			return errors.New("postgres: a number was asked for and none came")
		}
		*into, err = decodeInt(rows.Values()[0])
		return err
	}
}
