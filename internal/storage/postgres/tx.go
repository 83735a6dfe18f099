package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

var (
	errReadOnly = errors.New("postgres: a view was asked to write")
	errBusy     = errors.New("postgres: a transaction was used inside its own list")
	errOver     = errors.New("postgres: a transaction was used after its end")
)

// tx is one transaction. Writes gather in queue until something has to be read or the end comes, and BEGIN rides
// with the first of them: until then there is no connection.
type tx struct {
	store    *store
	begin    string
	writable bool
	busy     bool

	conn    *pgxpool.Conn
	session *session
	queue   []step
	returns []returning
	// sure are the ids of records that are known to be there at the end.
	sure   []id.ID
	events []storage.Event

	// err is what ended the transaction; nothing is done after it. again says that it may be run once more.
	err   error
	again bool
}

// returning is a record that is asked for as it will be at the end.
type returning struct {
	resource *schema.Resource
	id       id.ID
	into     *storage.Record
}

// Get implements storage.Tx.
func (t *tx) Get(ctx context.Context, r *schema.Resource, i id.ID) (storage.Record, error) {
	var rec storage.Record
	err := t.flush(ctx, func(*session) []step {
		return []step{{Statement: t.store.builder.Get(r, i, t.writable), read: readOne(r, &rec)}}
	})
	if err == nil {
		t.sure = append(t.sure, i) // locked, so nobody else deletes it
	}
	return rec, err
}

// List implements storage.Tx.
func (t *tx) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	total := int64(-1)
	q.Lock = q.Lock && t.writable
	err := t.flush(ctx, func(session *session) []step { return t.store.list(session, r, q, &total, yield) })
	return total, err
}

// Aggregate implements storage.Tx.
func (t *tx) Aggregate(ctx context.Context, questions ...query.Aggregate) ([][]query.Group, error) {
	answers := make([][]query.Group, len(questions))
	err := t.flush(ctx, func(*session) []step {
		steps := make([]step, len(questions))
		for i, question := range questions {
			steps[i] = step{Statement: t.store.builder.Aggregate(question), read: readGroups(question, &answers[i])}
		}
		return steps
	})
	return answers, err
}

// Put implements storage.Tx.
func (t *tx) Put(_ context.Context, r *schema.Resource, rec storage.Record, version int64) error {
	rec = rec.Clone() // it goes out later, and the caller may go on with theirs
	put := step{explain: t.store.explainPut(r, rec)}
	t.sure = append(t.sure, rec.Values[r.Index(schema.FieldID)].ID())
	if version == 0 {
		put.Statement = t.store.builder.Insert(r, rec)
	} else {
		put.Statement = t.store.builder.Update(r, rec, version)
		put.SQL = "WITH put AS (" + put.SQL + " RETURNING 1) SELECT platform.require((SELECT count(*) = 1 FROM put))"
	}
	return t.enqueue(put)
}

// Require implements storage.Tx.
func (t *tx) Require(_ context.Context, r *schema.Resource, i id.ID, field string) error {
	exists := step{Statement: t.store.builder.Exists(r, i), explain: explainRequire(field)}
	exists.SQL = "SELECT platform.require(EXISTS (" + exists.SQL + "))"
	return t.enqueue(exists)
}

// Delete implements storage.Tx.
func (t *tx) Delete(_ context.Context, r *schema.Resource, ids []id.ID) error {
	if len(ids) == 0 {
		return t.usable(true)
	}
	t.sure = nil
	return t.enqueue(step{Statement: t.store.builder.Delete(r, ids), explain: explainDelete})
}

// Return implements storage.Tx.
func (t *tx) Return(_ context.Context, r *schema.Resource, i id.ID, rec *storage.Record) error {
	t.returns = append(t.returns, returning{resource: r, id: i, into: rec})
	return t.usable(true)
}

// Append implements storage.Tx.
func (t *tx) Append(_ context.Context, events ...storage.Event) error {
	t.events = append(t.events, events...)
	return t.usable(true)
}

func (t *tx) usable(write bool) error {
	switch {
	case t.err != nil:
		return t.err
	case write && !t.writable:
		return errReadOnly
	case t.busy:
		return errBusy
	default:
		return nil
	}
}

