package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// tx is one transaction, on a connection of its own.
type tx struct {
	*store
	session  *session
	writable bool
	over     bool // its function has returned
	listing  bool // a list is being read
	failed   error
	events   []storage.Event
	returns  []wanted
}

// wanted is a record that Return has promised.
type wanted struct {
	resource *schema.Resource
	id       id.ID
	into     *storage.Record
}

// ready refuses a call that can't be served: behind the end, inside a list, after a failed write. The latter keeps
// a function from going on as if nothing had happened, as PostgreSQL does.
func (t *tx) ready(write bool) error {
	switch {
	case t.over:
		return errors.New("the transaction is over")
	case t.listing:
		return errors.New("the transaction is in the middle of a list")
	case write && !t.writable:
		return errors.New("a view can't write")
	default:
		return t.failed
	}
}

// fail makes the transaction fail with err, whatever its function makes of it.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// Get implements storage.Tx.
func (t *tx) Get(ctx context.Context, r *schema.Resource, i id.ID) (storage.Record, error) {
	if err := t.ready(false); err != nil {
		return storage.Record{}, err
	}
	return getRecord(ctx, t.session, t.build, r, i)
}

// List implements storage.Tx.
func (t *tx) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	if err := t.ready(false); err != nil {
		return -1, err
	}
	total := int64(-1)
	if q.Count {
		n, _, err := t.session.integer(ctx, t.build.Count(r, q))
		if err != nil {
			return -1, err
		}
		total = n
	}
	t.listing = true
	defer func() { t.listing = false }()
	return total, listRecords(ctx, t.session, t.build, r, q, yield)
}

// Aggregate implements storage.Tx.
func (t *tx) Aggregate(ctx context.Context, questions ...query.Aggregate) ([][]query.Group, error) {
	if err := t.ready(false); err != nil {
		return nil, err
	}
	out := make([][]query.Group, len(questions))
	for i, question := range questions {
		err := t.session.query(ctx, t.build.Aggregate(question), func(row []driver.Value) error {
			group, err := readGroup(question.GroupBy, row)
			out[i] = append(out[i], group)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readGroup(by []*schema.Field, row []driver.Value) (query.Group, error) {
	group := query.Group{Keys: make([]schema.Value, len(by))}
	var r reader
	for i, f := range by {
		v, err := r.decode(f.Type, row[i])
		if err != nil {
			return query.Group{}, fmt.Errorf("read a group by %s: %w", f.Name, err)
		}
		group.Keys[i] = v
	}
	for i, into := range []*int64{&group.Count, &group.Sum, &group.Distinct} {
		n, ok := row[len(by)+i].(int64)
		if !ok {
			return query.Group{}, fmt.Errorf("read a group: %T is no integer", row[len(by)+i])
		}
		*into = n
	}
	return group, nil
}

// Put implements storage.Tx.
func (t *tx) Put(ctx context.Context, r *schema.Resource, rec storage.Record, version int64) error {
	if err := t.ready(true); err != nil {
		return err
	}
	statement := t.build.Insert
	if version != 0 {
		statement = func(r *schema.Resource, rec storage.Record) sqlgen.Statement { return t.build.Update(r, rec, version) }
	}
	n, err := t.session.exec(ctx, statement(r, rec))
	switch {
	case err != nil:
		return t.fail(t.explain(ctx, r, rec, version, err))
	case n == 0:
		return t.fail(fault.New(fault.PreconditionFailed, "The record has changed since it was read."))
	default:
		return nil
	}
}

// Require implements storage.Tx. Nobody else writes, so what exists stays.
func (t *tx) Require(ctx context.Context, r *schema.Resource, i id.ID, field string) error {
	if err := t.ready(true); err != nil {
		return err
	}
	found, err := t.exists(ctx, r, i)
	if err != nil {
		return t.fail(err)
	}
	if !found {
		return t.fail(fault.Invalid(fault.UnknownReference(field)))
	}
	return nil
}

func (t *tx) exists(ctx context.Context, r *schema.Resource, i id.ID) (bool, error) {
	_, found, err := t.session.integer(ctx, t.build.Exists(r, i))
	return found, err
}

// Delete implements storage.Tx.
func (t *tx) Delete(ctx context.Context, r *schema.Resource, ids []id.ID) error {
	if err := t.ready(true); err != nil || len(ids) == 0 {
		return err
	}
	if _, err := t.session.exec(ctx, t.build.Delete(r, ids)); err != nil {
		return t.fail(explainDelete(err))
	}
	return nil
}

// Return implements storage.Tx.
func (t *tx) Return(_ context.Context, r *schema.Resource, i id.ID, rec *storage.Record) error {
	if err := t.ready(true); err != nil {
		return err
	}
	t.returns = append(t.returns, wanted{r, i, rec})
	return nil
}

// Append implements storage.Tx.
func (t *tx) Append(_ context.Context, events ...storage.Event) error {
	if err := t.ready(true); err != nil {
		return err
	}
	t.events = append(t.events, events...)
	return nil
}

// finish does what was left for the end: the records that were promised, then the events.
func (t *tx) finish(ctx context.Context) error {
	if t.failed != nil {
		return t.failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, w := range t.returns {
		rec, err := getRecord(ctx, t.session, t.build, w.resource, w.id)
		if err != nil {
			return err
		}
		*w.into = rec
	}
	return t.appendEvents(ctx)
}

// getRecord reads one record into memory of its own.
func getRecord(ctx context.Context, c *session, build *sqlgen.Builder, r *schema.Resource, i id.ID) (storage.Record, error) {
	var rec storage.Record
	found := false
	err := c.query(ctx, build.Get(r, i, false), func(row []driver.Value) error {
		var err error
		rec, err = newReader(r).record(row)
		found = true
		return err
	})
	if err == nil && !found {
		err = fault.Missing()
	}
	return rec, err
}

// listRecords calls yield for the records of a page.
func listRecords(ctx context.Context, c *session, build *sqlgen.Builder, r *schema.Resource, q query.List, yield func(storage.Record) error) error {
	in := newReader(r)
	return c.query(ctx, build.List(r, q), func(row []driver.Value) error {
		rec, err := in.record(row)
		if err != nil {
			return err
		}
		return yield(rec)
	})
}
