package account

import (
	"context"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	maxUsername   = 150
	maxTenantName = 255
	// maxIssue bounds the tokens that Issue signs: nobody remembers today which ones are good in ten years.
	maxIssue = 366 * 24 * time.Hour
)

// Member is a user in a tenant; ID is the membership's.
type Member struct {
	ID        id.ID
	User      User
	Role      policy.Role
	CreatedAt time.Time
}

func member(at storage.Standing) Member {
	return Member{ID: at.Membership.ID, User: publicUser(at.User), Role: at.Membership.Role, CreatedAt: at.Membership.CreatedAt}
}

// CreateTenant adds a tenant; validation_failed, conflict where the slug is taken.
func (s *Service) CreateTenant(ctx context.Context, by By, name, slug string) (tenant.Tenant, error) {
	return s.AddTenant(ctx, by, NewTenant{ID: tenant.NewID(), Slug: slug, Name: name})
}

// Tenant returns the tenant that ref names, by slug or id; not_found.
func (s *Service) Tenant(ctx context.Context, ref string) (tenant.Tenant, error) {
	t, err := tenant.Tenant{}, error(fault.Missing())
	if i, ok := tenant.ParseID(ref); ok {
		t, err = s.platform.Tenants().Get(ctx, i)
	} else if tenant.ValidSlug(ref) {
		t, err = s.platform.Tenants().BySlug(ctx, ref)
	}
	return t, missing(err, "There is no such tenant.")
}

// Tenants returns up to limit tenants whose ids follow after, in their order.
func (s *Service) Tenants(ctx context.Context, after tenant.ID, limit int) ([]tenant.Tenant, error) {
	return s.platform.Tenants().List(ctx, storage.Page{After: id.ID(after), Limit: limit})
}

// Suspend refuses every request of the tenant from now on; not_found.
func (s *Service) Suspend(ctx context.Context, by By, ref string) error {
	return s.setStatus(ctx, by, ref, "suspended", tenant.Suspended)
}

// Activate ends a suspension; not_found.
func (s *Service) Activate(ctx context.Context, by By, ref string) error {
	return s.setStatus(ctx, by, ref, "activated", tenant.Active)
}

func (s *Service) setStatus(ctx context.Context, by By, ref, action string, status tenant.Status) error {
	t, err := s.Tenant(ctx, ref)
	if err != nil || t.Status == status && by.Seen == nil {
		return err
	}
	if t.Status == status { // by whoever got ahead, unless it was so before
		if by.Seen.Values[storage.TenantRecordStatus].Text() != string(status) {
			return storage.Changed()
		}
		return nil
	}
	event := s.event(by, action, aboutTenant, id.ID(t.ID), change{"status", schema.String(string(t.Status)), schema.String(string(status))})
	return s.change(ctx, in(event, t.ID, tenant.Platform), func(p storage.Platform) error { return p.Provided(by.Seen).Tenants().SetStatus(ctx, t.ID, status) })
}

// Erased is how many rows, or files, of a tenant were removed from one place.
type Erased = storage.Erased

