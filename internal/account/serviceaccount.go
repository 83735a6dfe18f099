package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// secretPrefix lets people and scanners see what leaked.
const secretPrefix = "tns_"

// ServiceAccount is what can be said of a service account by whoever manages it. A zero ExpiresAt never comes.
type ServiceAccount struct {
	ID        id.ID
	Name      string
	Role      policy.Role
	ExpiresAt time.Time
}

// CreateServiceAccount adds a service account to the tenant and returns its secret, which is not kept: validation_failed,
// permission_denied where the role is above the caller's.
func (s *Service) CreateServiceAccount(ctx context.Context, by By, t tenant.ID, a ServiceAccount) (secret string, err error) {
	if err := s.admits(by, t); err != nil {
		return "", err
	}
	if err := policy.Grant(by.Actor, policy.NoRole, a.Role); err != nil {
		return "", err
	}
	if err := s.CheckServiceAccount(a, time.Time{}); err != nil {
		return "", err
	}
	secret, hash := newSecret()
	stored := storage.ServiceAccount{
		ID: a.ID, Tenant: t, Name: a.Name, Role: a.Role, Secret: hash, ExpiresAt: a.ExpiresAt,
		CreatedAt: s.moment(), CreatedBy: by.Actor.ID,
	}
	event := s.event(by, "created", aboutServiceAccounts, a.ID, made("name", schema.String(a.Name)),
		made("role", schema.String(a.Role.String())), made("expires_at", momentOrNull(a.ExpiresAt)))
	err = s.change(ctx, concerning(t, by, event), func(p storage.Platform) error { return p.ServiceAccounts().Create(ctx, stored) })
	if err != nil {
		return "", err
	}
	return secret, nil
}

// CheckServiceAccount returns what is wrong with an account that is to be so. An end that has passed may stay.
func (s *Service) CheckServiceAccount(a ServiceAccount, end time.Time) error {
	var fields []fault.Field
	if !printable(a.Name, maxTenantName) {
		fields = append(fields, invalid("name", "A name has 1 to 255 printable characters."))
	}
	if !a.ExpiresAt.IsZero() && !a.ExpiresAt.Equal(end) && !a.ExpiresAt.After(s.clock()) {
		fields = append(fields, invalid("expires_at", "The end of an account lies in the future."))
	}
	return fault.Invalid(append(fields, roleFields(a.Role)...)...)
}

// serviceAccount returns the tenant's service account; not_found, permission_denied where it has, or is to have, a role
// above the caller's: whoever manages an account can act as it.
func (s *Service) serviceAccount(ctx context.Context, by By, t tenant.ID, account id.ID, given policy.Role) (storage.ServiceAccount, error) {
	if err := s.admits(by, t); err != nil {
		return storage.ServiceAccount{}, err
	}
	held, _, err := s.platform.ServiceAccounts().Find(ctx, account)
	if err == nil && held.Tenant != t {
		err = fault.Missing()
	}
	if err != nil {
		return held, err
	}
	return held, policy.Grant(by.Actor, held.Role, given)
}

// ChangeServiceAccount stores the account's name, role and end; not_found, validation_failed, permission_denied.
func (s *Service) ChangeServiceAccount(ctx context.Context, by By, t tenant.ID, a ServiceAccount) error {
	held, err := s.serviceAccount(ctx, by, t, a.ID, a.Role)
	if err != nil {
		return err
	}
	var changes []change
	if held.Name != a.Name {
		changes = append(changes, change{"name", schema.String(held.Name), schema.String(a.Name)})
	}
	if held.Role != a.Role {
		changes = append(changes, change{"role", schema.String(held.Role.String()), schema.String(a.Role.String())})
	}
	if !held.ExpiresAt.Equal(a.ExpiresAt) {
		changes = append(changes, change{"expires_at", momentOrNull(held.ExpiresAt), momentOrNull(a.ExpiresAt)})
	}
	if len(changes) == 0 && by.Seen == nil {
		return nil
	}
	if err := s.CheckServiceAccount(a, held.ExpiresAt); err != nil {
		return err
	}
	event := s.event(by, "updated", aboutServiceAccounts, a.ID, changes...)
	stored := storage.ServiceAccount{ID: a.ID, Tenant: t, Name: a.Name, Role: a.Role, ExpiresAt: a.ExpiresAt}
	return s.change(ctx, concerning(t, by, event), func(p storage.Platform) error { return p.Provided(by.Seen).ServiceAccounts().Update(ctx, stored) })
}

