package storage

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/id"
)

// Identity says who the subject of another issuer is here. A subject means nothing without its issuer: two of them
// may call different people by one name. Both are compared byte by byte.
type Identity struct {
	Issuer, Subject string
	User            id.ID
	CreatedAt       time.Time
}

// Identities are the users as other issuers name them.
type Identities interface {
	// Create adds an identity; conflict where the issuer's subject is somebody already, not_found where there is no
	// such user.
	Create(ctx context.Context, i Identity) error
	// Get returns the identity; not_found.
	Get(ctx context.Context, issuer, subject string) (Identity, error)
	// OfUser returns the user's identities, ordered by issuer and subject.
	OfUser(ctx context.Context, u id.ID) ([]Identity, error)
	// Delete removes the identity; not_found.
	Delete(ctx context.Context, issuer, subject string) error
}

// Newcomer is a user whom nobody here knows yet, with the identity that says whom an issuer means by them.
type Newcomer struct {
	User     User
	Identity Identity
}
