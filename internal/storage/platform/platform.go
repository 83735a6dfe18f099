package platform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// What an engine makes of its driver's errors, beside *fault.Error: a statement met a unique value that is taken,
// or a reference to nothing.
var (
	ErrUnique    = errors.New("a unique value is taken")
	ErrReference = errors.New("a reference names nothing")
)

// Config is what the platform needs of an engine.
type Config struct {
	Dialect sqlgen.Dialect
	// Read and Write are handles of the database; they may be the same. A transaction of Write on SQLite MUST begin
	// as IMMEDIATE.
	Read, Write *sql.DB
	// Translate returns an error of the driver as one that wraps ErrUnique or ErrReference, as *fault.Error, or as
	// it is.
	Translate func(error) error
	// Provision makes the store of a new tenant in the transaction that adds it; nil where there is nothing to do.
	Provision func(ctx context.Context, tx *sql.Tx, t tenant.ID) error
	// Erase removes a tenant's own plane, between begin and end in one transaction that may delete from every table of the
	// platform, and returns what it removed.
	Erase func(ctx context.Context, t tenant.ID, begin, end func(*sql.Tx) error) ([]storage.Erased, error)
}

// New returns the platform plane of an engine.
func New(c Config) storage.Platform { return &plane{Config: c} }

// plane is the platform, with the events that a change queues and what its record has to be like.
type plane struct {
	Config
	events []storage.QueuedEvent
	seen   *storage.Seen
}

func (p *plane) Tenants() storage.Tenants         { return tenants{p} }
func (p *plane) Users() storage.Users             { return users{p} }
func (p *plane) Memberships() storage.Memberships { return memberships{p} }
func (p *plane) Identities() storage.Identities   { return identities{p} }
func (p *plane) Tokens() storage.Tokens           { return tokens{p} }
func (p *plane) Keys() storage.Keys               { return keys{p} }
func (p *plane) Outbox() storage.Outbox           { return outbox{p} }

func (p *plane) Recording(events ...storage.QueuedEvent) storage.Platform {
	return &plane{Config: p.Config, events: events, seen: p.seen}
}

func (p *plane) Provided(was *storage.Seen) storage.Platform {
	return &plane{Config: p.Config, events: p.events, seen: was}
}

func (p *plane) ServiceAccounts() storage.ServiceAccounts { return serviceAccounts{p} }

func (p *plane) Generation(ctx context.Context) (int64, error) {
	var value int64
	err := p.Read.QueryRowContext(ctx, p.sql("SELECT value FROM platform.generation WHERE id = 1")).Scan(&value)
	return value, p.wrap("read the generation", err)
}

// sql brings a statement from PostgreSQL's form to the dialect's.
func (p *plane) sql(text string) string {
	if p.Dialect == sqlgen.SQLite {
		return strings.NewReplacer("platform.", "", "$", "?", " FOR UPDATE SKIP LOCKED", "", " FOR UPDATE", "").Replace(text)
	}
	return text
}

// moment returns a time as the dialect keeps it.
func (p *plane) moment(t time.Time) any {
	if p.Dialect == sqlgen.SQLite {
		return t.UnixMicro()
	}
	return t.UTC().Truncate(time.Microsecond)
}

func (p *plane) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Missing()
	}
	return fmt.Errorf("%s: %w", doing, p.Translate(err))
}

// transaction is one transaction of the platform.
type transaction struct {
	*plane
	tx *sql.Tx
}

// errNothing is what the function of a transaction returns where there was nothing to do.
var errNothing = errors.New("nothing to do")

// update runs fn in a transaction, which is committed where fn returns nil, with the events of the plane.
func (p *plane) update(ctx context.Context, doing string, fn func(transaction) error) error {
	return p.transact(ctx, doing, func(t transaction) error {
		if err := fn(t); err != nil {
			return err
		}
		return t.queue(ctx, p.events)
	})
}

// change is update for what changes who may do what: it raises the generation, last, since everyone waits there.
func (p *plane) change(ctx context.Context, doing string, fn func(transaction) error) error {
	return p.transact(ctx, doing, func(t transaction) error {
		if err := fn(t); err != nil {
			return err
		}
		if err := t.queue(ctx, p.events); err != nil {
			return err
		}
		return t.raise(ctx)
	})
}

