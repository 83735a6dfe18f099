package account

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// Grant is what a log-in or a refresh gives.
type Grant struct {
	Access, Refresh string
	// ExpiresIn is how long Access is good.
	ExpiresIn time.Duration
	User      User
	Tenant    tenant.Tenant
	Role      policy.Role
}

// SignIn checks a password and starts a session in the tenant that ref names, by slug or id.
//
// Whoever may not sign in gets the same credentials_invalid after the same work: the name is unknown, the password
// wrong, the user disabled, the tenant unknown, or the user no member of it. What is said beyond that is said to
// those with the right password alone: tenant_suspended, or, where ref is empty and several tenants are open to
// the user, validation_failed with these to choose from. Suspended ones are not offered, and where only one is
// open it needs no choice. unavailable where too many sign in at once.
func (s *Service) SignIn(ctx context.Context, by By, username, password, ref string) (Grant, error) {
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return Grant{}, err
	}
	defer leave()
	// All that is read is read before the password is checked, so that the time does not tell who exists.
	user, places, err := s.find(ctx, username)
	if err != nil {
		return Grant{}, err
	}
	right, weak := s.passwords.match(user.PasswordHash, password)
	by = by.as(user)
	if !right || !user.Active {
		s.logInFailed(ctx, by, at(places, ref))
		return Grant{}, credentialsInvalid()
	}
	place, err := choose(places, ref)
	if err != nil {
		if !fault.Is(err, fault.ValidationFailed) { // who only has to choose has not failed
			s.logInFailed(ctx, by, at(places, ref))
		}
		return Grant{}, err
	}
	grant, family, err := s.start(ctx, s.event(by, "logged_in", aboutMembers, place.Membership.ID), place, s.accessTTL, s.refreshTTL)
	if err != nil {
		return Grant{}, err
	}
	if err := s.confirm(ctx, user, password, family); err != nil {
		if fault.Is(err, fault.CredentialsInvalid) {
			s.logInFailed(ctx, by, []storage.Standing{place})
		}
		return Grant{}, err
	}
	if weak {
		s.rehash(ctx, user, password)
	}
	return grant, nil
}

func credentialsInvalid() error {
	return fault.New(fault.CredentialsInvalid, "The username, the password or the tenant is wrong.")
}

// find returns the user of the name and their standings. For a stranger it reads as much, of nobody.
func (s *Service) find(ctx context.Context, username string) (storage.User, []storage.Standing, error) {
	if !validUsername(username) {
		username = ""
	}
	user, err := s.platform.Users().ByName(ctx, username)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return user, nil, err
	}
	places, err := s.platform.Memberships().OfUser(ctx, user.ID)
	return user, places, err
}

// maxFailedTrails bounds what one failed log-in writes.
const maxFailedTrails = 20

// logInFailed leaves an event in the trails of the tenants that somebody tried to get into, or in the platform's
// where that is none of the user's own, or too many. Neither the work nor the time tells which: it is one
// transaction, and the rest happens behind the answer.
func (s *Service) logInFailed(ctx context.Context, by By, places []storage.Standing) {
	var events []storage.QueuedEvent
	for _, place := range places {
		events = append(events, in(s.event(by, "log_in_failed", aboutMembers, place.Membership.ID), place.Tenant.ID)...)
	}
	if len(places) == 0 || len(places) > maxFailedTrails {
		events = in(s.event(by, "log_in_failed", aboutUsers, by.Actor.ID), tenant.Platform)
	}
	s.failed(ctx, by, events)
}

// failed queues the events of a failed log-in, to be delivered behind the answer.
func (s *Service) failed(ctx context.Context, by By, events []storage.QueuedEvent) {
	// Whoever hangs up early must not get away unseen.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliveryTime)
	defer cancel()
	if err := s.platform.Outbox().Add(ctx, events...); err != nil {
		s.log.ErrorContext(ctx, "a failed log-in left no event", "user", by.Actor.ID.String(), "ip", by.IP, "request_id", by.RequestID, "error", err)
		return
	}
	s.courier.ring()
}

// at returns the standings in the named tenant, in all where none is named.
func at(places []storage.Standing, ref string) []storage.Standing {
	if ref == "" {
		return places
	}
	asked, isID := tenant.ParseID(ref)
	return filter(places, func(at storage.Standing) bool {
		return at.Tenant.Slug == ref || isID && at.Tenant.ID == asked
	})
}

