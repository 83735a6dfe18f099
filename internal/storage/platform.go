package storage

import (
	"context"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Platform is the plane above the tenants. Each method is one transaction. Every method that changes who may do
// what MUST raise the generation in the same transaction: caches live by it. Only Rehash, CreateFamily, Touch, Prune,
// a RotateFamily that succeeds and the outbox need not; a RotateFamily that revokes the family does.
type Platform interface {
	Tenants() Tenants
	Callers
	Tokens() Tokens
	Keys() Keys
	// Directory returns what reads the records of a tenant, or, with the zero id, those that belong to none.
	Directory(t tenant.ID) Directory
	Usage() Usage
	Recorder
	// Generation returns a number that rises with every change of who may do what. It is cheap: nodes ask for
	// it several times a second.
	Generation(ctx context.Context) (int64, error)
}

// Follower is an engine that hears of what other nodes change. What it hears is a hint: Generation is the truth.
type Follower interface {
	// Follow calls changed soon after Generation may have risen, until the context ends or nothing can be heard here.
	// It may call too often and may miss changes.
	Follow(ctx context.Context, changed func())
}

// Callers are those who may call.
type Callers interface {
	Users() Users
	Memberships() Memberships
	Identities() Identities
	ServiceAccounts() ServiceAccounts
}

// Seen is a record of a Directory as whoever changes it saw it.
type Seen struct {
	Resource *schema.Resource
	Values   []schema.Value
}

// With returns the same with another value of the field at index i.
func (s *Seen) With(i int, v schema.Value) *Seen {
	if s == nil {
		return nil
	}
	values := slices.Clone(s.Values)
	values[i] = v
	return &Seen{s.Resource, values}
}

// Changed returns the error of a change whose record is not as it was seen.
func Changed() error {
	return fault.New(fault.PreconditionFailed, "The record has changed since it was read.")
}

// Recorder lets changes of the platform leave events, and depend on what was seen.
type Recorder interface {
	// Provided returns the same platform for one change of the record that was seen; nil is none. The statement that
	// changes or deletes the record fails with precondition_failed unless all that clients can write in it, and all that actions change, is as it was
	// seen: of two who saw the same and change it differently, one fails.
	Provided(was *Seen) Platform
	// Recording returns the same platform for one change, which queues the events in its own transaction: where the
	// change fails, or changes nothing, nothing is queued. A RotateFamily that succeeds is none: the events are
	// those of a family that it revokes.
	Recording(events ...QueuedEvent) Platform
	Outbox() Outbox
}

// Page is a part of a list of the platform, in the order of ids; After is the last id of the page before.
type Page struct {
	After id.ID
	Limit int
}

// Tenants are the tenants.
type Tenants interface {
	// Create adds a tenant and provisions its store; conflict where the slug is taken.
	Create(ctx context.Context, t tenant.Tenant) error
	// Get returns the tenant; not_found.
	Get(ctx context.Context, t tenant.ID) (tenant.Tenant, error)
	// BySlug returns the tenant; not_found.
	BySlug(ctx context.Context, slug string) (tenant.Tenant, error)
	// List returns a page of tenants.
	List(ctx context.Context, p Page) ([]tenant.Tenant, error)
	// SetStatus suspends or activates; not_found.
	SetStatus(ctx context.Context, t tenant.ID, status tenant.Status) error
	// Describe gives the tenant a name and settings, a compact JSON object; not_found.
	Describe(ctx context.Context, t tenant.ID, name string, settings []byte) error
	// Erase removes all that the engine keeps of a suspended tenant, in both planes, and at last the tenant; conflict where
	// it is not suspended. A tenant that is not there is no error: what is left of it goes. It says how much it removed
	// from where, in the order of names. Like Migrate it is the owner's to do. Files in a bucket are none of it.
	Erase(ctx context.Context, t tenant.ID) ([]Erased, error)
}

// Erased is how many rows, or files, of a tenant were removed from one place.
type Erased struct {
	Place string
	Count int64
}

// User is a person who may sign in. Names are unique on the platform, compared byte by byte.
type User struct {
	ID       id.ID
	Username string
	// PasswordHash is in PHC form; empty for a user who can't sign in with a password.
	PasswordHash string
	Active       bool
	Operator     bool
	CreatedAt    time.Time
}

// Users are the users.
type Users interface {
	// Create adds a user; conflict where the name is taken.
	Create(ctx context.Context, u User) error
	// Get returns the user; not_found.
	Get(ctx context.Context, u id.ID) (User, error)
	// ByName returns the user; not_found.
	ByName(ctx context.Context, username string) (User, error)
	// List returns a page of users.
	List(ctx context.Context, p Page) ([]User, error)
	// SetPassword stores a new hash and revokes every token family of the user; not_found.
	SetPassword(ctx context.Context, u id.ID, hash string) error
	// Rehash replaces the hash former by one of the same password, and revokes nothing. Nothing happens where the
	// user's hash is not former any more: the password has just been changed.
	Rehash(ctx context.Context, u id.ID, former, hash string) error
	// SetActive enables or disables the user; not_found.
	SetActive(ctx context.Context, u id.ID, active bool) error
	// SetOperator makes the user an operator or an ordinary user; not_found.
	SetOperator(ctx context.Context, u id.ID, operator bool) error
}

// Membership is a user's place in a tenant.
type Membership struct {
	ID        id.ID
	Tenant    tenant.ID
	User      id.ID
	Role      policy.Role
	CreatedAt time.Time
}

// Standing is all that the gate has to know of a caller: the tenant, the user and what joins them.
type Standing struct {
	Tenant     tenant.Tenant
	User       User
	Membership Membership
}

// Memberships join users and tenants.
type Memberships interface {
	// Create adds a membership, and forgets that there was one before; conflict where the user already belongs to the tenant, not_found where either
	// does not exist.
	Create(ctx context.Context, m Membership) error
	// Standing returns the user's standing in the tenant; not_found unless all three exist. It reads one
	// moment, in one statement.
	Standing(ctx context.Context, t tenant.ID, u id.ID) (Standing, error)
	// OfUser returns the user's standings in all tenants, ordered by the tenants' slugs.
	OfUser(ctx context.Context, u id.ID) ([]Standing, error)
	// OfTenant returns a page of the tenant's members, in the order of the memberships' ids.
	OfTenant(ctx context.Context, t tenant.ID, p Page) ([]Standing, error)
	// SetRole changes the role; not_found where the tenant has no such membership, conflict where it is the
	// tenant's last owner and the role another. Two calls at once MUST NOT leave a tenant without an owner.
	SetRole(ctx context.Context, t tenant.ID, m id.ID, role policy.Role) error
	// Join adds a membership that nobody in the tenant has given, and before it the newcomer where there is one, all
	// or nothing; conflict where the user belongs to the tenant, or the newcomer's name or identity is taken,
	// not_found where tenant or user does not exist, or the user was removed from the tenant: somebody there
	// decided that, and Create alone takes it back.
	Join(ctx context.Context, m Membership, newcomer *Newcomer) error
	// Delete removes the membership and remembers that for Join; not_found and conflict as in SetRole.
	Delete(ctx context.Context, t tenant.ID, m id.ID) error
}

// ServiceAccount is a program that works in one tenant with credentials of its own.
type ServiceAccount struct {
	ID     id.ID
	Tenant tenant.ID
	Name   string
	Role   policy.Role
	// Secret is the hash of the secret, Former that of the one before, which is good before FormerUntil.
	Secret, Former []byte
	FormerUntil    time.Time
	// ExpiresAt ends the account; zero never does.
	ExpiresAt time.Time
	CreatedAt time.Time
	CreatedBy id.ID
}

// ServiceAccounts are the service accounts of all tenants.
type ServiceAccounts interface {
	// Create adds a service account; not_found where its tenant does not exist.
	Create(ctx context.Context, a ServiceAccount) error
	// Find returns the account with the id and its tenant, in one statement; not_found.
	Find(ctx context.Context, account id.ID) (ServiceAccount, tenant.Tenant, error)
	// Update stores name, role and expiry; not_found where the tenant has no such account.
	Update(ctx context.Context, a ServiceAccount) error
	// Rotate makes secret the account's, and the present one good until formerUntil; not_found as Update.
	Rotate(ctx context.Context, t tenant.ID, account id.ID, secret []byte, formerUntil time.Time) error
	// Delete removes the account; not_found as Update.
	Delete(ctx context.Context, t tenant.ID, account id.ID) error
	// Touch notes when the account was last used. It raises no generation, and nothing happens where there is no such
	// account.
	Touch(ctx context.Context, account id.ID, at time.Time) error
}

// Family is the line of refresh tokens that came from one log-in. Only the newest, Current, is good.
type Family struct {
	ID        id.ID
	Tenant    tenant.ID
	User      id.ID
	Current   id.ID
	ExpiresAt time.Time
}

// Tokens are what must be remembered of tokens.
type Tokens interface {
	// CreateFamily starts a family.
	CreateFamily(ctx context.Context, f Family) error
	// Family returns the family; not_found where it is unknown, revoked or over by now.
	Family(ctx context.Context, family id.ID, now time.Time) (Family, error)
	// RotateFamily makes next the current token where presented still is. Where it is not, the family is
	// revoked in the same transaction and token_invalid returned: somebody used an old token. token_invalid
	// as well where the family is unknown, revoked or over by now. Of two calls with one token, one succeeds.
	RotateFamily(ctx context.Context, family, presented, next id.ID, now time.Time) error
	// RevokeFamily ends the family and all access tokens that came from it; nothing happens where it is
	// unknown.
	RevokeFamily(ctx context.Context, family id.ID, now time.Time) error
	// Revoke refuses the token with the id until it has expired anyway.
	Revoke(ctx context.Context, token id.ID, expires time.Time) error
	// Revoked returns the ids of tokens and families that are revoked and could otherwise still be good.
	Revoked(ctx context.Context, now time.Time) ([]id.ID, error)
	// Prune forgets what has expired.
	Prune(ctx context.Context, now time.Time) error
}

// QueuedEvent is an event on its way from the platform to a trail.
type QueuedEvent struct {
	// Trail is the tenant whose trail it belongs to, or tenant.Platform.
	Trail tenant.ID
	// Event lacks Seq and Hash, which it gets from its trail.
	Event Event
	// Until is when a claim ends: before, nobody else delivers the event. Zero is no claim.
	Until time.Time
	// Tried is set on a claimed event that somebody had claimed before, and so may have delivered.
	Tried bool
}

// Outbox is the queue of events that changes of the platform have left for the trails, which may lie in other
// databases. It keeps an event until it is finished.
type Outbox interface {
	// Add queues events that come with no change.
	Add(ctx context.Context, events ...QueuedEvent) error
	// Claim takes up to limit events that nobody has a claim on now, the ones that wait longest, and claims them
	// until then. Of two calls at once, each event goes to one.
	Claim(ctx context.Context, now, until time.Time, limit int) ([]QueuedEvent, error)
	// Finish forgets events that are in their trails; unknown ones are ignored.
	Finish(ctx context.Context, events ...id.ID) error
}
