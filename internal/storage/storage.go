// Package storage is the contract between the use cases and the engines. An engine keeps two planes: the platform
// (tenants, users, memberships, tokens) and, for each tenant, a Store bound to it.
//
// No method of Store or Tx takes a tenant: a query for another one can't be written. Every engine passes the
// suite in storagetest. No SQL, no driver and no HTTP may appear here.
//
// All errors that a caller can act on are *fault.Error of the code that is named; anything else is internal.
// Every method returns promptly when its context ends, with an error that wraps the context's.
package storage

import (
	"context"
	"crypto/sha256"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Engine is a place where both planes are kept. Its methods may be called concurrently.
type Engine interface {
	// Migrate brings both planes to the form that this program needs, under a lock, so that several nodes may
	// call it at once. It MUST be idempotent, and MUST NOT drop anything.
	Migrate(ctx context.Context) error
	// Pending lists what Migrate would do, in words; empty when there is nothing. A change that Migrate can't
	// make by itself is an error that names it.
	Pending(ctx context.Context) ([]string, error)
	// Platform returns the platform plane.
	Platform() Platform
	// Open returns the store of a tenant. It MUST NOT check whether the tenant may be used: the gate does. An
	// engine whose tenants have files returns not_found for a tenant that was never provisioned. The store MUST
	// be closed by the caller; it may be shared with others underneath.
	Open(ctx context.Context, t tenant.ID) (Store, error)
	// Ready returns nil when a request could be served now: reachable and migrated.
	Ready(ctx context.Context) error
	// Close ends everything; stores that are still open end first.
	Close() error
}

// Record is one record of a resource, its Values aligned with the resource's Fields.
type Record struct {
	// Version counts the changes of the record's own fields, from 1.
	Version int64
	Values  []schema.Value
}

// Clone returns a copy that shares no memory with r.
func (r Record) Clone() Record {
	values := make([]schema.Value, len(r.Values))
	for i, v := range r.Values {
		values[i] = v.Clone()
	}
	return Record{Version: r.Version, Values: values}
}

// Store is one tenant's data. Its methods may be called concurrently.
type Store interface {
	// Get returns the record with the id, derived fields included: not_found where the tenant has none. The
	// record is the caller's.
	Get(ctx context.Context, r *schema.Resource, i id.ID) (Record, error)
	// List calls yield for each record of the page, in the asked order (backward pages: nearest first). The
	// record and its values are valid during the call alone; an error of yield ends the list and is returned.
	// The total is that of all pages where q.Count asks for it, else -1; both are of one moment.
	List(ctx context.Context, r *schema.Resource, q query.List, yield func(Record) error) (total int64, err error)
	// View calls fn with a transaction that can't write; what it reads is of one moment.
	View(ctx context.Context, fn func(Tx) error) error
	// Update calls fn with a transaction and commits it when fn returns nil; otherwise nothing of it remains,
	// and fn's error is returned. fn may be called again from the start after a collision with another
	// transaction, so it must keep nothing from one call to the next. When Update returns nil, the write
	// survives the death of the process and of the machine.
	Update(ctx context.Context, fn func(Tx) error) error
	// Head returns the number and the hash of the tenant's last event, zeros where there is none. It is kept apart
	// from the events, so that the loss of the last ones shows.
	Head(ctx context.Context) (seq int64, hash [sha256.Size]byte, err error)
	// Size returns how many bytes the tenant's records and events take where the engine keeps them. What other tenants
	// have is never part of it. It is for the background: it may read all of the tenant's rows.
	Size(ctx context.Context) (int64, error)
	// Close gives the store back.
	Close()
}

// Tx is a transaction of one tenant, for one goroutine, until its function returns.
//
// Insert, Update, Delete, Append, Require and Return MAY be deferred by an engine until the next Get, List or
// Aggregate, or until the commit, and their errors with them; they take effect in the order of the calls, but
// events, which come last.
type Tx interface {
	// Get is Store.Get, and in an Update locks the record until the end.
	Get(ctx context.Context, r *schema.Resource, i id.ID) (Record, error)
	// List is Store.List. In an Update, q.Lock locks the records.
	List(ctx context.Context, r *schema.Resource, q query.List, yield func(Record) error) (total int64, err error)
	// Aggregate answers all questions, each in its place; groups come in no order.
	Aggregate(ctx context.Context, questions ...query.Aggregate) ([][]query.Group, error)
	// Put inserts the record where version is 0, else writes it over the one with its id and that version; the
	// record's own Version is the one that is stored. conflict, naming the field, where a unique value is taken
	// or the id exists; precondition_failed where the record has not that version any more; validation_failed,
	// naming the field, where a reference names nothing. Derived values are ignored.
	Put(ctx context.Context, r *schema.Resource, rec Record, version int64) error
	// Require makes the transaction fail with validation_failed on the field, of code fault.FieldReference,
	// unless the tenant has the record; and keeps the record from being deleted until the end.
	Require(ctx context.Context, r *schema.Resource, i id.ID, field string) error
	// Delete removes the records with the ids; conflict where another record still names one of them.
	Delete(ctx context.Context, r *schema.Resource, ids []id.ID) error
	// Return fills rec with the record as the transaction will leave it, derived fields included, at the latest
	// when Update returns nil. The record is the caller's.
	Return(ctx context.Context, r *schema.Resource, i id.ID, rec *Record) error
	// Append adds events to the tenant's trail. Seq and Hash are the engine's to set: Seq rises by one per
	// event from 1, without gaps, in the order of commits, and Hash is ChainHash.
	Append(ctx context.Context, events ...Event) error
}