// choose returns the standing in the named tenant, or in the only one there is.
func choose(places []storage.Standing, ref string) (storage.Standing, error) {
	named := at(places, ref)
	if len(named) == 0 {
		return storage.Standing{}, credentialsInvalid()
	}
	open := filter(named, func(at storage.Standing) bool { return at.Tenant.Status == tenant.Active })
	switch len(open) {
	case 0:
		return storage.Standing{}, suspended()
	case 1:
		return open[0], nil
	}
	err := &fault.Error{
		Code: fault.ValidationFailed, Message: "You belong to several tenants; name the one to sign in to.",
		Fields: []fault.Field{{Name: "tenant", Code: fault.FieldRequired, Message: "Name one of the tenants by its slug or id."}},
	}
	for _, at := range open {
		err.Tenants = append(err.Tenants, fault.Choice{ID: at.Tenant.ID.String(), Slug: at.Tenant.Slug, Name: at.Tenant.Name})
	}
	return storage.Standing{}, err
}

func filter(places []storage.Standing, keep func(storage.Standing) bool) []storage.Standing {
	var kept []storage.Standing
	for _, at := range places {
		if keep(at) {
			kept = append(kept, at)
		}
	}
	return kept
}

// start begins a family of refresh tokens, with the event of it, and signs its first pair.
func (s *Service) start(ctx context.Context, event storage.Event, at storage.Standing, accessTTL, refreshTTL time.Duration) (Grant, id.ID, error) {
	family := storage.Family{
		ID: id.New(), Tenant: at.Tenant.ID, User: at.User.ID, Current: id.New(),
		ExpiresAt: s.clock().UTC().Add(refreshTTL).Truncate(time.Second),
	}
	err := s.record(ctx, in(event, at.Tenant.ID), func(p storage.Platform) error { return p.Tokens().CreateFamily(ctx, family) })
	if err != nil {
		return Grant{}, family.ID, err
	}
	grant, err := s.sign(at, family, accessTTL)
	return grant, family.ID, err
}

// sign returns the pair of tokens that the family's current state stands for. An access token ends with its family
// at the latest, since the platform forgets a revoked family when it is over.
func (s *Service) sign(at storage.Standing, f storage.Family, ttl time.Duration) (Grant, error) {
	now := s.clock().UTC()
	end := now.Add(ttl).Truncate(time.Second)
	if end.After(f.ExpiresAt) {
		end = f.ExpiresAt
	}
	claims := token.Claims{
		User: at.User.ID, Tenant: at.Tenant.ID, Role: at.Membership.Role, Kind: policy.User, Family: f.ID, ExpiresAt: end,
	}
	access, err := s.tokens.SignAccess(claims)
	if err != nil {
		return Grant{}, err
	}
	claims.ID, claims.ExpiresAt = f.Current, f.ExpiresAt
	refresh, err := s.tokens.SignRefresh(claims)
	return Grant{
		Access: access, Refresh: refresh, ExpiresIn: end.Sub(now.Truncate(time.Second)),
		User: publicUser(at.User), Tenant: at.Tenant, Role: at.Membership.Role,
	}, err
}

// confirm ends a session again whose password was changed while it began: the change has revoked all families of
// the user, but may have come just before this one.
func (s *Service) confirm(ctx context.Context, checked storage.User, password string, family id.ID) error {
	user, err := s.platform.Users().Get(ctx, checked.ID)
	if err == nil && user.PasswordHash == checked.PasswordHash {
		return nil
	}
	if err == nil {
		if right, _ := s.passwords.match(user.PasswordHash, password); right { // another log-in rehashed it
			return nil
		}
		err = credentialsInvalid()
	}
	defer s.gate.drop()
	return firstOf(s.platform.Tokens().RevokeFamily(ctx, family, s.clock()), err)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// rehash replaces a weak hash. That it fails is no reason to refuse the log-in.
func (s *Service) rehash(ctx context.Context, user storage.User, password string) {
	err := s.platform.Users().Rehash(ctx, user.ID, user.PasswordHash, s.passwords.hash(password))
	if err != nil {
		s.log.WarnContext(ctx, "a weak password hash was not replaced", "user", user.ID.String(), "error", err)
	}
}