// RotateServiceAccount gives the account a new secret, which is returned and not kept. The one from before stays good
// for as long as grace; not_found, permission_denied.
func (s *Service) RotateServiceAccount(ctx context.Context, by By, t tenant.ID, account id.ID, grace time.Duration) (secret string, err error) {
	if _, err := s.serviceAccount(ctx, by, t, account, policy.NoRole); err != nil {
		return "", err
	}
	secret, hash := newSecret()
	event := s.event(by, "rotated", aboutServiceAccounts, account)
	err = s.change(ctx, concerning(t, by, event), func(p storage.Platform) error {
		return p.Provided(by.Seen).ServiceAccounts().Rotate(ctx, t, account, hash, s.moment().Add(grace))
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// DeleteServiceAccount removes the account, and with it every token that it has; not_found, permission_denied.
func (s *Service) DeleteServiceAccount(ctx context.Context, by By, t tenant.ID, account id.ID) error {
	held, err := s.serviceAccount(ctx, by, t, account, policy.NoRole)
	if err != nil {
		return err
	}
	event := s.event(by, "deleted", aboutServiceAccounts, account, gone("name", schema.String(held.Name)), gone("role", schema.String(held.Role.String())))
	return s.change(ctx, concerning(t, by, event), func(p storage.Platform) error { return p.Provided(by.Seen).ServiceAccounts().Delete(ctx, t, account) })
}

// ServiceGrant is what a service account gets for its credentials.
type ServiceGrant struct {
	Access    string
	ExpiresIn time.Duration
	Scopes    []string
}

// SignInService gives an access token for a service account's credentials, narrowed to the scopes, or to nothing where
// there are none (RFC 6749, section 4.4). credentials_invalid where the account is unknown, over or its secret wrong;
// tenant_suspended; validation_failed of the field "scope" where a scope is unknown.
func (s *Service) SignInService(ctx context.Context, by By, clientID, secret string, scopes []string) (ServiceGrant, error) {
	account, ok := id.Parse(clientID)
	if !ok {
		return ServiceGrant{}, clientInvalid()
	}
	held, t, err := s.platform.ServiceAccounts().Find(ctx, account)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return ServiceGrant{}, err
	}
	now := s.moment()
	by.Actor = policy.Actor{Kind: policy.Service, ID: account, Name: held.Name, Tenant: held.Tenant, Role: held.Role}
	if err != nil || !rightSecret(held, secret, now) || over(held, now) {
		s.serviceFailed(ctx, by, account, held.Tenant)
		return ServiceGrant{}, clientInvalid()
	}
	if t.Status != tenant.Active {
		s.serviceFailed(ctx, by, account, held.Tenant)
		return ServiceGrant{}, suspended()
	}
	for _, scope := range scopes {
		if !policy.IsScope(scope, s.resources) {
			return ServiceGrant{}, fault.Invalid(fault.Field{Name: "scope", Code: fault.FieldChoice, Message: "Scopes are read, write, and <resource>:read or <resource>:write of a resource of this service."})
		}
	}
	return s.grantService(ctx, by, held, slices.Compact(slices.Sorted(slices.Values(scopes))), now)
}

// serviceFailed leaves an event of credentials that opened nothing: in the account's tenant, or, of an account that
// nobody knows, in the platform's trail.
func (s *Service) serviceFailed(ctx context.Context, by By, account id.ID, t tenant.ID) {
	if t.IsZero() {
		t = tenant.Platform
	}
	s.failed(ctx, by, in(s.event(by, "log_in_failed", aboutServiceAccounts, account), t))
}

func (s *Service) grantService(ctx context.Context, by By, a storage.ServiceAccount, scopes []string, now time.Time) (ServiceGrant, error) {
	end := now.Add(s.accessTTL).Truncate(time.Second)
	if !a.ExpiresAt.IsZero() && a.ExpiresAt.Before(end) {
		end = a.ExpiresAt
	}
	access, err := s.tokens.SignAccess(token.Claims{
		User: a.ID, Tenant: a.Tenant, Role: a.Role, Kind: policy.Service, Scopes: scopes, ExpiresAt: end,
	})
	if err != nil {
		return ServiceGrant{}, err
	}
	err = s.record(ctx, in(s.event(by, "logged_in", aboutServiceAccounts, a.ID), a.Tenant), func(p storage.Platform) error {
		return p.ServiceAccounts().Touch(ctx, a.ID, now)
	})
	return ServiceGrant{Access: access, ExpiresIn: end.Sub(now.Truncate(time.Second)), Scopes: scopes}, err
}

func clientInvalid() error {
	return fault.New(fault.CredentialsInvalid, "The client's id or secret is wrong.")
}

// newSecret returns a fresh secret and its hash. It has 256 random bits, so that a fast hash is enough.
func newSecret() (secret string, hash []byte) {
	secret = secretPrefix + rand.Text() + rand.Text()
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func rightSecret(a storage.ServiceAccount, secret string, now time.Time) bool {
	given := hashSecret(secret)
	present := subtle.ConstantTimeCompare(given, a.Secret) == 1
	former := subtle.ConstantTimeCompare(given, a.Former) == 1 && now.Before(a.FormerUntil)
	return present || former
}

func over(a storage.ServiceAccount, now time.Time) bool {
	return !a.ExpiresAt.IsZero() && !now.Before(a.ExpiresAt)
}

func momentOrNull(t time.Time) schema.Value {
	if t.IsZero() {
		return schema.Null()
	}
	return schema.Moment(t)
}
