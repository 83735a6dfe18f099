// Package tenant says what a tenant is: its typed id, its slug and its state. It holds no rules about who may
// do what, and reads nothing.
package tenant

import (
	"regexp"
	"time"

	"github.com/tenantry/tenantry/internal/id"
)

// ID names a tenant. It is a type of its own so that no other id can stand where a tenant is meant.
type ID id.ID

// Platform stands where a tenant would for what belongs to none: it names the platform's own trail of events. It is
// the greatest of all UUIDs, which NewID never returns, and no tenant can be created with it.
var Platform = ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// NewID returns a fresh id.
func NewID() ID { return ID(id.New()) }

// ParseID reads the canonical form of a UUID; the zero id and Platform name no tenant and are refused.
func ParseID(text string) (ID, bool) {
	parsed, ok := id.Parse(text)
	return ID(parsed), ok && !parsed.IsZero() && ID(parsed) != Platform
}

// String returns the canonical form.
func (i ID) String() string { return id.ID(i).String() }

// IsZero reports whether the id names no tenant.
func (i ID) IsZero() bool { return i == ID{} }

// MarshalText implements encoding.TextMarshaler.
func (i ID) MarshalText() ([]byte, error) { return id.ID(i).MarshalText() }

// Status is a tenant's state.
type Status string

// The states. Every request of a suspended tenant is refused at the gate.
const (
	Active    Status = "active"
	Suspended Status = "suspended"
)

// Tenant is one customer, whose data nobody else sees.
type Tenant struct {
	ID        ID
	Slug      string
	Name      string
	Status    Status
	CreatedAt time.Time
}

var slug = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// ValidSlug reports whether text can be a slug: 1 to 63 lower-case letters, digits and inner hyphens, as in a
// DNS label (RFC 1123), and not a UUID, since sign-in takes either.
func ValidSlug(text string) bool {
	_, isID := id.Parse(text)
	return slug.MatchString(text) && !isID
}
