package account

import (
	"context"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// exchangeTTL is how long an operator may look into a tenant before they have to say again why.
const exchangeTTL = 15 * time.Minute

// SignInOperator checks a password and starts an operator's session, which is of no tenant. Whoever may not sign in gets
// the same credentials_invalid after the same work, as in SignIn.
func (s *Service) SignInOperator(ctx context.Context, by By, username, password string) (Grant, error) {
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return Grant{}, err
	}
	defer leave()
	user, _, err := s.find(ctx, username)
	if err != nil {
		return Grant{}, err
	}
	right, weak := s.passwords.match(user.PasswordHash, password)
	by = by.as(user)
	if !right || !user.Active || !user.Operator {
		s.logInFailed(ctx, by, nil)
		return Grant{}, fault.New(fault.CredentialsInvalid, "The username or the password is wrong.")
	}
	by.Actor.Kind = policy.Operator
	family := storage.Family{ID: id.New(), User: user.ID, Current: id.New(), ExpiresAt: s.clock().UTC().Add(s.refreshTTL).Truncate(time.Second)}
	err = s.record(ctx, in(s.event(by, "logged_in", aboutUsers, user.ID), tenant.Platform),
		func(p storage.Platform) error { return p.Tokens().CreateFamily(ctx, family) })
	if err != nil {
		return Grant{}, err
	}
	if err := s.confirm(ctx, user, password, family.ID); err != nil {
		if fault.Is(err, fault.CredentialsInvalid) {
			s.logInFailed(ctx, by, nil)
		}
		return Grant{}, err
	}
	if weak {
		s.rehash(ctx, user, password)
	}
	return s.signOperator(user, family)
}

func (s *Service) signOperator(user storage.User, f storage.Family) (Grant, error) {
	now := s.clock().UTC()
	end := now.Add(s.accessTTL).Truncate(time.Second)
	if end.After(f.ExpiresAt) {
		end = f.ExpiresAt
	}
	claims := token.OperatorClaims{Type: token.Access, User: user.ID, Family: f.ID, ExpiresAt: end}
	access, err := s.tokens.SignOperator(claims)
	if err != nil {
		return Grant{}, err
	}
	claims.Type, claims.ID, claims.ExpiresAt = token.Refresh, f.Current, f.ExpiresAt
	refresh, err := s.tokens.SignOperator(claims)
	return Grant{Access: access, Refresh: refresh, ExpiresIn: end.Sub(now.Truncate(time.Second)), User: publicUser(user)}, err
}

// RefreshOperator is Refresh for the tokens of operators.
func (s *Service) RefreshOperator(ctx context.Context, by By, raw string) (Grant, error) {
	claims, err := s.verifyOperator(ctx, raw, token.Refresh)
	if err != nil {
		return Grant{}, err
	}
	user, err := s.platform.Users().Get(ctx, claims.User)
	if err != nil {
		return Grant{}, stranger(err)
	}
	if !user.Active || !user.Operator {
		return Grant{}, token.Invalid(errDisabled)
	}
	next := id.New()
	by = by.as(user)
	by.Actor.Kind = policy.Operator
	reused := in(s.event(by, "token_reused", aboutUsers, user.ID), tenant.Platform)
	err = s.platform.Recording(reused...).Tokens().RotateFamily(ctx, claims.Family, claims.ID, next, s.clock())
	if fault.Is(err, fault.TokenInvalid) {
		s.courier.ring()
		s.gate.drop()
		return Grant{}, token.Invalid(errRotated)
	}
	if err != nil {
		return Grant{}, err
	}
	return s.signOperator(user, storage.Family{ID: claims.Family, Current: next, ExpiresAt: claims.ExpiresAt})
}

