package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Config is what a Service needs.
type Config struct {
	Registry *Registry
	// Open returns the store of a tenant, to those with the pass for it.
	Open func(ctx context.Context, t tenant.ID, pass tenant.Pass) (storage.Store, error)
	// IsMember reports whether the user belongs to the tenant; it decides about references to members.
	IsMember func(ctx context.Context, t tenant.ID, user id.ID) (bool, error)
	// Signer signs cursors.
	Signer *query.Signer
	// Files returns the files of a tenant, to those with the pass for it, MaxUpload is how large one may be; both are required where a resource's
	// records have files.
	Files     func(t tenant.ID, pass tenant.Pass) (storage.Files, error)
	MaxUpload int64
	Clock     func() time.Time
	// Keepers hold the records of the platform plane whose operations the registry has.
	Keepers map[*schema.Resource]*Keeper
	// Secret is what the answers are sealed with that are kept for repeated requests and may hold a secret.
	Secret []byte
}

// Service runs the operations on tenants' resources. Its methods may be called concurrently.
type Service struct {
	registry *Registry
	open     func(ctx context.Context, t tenant.ID, pass tenant.Pass) (storage.Store, error)
	isMember func(ctx context.Context, t tenant.ID, user id.ID) (bool, error)
	signer   *query.Signer
	files    func(t tenant.ID, pass tenant.Pass) (storage.Files, error)
	// maxUpload bounds a file in bytes.
	maxUpload int64
	clock     func() time.Time
	flight    flight
	seal      sealer
}

// New returns a service. It is an error where an operation of the registry has no keeper.
func New(c Config) (*Service, error) {
	seal, err := newSealer(c.Secret)
	if err != nil {
		return nil, err
	}
	for r, def := range c.Registry.kept {
		if def.Keeper = c.Keepers[r]; def.Keeper == nil {
			return nil, fmt.Errorf("resource %s has no keeper", r.Name)
		}
	}
	return &Service{
		registry: c.Registry, open: c.Open, isMember: c.IsMember, signer: c.Signer, clock: c.Clock,
		files: c.Files, maxUpload: c.MaxUpload, seal: seal,
		flight: flight{running: map[flown]bool{}},
	}, nil
}

// Call is who calls, and from where.
type Call struct {
	Actor     policy.Actor
	RequestID string
	IP        string
	// Parent is the id in the path of the record that an operation's records lie under; empty where they lie under none.
	Parent string
	// IdempotencyKey makes a create or an action happen once; empty where the client gave none.
	IdempotencyKey string
}

// Answer is one record as JSON.
type Answer struct {
	ID   id.ID
	Body []byte
	// ETag is the entity tag without its quotes. It changes whenever Body does; its part before the dot only
	// with the record's own fields.
	ETag string
	// Replayed is set where the answer is the one to an earlier request with the same idempotency key.
	Replayed bool
}

// begin decides whether the call may do the operation and returns the resource's definition. Every use case
// starts with it.
func (s *Service) begin(call Call, op *operation.Operation) (*Definition, error) {
	if err := policy.Decide(call.Actor, op.Access, op.Resource.Name, op.Rule); err != nil {
		return nil, err
	}
	def := s.registry.definition(op.Resource)
	if def == nil {
		return nil, fault.Missing()
	}
	return def, nil
}

// store returns the store of the caller's tenant. It is the only place where one is opened: what runs above it
// can't name another tenant.
func (s *Service) store(ctx context.Context, call Call) (storage.Store, error) {
	return s.open(ctx, call.plane(), call.Actor.Pass)
}

// plane is the tenant that the caller is in. Operators are in none: what is kept like a tenant's for them, events and
// the keys of their requests, is the platform's.
func (c Call) plane() tenant.ID {
	if c.Actor.Kind == policy.Operator && c.Actor.Tenant.IsZero() {
		return tenant.Platform
	}
	return c.Actor.Tenant
}

// filesOf returns the files of the caller's tenant, as store does its store.
func (s *Service) filesOf(call Call) (storage.Files, error) {
	return s.files(call.Actor.Tenant, call.Actor.Pass)
}

func (s *Service) view(ctx context.Context, call Call, fn func(*Tx) error) error {
	store, err := s.store(ctx, call)
	if err != nil {
		return err
	}
	defer store.Close()
	now := s.now()
	return store.View(ctx, func(tx storage.Tx) error {
		return fn(&Tx{service: s, call: call, tx: tx, now: now, readOnly: true})
	})
}

func (s *Service) update(ctx context.Context, call Call, fn func(*Tx) error) error {
	store, err := s.store(ctx, call)
	if err != nil {
		return err
	}
	defer store.Close()
	now := s.now()
	var last *Tx // of several runs, the one that was committed
	err = store.Update(ctx, func(tx storage.Tx) error {
		last = &Tx{service: s, call: call, tx: tx, now: now}
		return fn(last)
	})
	if err == nil {
		s.discard(ctx, call, last.forgotten)
	}
	return err
}

// now is the moment that a write is stamped with, in the precision that both engines keep.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// parseID reads an id from a path. Nonsense is a record that doesn't exist, like any other unknown id.
func parseID(text string) (id.ID, error) {
	parsed, ok := id.Parse(text)
	if !ok {
		return id.ID{}, fault.Missing()
	}
	return parsed, nil
}
