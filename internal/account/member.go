package account

import (
	"context"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// CreateMember makes the user of the name a member of the tenant, under the membership's id: validation_failed where
// there is no such user, conflict where they are a member already, permission_denied where the role is above the
// caller's.
func (s *Service) CreateMember(ctx context.Context, by By, t tenant.ID, membership id.ID, username string, role policy.Role) error {
	if err := s.admits(by, t); err != nil {
		return err
	}
	if err := policy.Grant(by.Actor, policy.NoRole, role); err != nil {
		return err
	}
	u, err := s.candidate(ctx, username)
	if err != nil {
		return err
	}
	return s.join(ctx, by, u, storage.Membership{ID: membership, Tenant: t, User: u.ID, Role: role, CreatedAt: s.moment()})
}

// CheckMember returns what CreateMember would find wrong with the name.
func (s *Service) CheckMember(ctx context.Context, username string) error {
	_, err := s.candidate(ctx, username)
	return err
}

func (s *Service) candidate(ctx context.Context, username string) (storage.User, error) {
	u, err := s.user(ctx, username)
	if fault.Is(err, fault.NotFound) {
		err = fault.Invalid(fault.Field{Name: "username", Code: fault.FieldReference, Message: "There is no such user; whoever runs the platform can make one."})
	}
	return u, err
}

func (s *Service) join(ctx context.Context, by By, u storage.User, m storage.Membership) error {
	event := s.event(by, "created", aboutMembers, m.ID, made("user", schema.ID(u.ID)), made("username", schema.String(u.Username)),
		made("role", schema.String(m.Role.String())))
	return s.change(ctx, concerning(m.Tenant, by, event), func(p storage.Platform) error { return p.Memberships().Create(ctx, m) })
}

// ChangeMember gives the user, who is a member of the tenant, another role; not_found, permission_denied where it, or
// the one from before, is above the caller's, conflict where it was the last owner's.
func (s *Service) ChangeMember(ctx context.Context, by By, t tenant.ID, user id.ID, role policy.Role) error {
	if err := s.admits(by, t); err != nil {
		return err
	}
	at, err := s.platform.Memberships().Standing(ctx, t, user)
	if err != nil {
		return err
	}
	m := at.Membership
	if err := policy.Grant(by.Actor, m.Role, role); err != nil || m.Role == role && by.Seen == nil {
		return err
	}
	event := s.event(by, "updated", aboutMembers, m.ID, change{"role", schema.String(m.Role.String()), schema.String(role.String())})
	return s.change(ctx, concerning(t, by, event), func(p storage.Platform) error { return p.Provided(by.Seen).Memberships().SetRole(ctx, t, m.ID, role) })
}

// DeleteMember ends the user's membership; not_found, permission_denied where their role is above the caller's,
// conflict where it was the last owner's.
func (s *Service) DeleteMember(ctx context.Context, by By, t tenant.ID, user id.ID) error {
	if err := s.admits(by, t); err != nil {
		return err
	}
	at, err := s.platform.Memberships().Standing(ctx, t, user)
	if err != nil {
		return err
	}
	m := at.Membership
	if err := policy.Grant(by.Actor, m.Role, policy.NoRole); err != nil {
		return err
	}
	event := s.event(by, "deleted", aboutMembers, m.ID, gone("user", schema.ID(m.User)), gone("username", schema.String(at.User.Username)),
		gone("role", schema.String(m.Role.String())))
	return s.change(ctx, concerning(t, by, event), func(p storage.Platform) error { return p.Provided(by.Seen).Memberships().Delete(ctx, t, m.ID) })
}