func (t *tx) enqueue(s step) error {
	if err := t.usable(true); err != nil {
		return err
	}
	t.queue = append(t.queue, s)
	return nil
}

// flush sends what is queued and the steps that more returns, in one trip. more gets the session whose memory its
// steps may read into.
func (t *tx) flush(ctx context.Context, more func(*session) []step) error {
	if err := t.usable(false); err != nil {
		return err
	}
	var steps []step
	if t.conn == nil {
		conn, session, err := t.store.engine.acquire(ctx)
		if err != nil {
			t.err = err
			return err
		}
		t.conn, t.session = conn, session
		steps = append(steps, plain(t.begin), t.store.enter)
	}
	steps = append(steps, t.queue...)
	steps = append(steps, more(t.session)...)
	t.queue = nil
	t.busy = true
	failed, err := t.session.trip(ctx, steps)
	t.busy = false
	if err == nil {
		return nil
	}
	if errors.As(err, new(readError)) {
		return translate(ctx, err) // the transaction is well, and its function decides
	}
	return t.fail(ctx, steps[failed], err)
}

// fail ends the transaction after a step was refused or the connection broke, and says what that means.
func (t *tx) fail(ctx context.Context, failed step, err error) error {
	if stale(err) {
		t.store.engine.forget(t.session)
	}
	t.store.engine.noteUnproven(err)
	t.again = t.writable && (collision(err) || stale(err))
	t.release(ctx)
	t.err = translate(ctx, err)
	var refused *pgconn.PgError
	if failed.explain != nil && errors.As(err, &refused) {
		meaning := failed.explain(ctx, refused)
		t.again = t.again || errors.As(meaning, new(goneError))
		if meaning != nil {
			t.err = meaning
		}
	}
	return t.err
}

// commit sends what is left, what is to be returned, the events and COMMIT.
func (t *tx) commit(ctx context.Context) error {
	if err := t.usable(false); err != nil {
		return err
	}
	if t.conn == nil && len(t.queue)+len(t.returns)+len(t.events) == 0 {
		return nil
	}
	if err := t.fillReturns(ctx); err != nil {
		return err
	}
	appending, err := t.append(ctx)
	if err != nil {
		return err
	}
	t.queue = append(t.queue, appending...)
	if err := t.flush(ctx, func(*session) []step { return []step{plain("COMMIT")} }); err != nil {
		return err
	}
	t.release(ctx)
	t.err = errOver
	return nil
}

// fillReturns asks for the records that are to be returned. Where one might be missing, which has to end the
// transaction, the answer is awaited; else it comes with that to COMMIT.
func (t *tx) fillReturns(ctx context.Context) error {
	sure := true
	for _, r := range t.returns {
		sure = sure && slices.Contains(t.sure, r.id)
		t.queue = append(t.queue, step{
			Statement: t.store.builder.Get(r.resource, r.id, false), read: readOne(r.resource, r.into),
		})
	}
	if sure {
		return nil
	}
	return t.flush(ctx, func(*session) []step { return nil })
}

// abandon ends the transaction where its function left it.
func (t *tx) abandon(ctx context.Context) {
	t.release(ctx)
	if t.err == nil {
		t.err = errOver
	}
}

func (t *tx) release(ctx context.Context) {
	if t.conn != nil {
		t.store.engine.release(ctx, t.conn, t.session)
		t.conn, t.session = nil, nil
	}
}

// readGroups returns the read of an aggregate.
func readGroups(question query.Aggregate, into *[]query.Group) func(*pgconn.ResultReader) error {
	return func(rows *pgconn.ResultReader) error {
		keys := len(question.GroupBy)
		for rows.NextRow() {
			columns := rows.Values()
			if len(columns) != keys+3 {
				return errors.New("postgres: an aggregate has other columns than it was asked for")
			}
			group := query.Group{Keys: make([]schema.Value, keys)}
			for i, f := range question.GroupBy {
				key, err := decode(f.Type, columns[i])
				if err != nil {
					return err
				}
				group.Keys[i] = key.Clone()
			}
			for i, number := range []*int64{&group.Count, &group.Sum, &group.Distinct} {
				var err error
				if *number, err = decodeInt(columns[keys+i]); err != nil {
					return err
				}
			}
			*into = append(*into, group)
		}
		return nil
	}
}
