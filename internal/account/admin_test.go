package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// wantFields checks that validation failed on exactly the named fields.
func wantFields(t *testing.T, err error, want ...string) {
	t.Helper()
	wantCode(t, err, fault.ValidationFailed)
	var got []string
	for _, field := range fault.From(err).Fields {
		got = append(got, field.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestCreateValidates(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	long := strings.Repeat("é", 150)
	for _, bad := range []string{"", long + "e", "a\nb", "a\x00", " a", "a ", "\xff", "a\u202eb", "a\u00a0"} {
		_, err := f.CreateUser(ctx, by, bad, password, false)
		wantFields(t, err, "username")
	}
	for _, bad := range []string{"", "1234567", strings.Repeat("x", 1025)} {
		_, err := f.CreateUser(ctx, by, "new", bad, false)
		wantFields(t, err, "password")
		wantFields(t, f.SetPassword(ctx, by, "bob", bad), "password")
	}
	_, err := f.CreateUser(ctx, by, "", "", false)
	wantFields(t, err, "username", "password")
	for _, good := range []string{"a", long, "Jo Smith", "a@b.example"} {
		if _, err := f.CreateUser(ctx, by, good, strings.Repeat("x", 1024), false); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "A", "a_b", "-a", "a-", "a.b", strings.Repeat("a", 64), tenant.NewID().String()} {
		_, err := f.CreateTenant(ctx, by, "Name", bad)
		wantFields(t, err, "slug")
	}
	_, err = f.CreateTenant(ctx, by, "", "")
	wantFields(t, err, "name", "slug")
	_, err = f.CreateTenant(ctx, by, strings.Repeat("x", 256), "ok")
	wantFields(t, err, "name")
	_, err = f.AddMember(ctx, by, "acme", "gus", policy.NoRole)
	wantFields(t, err, "role")
	wantFields(t, f.SetRole(ctx, by, "acme", "bob", policy.Role(9)), "role")
}

func TestCreateRefusesWhatIsTaken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	_, err := f.CreateUser(ctx, by, "bob", password, false)
	wantCode(t, err, fault.Conflict)
	_, err = f.CreateTenant(ctx, by, "Acme", "acme")
	wantCode(t, err, fault.Conflict)
	_, err = f.AddMember(ctx, by, "acme", "bob", policy.Viewer)
	wantCode(t, err, fault.Conflict)
	f.signIn(t, "bob", "acme")
}

func TestUnknownNamesAreNotFound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	for _, ref := range []string{"nosuch", "", "No Slug", tenant.NewID().String()} {
		_, err := f.Tenant(ctx, ref)
		wantCode(t, err, fault.NotFound)
		wantCode(t, f.Suspend(ctx, by, ref), fault.NotFound)
		wantCode(t, f.Activate(ctx, by, ref), fault.NotFound)
		_, err = f.AddMember(ctx, by, ref, "bob", policy.Viewer)
		wantCode(t, err, fault.NotFound)
		_, err = f.Members(ctx, ref, id.ID{}, 10)
		wantCode(t, err, fault.NotFound)
	}
	for _, name := range []string{"nobody", "", "\x00"} {
		_, err := f.User(ctx, name)
		wantCode(t, err, fault.NotFound)
		wantCode(t, f.SetPassword(ctx, by, name, password), fault.NotFound)
		wantCode(t, f.SetActive(ctx, by, name, true), fault.NotFound)
		wantCode(t, f.RemoveMember(ctx, by, "acme", name), fault.NotFound)
		_, err = f.Issue(ctx, by, name, "acme", 0)
		wantCode(t, err, fault.NotFound)
	}
	wantCode(t, f.RemoveMember(ctx, by, "globex", "bob"), fault.NotFound)
	wantCode(t, f.SetRole(ctx, by, "globex", "bob", policy.Owner), fault.NotFound)
	_, err := f.Issue(ctx, by, "bob", "globex", 0)
	wantCode(t, err, fault.NotFound)
	_, err = f.Issue(ctx, by, "bob", "nosuch", 0)
	wantCode(t, err, fault.NotFound)
}

func TestLists(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	byID, err := f.Tenant(ctx, f.acme.ID.String())
	if err != nil || byID != f.acme {
		t.Errorf("tenant by id = %+v, %v", byID, err)
	}
	first, err := f.Tenants(ctx, tenant.ID{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Tenants(ctx, first[0].ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]tenant.Tenant{f.acme, f.globex}, append(first, second...)); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	if _, err := f.CreateUser(ctx, by, "opa", password, true); err != nil {
		t.Fatal(err)
	}
	users, err := f.Users(ctx, id.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range users {
		names = append(names, u.Username)
		if u.Operator != (u.Username == "opa") || !u.Active || u.CreatedAt.IsZero() {
			t.Errorf("user = %+v", u)
		}
	}
	if diff := cmp.Diff([]string{"ann", "bob", "vic", "may", "gus", "opa"}, names); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	members, err := f.Members(ctx, "acme", id.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, m := range members {
		roles = append(roles, m.User.Username+" "+m.Role.String())
	}
	if diff := cmp.Diff([]string{"ann owner", "bob member", "vic viewer", "may admin"}, roles); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	rest, err := f.Members(ctx, "acme", members[1].ID, 1)
	if err != nil || len(rest) != 1 || rest[0] != members[2] {
		t.Errorf("next page = %+v, %v", rest, err)
	}
}

// TestATenantIsAdministeredWithItsPassAlone names another tenant than the caller was let into, as a use case that mixes
// them up would.
func TestATenantIsAdministeredWithItsPassAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx, bob := t.Context(), f.user(t, "bob")
	owner := account.By{Actor: policy.Actor{Kind: policy.User, ID: f.user(t, "ann"), Tenant: f.globex.ID, Role: policy.Owner, Pass: f.passes.For(f.globex.ID)}}
	held := account.ServiceAccount{ID: id.New(), Name: "robot", Role: policy.Member}
	if _, err := f.CreateServiceAccount(ctx, by, f.acme.ID, held); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"create a member": func() error { return f.CreateMember(ctx, owner, f.acme.ID, id.New(), "ann", policy.Member) },
		"change a member": func() error { return f.ChangeMember(ctx, owner, f.acme.ID, bob, policy.Viewer) },
		"delete a member": func() error { return f.DeleteMember(ctx, owner, f.acme.ID, bob) },
		"create an account": func() error {
			_, err := f.CreateServiceAccount(ctx, owner, f.acme.ID, account.ServiceAccount{ID: id.New(), Name: "another", Role: policy.Member})
			return err
		},
		"change an account": func() error {
			return f.ChangeServiceAccount(ctx, owner, f.acme.ID, account.ServiceAccount{ID: held.ID, Name: "mine", Role: policy.Member})
		},
		"rotate an account": func() error {
			_, err := f.RotateServiceAccount(ctx, owner, f.acme.ID, held.ID, 0)
			return err
		},
		"delete an account": func() error { return f.DeleteServiceAccount(ctx, owner, f.acme.ID, held.ID) },
		"describe": func() error {
			return f.DescribeTenant(ctx, owner, f.acme.ID, account.Description{Name: "Acme"}, account.Description{Name: "Mine"})
		},
	} {
		if err := do(); fault.From(err).Code != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if member, err := f.IsMember(ctx, f.acme.ID, bob); err != nil || !member {
		t.Errorf("bob is out: %v", err)
	}
}

func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	m, err := f.AddMember(ctx, by, "globex", "bob", policy.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if m.User.Username != "bob" || m.Role != policy.Admin || m.ID.IsZero() || m.CreatedAt.IsZero() {
		t.Errorf("member = %+v", m)
	}
	g := f.signIn(t, "bob", "globex")
	if err := f.RemoveMember(ctx, by, "globex", "bob"); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, g.Access, fault.TokenInvalid)
	f.signIn(t, "bob", "") // has one again
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	f := setup(t)
	g := f.signIn(t, "bob", "")
	if err := f.SetPassword(t.Context(), by, "bob", "another password"); err != nil {
		t.Fatal(err)
	}
	_, err := f.SignIn(t.Context(), by, "bob", password, "")
	wantCode(t, err, fault.CredentialsInvalid)
	_, err = f.Refresh(t.Context(), by, g.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	if _, err := f.SignIn(t.Context(), by, "bob", "another password", ""); err != nil {
		t.Error(err)
	}
}

func TestTenantKeepsAnOwner(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	wantCode(t, f.RemoveMember(ctx, by, "acme", "ann"), fault.Conflict)
	wantCode(t, f.SetRole(ctx, by, "acme", "ann", policy.Admin), fault.Conflict)
	if err := f.SetRole(ctx, by, "acme", "ann", policy.Owner); err != nil {
		t.Errorf("an owner who stays one: %v", err)
	}
	if err := f.SetRole(ctx, by, "acme", "may", policy.Owner); err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveMember(ctx, by, "acme", "ann"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.SetRole(ctx, by, "acme", "may", policy.Viewer), fault.Conflict)
}

// TestOwnersWhoLeaveAtOnce has the last two go at the same time, on two nodes.
func TestOwnersWhoLeaveAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	other := f.node(t, func(*account.Config) {})
	for range 10 {
		if err := f.SetRole(ctx, by, "acme", "ann", policy.Owner); err != nil {
			t.Fatal(err)
		}
		if err := f.SetRole(ctx, by, "acme", "may", policy.Owner); err != nil {
			t.Fatal(err)
		}
		errs := make([]error, 2)
		var group sync.WaitGroup
		group.Go(func() { errs[0] = f.SetRole(ctx, by, "acme", "ann", policy.Member) })
		group.Go(func() { errs[1] = other.SetRole(ctx, by, "acme", "may", policy.Member) })
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("errors = %v, want one conflict", errs)
		}
		for i, name := range []string{"ann", "may"} {
			if errs[i] != nil {
				wantCode(t, errs[i], fault.Conflict)
				if g := f.signIn(t, name, "acme"); g.Role != policy.Owner {
					t.Errorf("%s is %s", name, g.Role)
				}
			}
		}
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	for _, c := range []struct{ ttl, want time.Duration }{
		{0, 15 * time.Minute}, {24 * time.Hour, 24 * time.Hour}, {30 * 24 * time.Hour, 30 * 24 * time.Hour},
	} {
		g, err := f.Issue(ctx, by, "may", "globex", c.ttl)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := f.tokens.Verify(g.Access, token.Access)
		if err != nil {
			t.Fatal(err)
		}
		if g.ExpiresIn != c.want || !claims.ExpiresAt.Equal(start.Truncate(time.Second).Add(c.want)) {
			t.Errorf("ttl %s: expires in %s, at %s", c.ttl, g.ExpiresIn, claims.ExpiresAt)
		}
		opens(t, f.Service, g.Access, "")
		f.refresh(t, g.Refresh)
	}
	_, err := f.Issue(ctx, by, "may", "", 0)
	wantFields(t, err, "tenant")
	for _, ttl := range []time.Duration{-1, 367 * 24 * time.Hour} {
		_, err = f.Issue(ctx, by, "bob", "", ttl)
		wantFields(t, err, "ttl")
	}
	if err := f.Suspend(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	_, err = f.Issue(ctx, by, "bob", "", 0)
	wantCode(t, err, fault.TenantSuspended)
	if err := f.SetActive(ctx, by, "gus", false); err != nil {
		t.Fatal(err)
	}
	_, err = f.Issue(ctx, by, "gus", "", 0)
	wantCode(t, err, fault.Conflict)
}

func TestNewTakesAWholeConfig(t *testing.T) {
	t.Parallel()
	if _, err := account.New(account.Config{}); err == nil {
		t.Error("a config without anything was taken")
	}
}

// TestASuspensionThatCameFirstIsNoticed asks upon an old look for the status that the tenant has got meanwhile: there is
// nothing left to do, and it is not what was seen all the same.
func TestASuspensionThatCameFirstIsNoticed(t *testing.T) {
	t.Parallel()
	f, ctx := setup(t), t.Context()
	look := func() *storage.Seen {
		r := storage.TenantRecords()
		rec, err := f.engine.Platform().Directory(tenant.ID{}).Get(ctx, r, id.ID(f.acme.ID))
		if err != nil {
			t.Fatal(err)
		}
		return &storage.Seen{Resource: r, Values: rec.Values}
	}
	upon := by
	upon.Seen = look()
	if err := f.Suspend(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.Suspend(ctx, upon, "acme"), fault.PreconditionFailed)
	wantCode(t, f.Activate(ctx, upon, "acme"), fault.PreconditionFailed)
	upon.Seen = look()
	if err := f.Suspend(ctx, upon, "acme"); err != nil {
		t.Errorf("what is seen suspended, again: %v", err)
	}
	if err := f.Activate(ctx, upon, "acme"); err != nil {
		t.Errorf("what is seen suspended: %v", err)
	}
}
