package token

import (
	"errors"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Type is what a token is good for.
type Type string

// The types. An access token opens operations, a refresh token is exchanged for the next pair and nothing else.
const (
	Access  Type = "access"
	Refresh Type = "refresh"
)

// Claims is what a token says. Those of Verify may be shared: their slices must not be changed.
type Claims struct {
	// ID names the token (jti). A jti that is no UUID, which a client's own token may have, is named by its hash.
	ID   id.ID
	Type Type
	// Kind is policy.User or policy.Service.
	Kind policy.Kind
	// User is the caller (sub and user_id).
	User   id.ID
	Tenant tenant.ID
	// Role is what the caller was when the token was signed. It tells clients; nothing may be decided by it.
	Role policy.Role
	// Scopes narrow what the token opens; empty scopes narrow nothing.
	Scopes []string
	// Family is the line of refresh tokens that the token came from (sid); zero where there is none.
	Family id.ID
	// OnBehalfOf is the operator who acts as the caller (act); zero where nobody does.
	OnBehalfOf id.ID
	IssuedAt   time.Time
	NotBefore  time.Time
	ExpiresAt  time.Time
}

// Invalid returns the error that every token gets that does not open anything, whatever is wrong with it: the
// client must not learn which check it failed. The cause is for the log.
func Invalid(cause error) *fault.Error {
	return fault.Wrap(fault.TokenInvalid, "The token is not valid.", cause)
}

// Expired returns the error of a token that nothing is wrong with but that its time is over.
func Expired() *fault.Error {
	return fault.New(fault.TokenExpired, "The token has expired; refresh it or sign in again.")
}

// The causes are constants of ours, so that no part of a token ever reaches a log.
var (
	errSize = errors.New("token is too long")
	errKey  = errors.New("token names no key of ours")
	// errUnknownKey is apart from errKey, see IsUnknownKey.
	errUnknownKey = errors.New("token names a key that is not known here")
	errAlgorithm  = errors.New("token has another algorithm than its key")
	errSignature  = errors.New("token signature does not fit")
	errClaims     = errors.New("token claims are not well-formed JSON")
	errIssuer     = errors.New("token has another issuer or audience")
	errType       = errors.New("token is of another type")
	errSubject    = errors.New("token subject is not a user id")
	errTenant     = errors.New("token tenant is not a tenant id")
	errID         = errors.New("token has no usable jti or sid")
	errKind       = errors.New("token kind is unknown")
	errActor      = errors.New("token act names no operator")
	errTimes      = errors.New("token times are missing or in the future")
)