// Erase removes a suspended tenant with all that databases keep of it, and returns what that was; conflict where it is not
// suspended. Of a tenant that is no more it removes what was left. It has to come as the owner of the tables.
func (s *Service) Erase(ctx context.Context, by By, t tenant.ID) (removed []Erased, err error) {
	there, err := s.platform.Tenants().Get(ctx, t)
	if fault.Is(err, fault.NotFound) {
		return s.platform.Tenants().Erase(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	event := s.event(by, "erased", aboutTenant, id.ID(t), gone("slug", schema.String(there.Slug)), gone("status", schema.String(string(there.Status))))
	err = s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error {
		removed, err = p.Tenants().Erase(ctx, t)
		return err
	})
	return removed, err
}

// CreateUser adds a user; validation_failed, conflict where the name is taken.
func (s *Service) CreateUser(ctx context.Context, by By, username, password string, operator bool) (User, error) {
	fields := usernameFields(username)
	if password == "" { // nobody could sign in with it
		fields = append(fields, passwordFields(password)...)
	}
	if err := fault.Invalid(fields...); err != nil {
		return User{}, err
	}
	return s.AddUser(ctx, by, id.New(), username, UserState{Password: password, Active: true, Operator: operator})
}

// User returns the user of the name; not_found.
func (s *Service) User(ctx context.Context, username string) (User, error) {
	u, err := s.user(ctx, username)
	return publicUser(u), err
}

func (s *Service) user(ctx context.Context, username string) (storage.User, error) {
	u, err := storage.User{}, error(fault.Missing())
	if validUsername(username) {
		u, err = s.platform.Users().ByName(ctx, username)
	}
	return u, missing(err, "There is no such user.")
}

// Users returns up to limit users whose ids follow after, in their order.
func (s *Service) Users(ctx context.Context, after id.ID, limit int) ([]User, error) {
	stored, err := s.platform.Users().List(ctx, storage.Page{After: after, Limit: limit})
	users := make([]User, len(stored))
	for i, u := range stored {
		users[i] = publicUser(u)
	}
	return users, err
}

// SetPassword gives the user a new password and ends all their sessions; validation_failed, not_found.
func (s *Service) SetPassword(ctx context.Context, by By, username, password string) error {
	if err := fault.Invalid(passwordFields(password)...); err != nil {
		return err
	}
	u, err := s.user(ctx, username)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, by, u, password)
}

// SetActive enables or disables the user in all tenants; not_found.
func (s *Service) SetActive(ctx context.Context, by By, username string, active bool) error {
	u, err := s.user(ctx, username)
	if err != nil {
		return err
	}
	return s.setActive(ctx, by, u, active)
}

// AddMember makes the user a member of the tenant; validation_failed, not_found, conflict where they are one.
func (s *Service) AddMember(ctx context.Context, by By, ref, username string, role policy.Role) (Member, error) {
	if err := fault.Invalid(roleFields(role)...); err != nil {
		return Member{}, err
	}
	t, err := s.Tenant(ctx, ref)
	if err != nil {
		return Member{}, err
	}
	u, err := s.user(ctx, username)
	if err != nil {
		return Member{}, err
	}
	m := storage.Membership{ID: id.New(), Tenant: t.ID, User: u.ID, Role: role, CreatedAt: s.moment()}
	return member(storage.Standing{Tenant: t, User: u, Membership: m}), s.join(ctx, by, u, m)
}

// Members returns up to limit members of the tenant whose memberships' ids follow after, in their order.
func (s *Service) Members(ctx context.Context, ref string, after id.ID, limit int) ([]Member, error) {
	t, err := s.Tenant(ctx, ref)
	if err != nil {
		return nil, err
	}
	places, err := s.platform.Memberships().OfTenant(ctx, t.ID, storage.Page{After: after, Limit: limit})
	members := make([]Member, len(places))
	for i, at := range places {
		members[i] = member(at)
	}
	return members, err
}

// RemoveMember ends a membership; not_found, conflict where it is the tenant's last owner's.
func (s *Service) RemoveMember(ctx context.Context, by By, ref, username string) error {
	at, err := s.place(ctx, ref, username)
	if err != nil {
		return err
	}
	return s.DeleteMember(ctx, by, at.Tenant.ID, at.User.ID)
}

// SetRole changes a member's role; validation_failed, not_found, conflict where it is the tenant's last owner's.
func (s *Service) SetRole(ctx context.Context, by By, ref, username string, role policy.Role) error {
	if err := fault.Invalid(roleFields(role)...); err != nil {
		return err
	}
	at, err := s.place(ctx, ref, username)
	if err != nil {
		return err
	}
	return s.ChangeMember(ctx, by, at.Tenant.ID, at.User.ID, role)
}