func (p *plane) transact(ctx context.Context, doing string, fn func(transaction) error) error {
	tx, err := p.Write.BeginTx(ctx, nil)
	if err != nil {
		return p.wrap(doing, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	switch err := fn(transaction{p, tx}); {
	case errors.Is(err, errNothing):
		return nil
	case err != nil:
		return p.wrap(doing, err)
	}
	return p.wrap(doing, tx.Commit())
}

// Channel is that of PostgreSQL on which nodes hear of a change when it is committed.
const Channel = "tenantry_generation"

func (t transaction) raise(ctx context.Context) error {
	text := "UPDATE platform.generation SET value = value + 1 WHERE id = 1"
	if t.Dialect == sqlgen.Postgres {
		text = "WITH raised AS (" + text + " RETURNING id) SELECT pg_notify('" + Channel + "', '') FROM raised"
	}
	_, err := t.exec(ctx, text)
	return err
}

// exec runs a statement and returns how many rows it changed.
func (t transaction) exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, t.sql(text), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one runs a statement that must change a row, and ends with the condition for it: not_found where it changes none,
// precondition_failed where that may be for what the record has to be like.
func (t transaction) one(ctx context.Context, text string, args ...any) error {
	condition, more := t.unchanged(len(args))
	n, err := t.exec(ctx, text+condition, append(args, more...)...)
	switch {
	case err != nil || n > 0:
		return err
	case t.seen != nil:
		return storage.Changed()
	default:
		return fault.Missing()
	}
}

// unchanged returns what more a statement with so many arguments asks of its row.
func (t transaction) unchanged(args int) (condition string, more []any) {
	if t.seen == nil {
		return "", nil
	}
	for i := range t.seen.Resource.Fields {
		if f := &t.seen.Resource.Fields[i]; f.Versioned() {
			more = append(more, t.argument(t.seen.Values[i]))
			// The columns is_active and is_operator of the directory are active and operator in their table.
			condition += " AND " + strings.TrimPrefix(f.Name, "is_") + " IS NOT DISTINCT FROM $" + strconv.Itoa(args+len(more))
		}
	}
	return condition, more
}

// rows calls scan for each row of a query.
func (p *plane) rows(ctx context.Context, doing string, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := p.Read.QueryContext(ctx, p.sql(text), args...)
	if err != nil {
		return p.wrap(doing, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	for rows.Next() {
		if err := scan(rows); err != nil {
			return p.wrap(doing, err)
		}
	}
	return p.wrap(doing, rows.Err())
}

// taken is the conflict of a unique value.
func taken(field, message string) error {
	conflict := fault.New(fault.Conflict, message)
	conflict.Fields = []fault.Field{fault.Taken(field)}
	return conflict
}

// scanID reads an id of either engine into an id or a tenant's; null is the zero id.
type scanID struct{ to *[16]byte }

func intoID(i *id.ID) scanID         { return scanID{(*[16]byte)(i)} }
func intoTenant(t *tenant.ID) scanID { return scanID{(*[16]byte)(t)} }

func (s scanID) Scan(from any) error {
	var text string
	switch from := from.(type) {
	case nil:
		*s.to = [16]byte{}
		return nil
	case [16]byte:
		*s.to = from
		return nil
	case []byte:
		text = string(from)
	case string:
		text = from
	}
	parsed, ok := id.Parse(text)
	if !ok {
		return fmt.Errorf("a column of type %T is no id", from)
	}
	*s.to = parsed
	return nil
}

// scanTime reads a time of either engine; null is the zero time.
type scanTime struct{ to *time.Time }

func (s scanTime) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		*s.to = time.Time{}
	case int64:
		*s.to = time.UnixMicro(from).UTC()
	case time.Time:
		*s.to = from.UTC()
	default:
		return fmt.Errorf("a column of type %T is no time", from)
	}
	return nil
}

// nullable returns an id, or null for the zero id.
func nullable[T interface {
	IsZero() bool
	String() string
}](i T,
) any {
	if i.IsZero() {
		return nil
	}
	return i.String()
}

// momentOrNull returns a time as the dialect keeps it, or null for the zero time.
func (p *plane) momentOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return p.moment(t)
}