// RevokeOperator is Revoke for the tokens of operators: of either type, with their whole family.
func (s *Service) RevokeOperator(ctx context.Context, by By, raw string) error {
	claims, err := s.verifyOperator(ctx, raw, token.Access)
	if fault.Is(err, fault.TokenInvalid) {
		claims, err = s.tokens.VerifyOperator(raw, token.Refresh)
	}
	if fault.Is(err, fault.Unavailable) { // its key may be one that is not known here yet
		return err
	}
	if err != nil {
		return nil // what is no token of ours needs no taking back
	}
	by.Actor = policy.Actor{Kind: policy.Operator, ID: claims.User}
	if at, err := s.gate.standing(ctx, place{kind: policy.Operator, caller: claims.User}); err == nil { // else they are none any more
		by.Actor.Name = at.User.Username
	}
	defer s.courier.ring()
	defer s.gate.drop()
	event := in(s.event(by, "logged_out", aboutUsers, claims.User), tenant.Platform)
	return s.platform.Recording(event...).Tokens().RevokeFamily(ctx, claims.Family, s.clock())
}

// AuthenticateOperator is Authenticate for the tokens of operators. The session is of no tenant.
func (s *Service) AuthenticateOperator(ctx context.Context, raw string) (Session, error) {
	claims, err := s.verifyOperator(ctx, raw, token.Access)
	if err != nil {
		return Session{}, err
	}
	// The log-in has to be one that the platform knows: whoever shares the secret of HS256 can sign any claims, and must
	// not become an operator by it. It is asked for each time, since operators are few.
	family, err := s.platform.Tokens().Family(ctx, claims.Family, s.clock())
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, closed(err)
	}
	if err != nil || family.User != claims.User || !family.Tenant.IsZero() {
		return Session{}, token.Invalid(errRevoked)
	}
	at, err := s.gate.standing(ctx, place{kind: policy.Operator, caller: claims.User})
	if err != nil {
		return Session{}, stranger(err)
	}
	if !at.User.Active {
		return Session{}, token.Invalid(errDisabled)
	}
	return Session{
		Actor:  policy.Actor{Kind: policy.Operator, ID: at.User.ID, Name: at.User.Username, Pass: s.passes.For(tenant.Platform)},
		User:   publicUser(at.User),
		Claims: token.Claims{ID: claims.ID, Type: claims.Type, Kind: policy.Operator, User: claims.User, Family: claims.Family, IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt},
	}, nil
}

// Exchange gives an operator a short-lived access token of the tenant, with a role in it, for a reason that its trail
// keeps (RFC 8693). not_found, validation_failed, tenant_suspended.
func (s *Service) Exchange(ctx context.Context, by By, ref, reason string, role policy.Role) (Grant, error) {
	asked, err := s.TenantID(ctx, ref)
	if err != nil {
		return Grant{}, err
	}
	fields := roleFields(role)
	if !printable(strings.TrimSpace(reason), maxReason) {
		fields = append(fields, invalid("reason", "Say in 1 to 500 printable characters why you look into this tenant; its admins can read it."))
	}
	if err := fault.Invalid(fields...); err != nil {
		return Grant{}, err
	}
	t, err := s.platform.Tenants().Get(ctx, asked)
	if err != nil {
		return Grant{}, err
	}
	if t.Status != tenant.Active {
		return Grant{}, suspended()
	}
	now := s.clock().UTC()
	claims := token.Claims{
		ID: id.New(), User: by.Actor.ID, Tenant: t.ID, Role: role, Kind: policy.User, OnBehalfOf: by.Actor.ID,
		ExpiresAt: now.Add(min(exchangeTTL, s.accessTTL)).Truncate(time.Second),
	}
	access, err := s.tokens.SignAccess(claims)
	if err != nil {
		return Grant{}, err
	}
	event := s.event(by, "token_exchanged", aboutTenant, id.ID(t.ID), made("reason", schema.String(strings.TrimSpace(reason))),
		made("role", schema.String(role.String())), made("expires_at", schema.Moment(claims.ExpiresAt)))
	if err := s.note(ctx, in(event, t.ID, tenant.Platform)); err != nil {
		return Grant{}, err
	}
	return Grant{Access: access, ExpiresIn: claims.ExpiresAt.Sub(now.Truncate(time.Second)), Tenant: t, Role: role}, nil
}

// maxReason is the longest reason for an exchange.
const maxReason = 500

// note queues events that come with no change, and delivers them.
func (s *Service) note(ctx context.Context, events []storage.QueuedEvent) error {
	if err := s.platform.Outbox().Add(ctx, s.courier.claimed(events)...); err != nil {
		return err
	}
	s.courier.deliver(context.WithoutCancel(ctx), events)
	return nil
}