// Issue signs tokens for a user without their password, for whoever holds the server's key and database anyway.
// The access token is good for ttl, or as long as any where ttl is 0. It fails as choosing a tenant in SignIn does, but
// says which of user, tenant and membership is missing.
func (s *Service) Issue(ctx context.Context, by By, username, ref string, ttl time.Duration) (Grant, error) {
	if ttl < 0 || ttl > maxIssue {
		return Grant{}, fault.Invalid(invalid("ttl", "A token is good for up to 366 days."))
	}
	u, err := s.user(ctx, username)
	if err != nil {
		return Grant{}, err
	}
	if !u.Active {
		return Grant{}, fault.New(fault.Conflict, "The user is disabled.")
	}
	places, err := s.platform.Memberships().OfUser(ctx, u.ID)
	if err != nil {
		return Grant{}, err
	}
	if ref != "" {
		if _, err := s.Tenant(ctx, ref); err != nil {
			return Grant{}, err
		}
	}
	at, err := choose(places, ref)
	if fault.Is(err, fault.CredentialsInvalid) {
		err = notMember()
	}
	if err != nil {
		return Grant{}, err
	}
	ttl = positive(ttl, s.accessTTL)
	event := s.event(by, "token_issued", aboutMembers, at.Membership.ID)
	grant, _, err := s.start(ctx, event, at, ttl, max(s.refreshTTL, ttl))
	return grant, err
}

// place returns the standing that ref and username name; not_found.
func (s *Service) place(ctx context.Context, ref, username string) (storage.Standing, error) {
	t, err := s.Tenant(ctx, ref)
	if err != nil {
		return storage.Standing{}, err
	}
	u, err := s.user(ctx, username)
	if err != nil {
		return storage.Standing{}, err
	}
	at, err := s.platform.Memberships().Standing(ctx, t.ID, u.ID)
	if fault.Is(err, fault.NotFound) {
		err = notMember()
	}
	return at, err
}

func notMember() error {
	return fault.New(fault.NotFound, "The user does not belong to the tenant.")
}

// change is record for what changes who may do what: the gate forgets what it knew, also where the write failed,
// since it may have been committed.
func (s *Service) change(ctx context.Context, events []storage.QueuedEvent, write func(storage.Platform) error) error {
	return s.record(ctx, events, func(p storage.Platform) error {
		defer s.gate.drop()
		return write(p)
	})
}

// record runs a write that queues its events, and delivers them before it returns. That the delivery fails is no
// failure of the write: it is made up for.
func (s *Service) record(ctx context.Context, events []storage.QueuedEvent, write func(storage.Platform) error) error {
	if err := write(s.platform.Recording(s.courier.claimed(events)...)); err != nil {
		return err
	}
	s.courier.deliver(context.WithoutCancel(ctx), events)
	return nil
}

func (s *Service) hash(ctx context.Context, password string) (string, error) {
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return s.passwords.hash(password), nil
}

// moment is the time as it is stored.
func (s *Service) moment() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

func missing(err error, message string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, message)
	}
	return err
}

func invalid(field, message string) fault.Field {
	return fault.Field{Name: field, Code: fault.FieldInvalid, Message: message}
}

func roleFields(role policy.Role) []fault.Field {
	if slices.Contains(policy.Roles(), role) {
		return nil
	}
	return []fault.Field{{Name: "role", Code: fault.FieldChoice, Message: "A role is owner, admin, member or viewer."}}
}

func passwordFields(password string) []fault.Field {
	switch n := len(password); {
	case n < minPassword:
		return []fault.Field{{Name: "password", Code: fault.FieldTooShort, Message: "A password has at least 8 bytes."}}
	case n > maxPassword:
		return []fault.Field{{Name: "password", Code: fault.FieldTooLong, Message: "A password has at most 1024 bytes."}}
	}
	return nil
}

// validUsername refuses spaces at the ends as well: names that look alike are somebody else's chance.
func validUsername(name string) bool {
	return printable(name, maxUsername) && name[0] != ' ' && name[len(name)-1] != ' '
}

func printable(text string, limit int) bool {
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit {
		return false
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
