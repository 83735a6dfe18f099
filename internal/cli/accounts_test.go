package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// fakeAccounts keeps tenants and users in slices.
type fakeAccounts struct {
	fakeKeys
	tenants   []tenant.Tenant
	users     []account.User
	passwords map[string]string
	members   map[string][]account.Member
	issued    []string
	linked    []string
}

func (f *fakeAccounts) LinkIdentity(_ context.Context, _ account.By, username string, i account.Identity) error {
	if i.Subject == "taken" {
		return fault.New(fault.Conflict, "The issuer's subject is a user already.")
	}
	f.linked = append(f.linked, username+" "+i.Issuer+" "+i.Subject)
	return nil
}

func (f *fakeAccounts) UnlinkIdentity(_ context.Context, _ account.By, username string, i account.Identity) error {
	entry := username + " " + i.Issuer + " " + i.Subject
	if !slices.Contains(f.linked, entry) {
		return fault.New(fault.NotFound, "The issuer's subject is not this user.")
	}
	f.linked = slices.DeleteFunc(f.linked, func(e string) bool { return e == entry })
	return nil
}

func (f *fakeAccounts) Identities(_ context.Context, username string) ([]account.Identity, error) {
	var found []account.Identity
	for _, entry := range f.linked {
		if parts := strings.Fields(entry); parts[0] == username {
			found = append(found, account.Identity{Issuer: parts[1], Subject: parts[2], CreatedAt: time.Unix(0, 0)})
		}
	}
	return found, nil
}

func (f *fakeAccounts) CreateTenant(_ context.Context, _ account.By, name, slug string) (tenant.Tenant, error) {
	if _, err := f.Tenant(context.Background(), slug); err == nil {
		return tenant.Tenant{}, fault.New(fault.Conflict, "The slug is taken.")
	}
	made := tenant.Tenant{ID: tenant.NewID(), Slug: slug, Name: name, Status: tenant.Active, CreatedAt: time.Unix(0, 0)}
	f.tenants = append(f.tenants, made)
	return made, nil
}

func (f *fakeAccounts) Tenant(_ context.Context, ref string) (tenant.Tenant, error) {
	for _, t := range f.tenants {
		if t.Slug == ref || t.ID.String() == ref {
			return t, nil
		}
	}
	return tenant.Tenant{}, fault.New(fault.NotFound, "There is no such tenant.")
}

func (f *fakeAccounts) Tenants(_ context.Context, after tenant.ID, limit int) ([]tenant.Tenant, error) {
	return page(f.tenants, limit, func(t tenant.Tenant) bool { return t.ID == after }), nil
}

// page returns what follows the entry that is the last one.
func page[T any](all []T, limit int, last func(T) bool) []T {
	for i, entry := range all {
		if last(entry) {
			all = all[i+1:]
			break
		}
	}
	return all[:min(limit, len(all))]
}

func (f *fakeAccounts) Suspend(_ context.Context, _ account.By, ref string) error {
	return f.set(ref, tenant.Suspended)
}

func (f *fakeAccounts) Activate(_ context.Context, _ account.By, ref string) error {
	return f.set(ref, tenant.Active)
}

func (f *fakeAccounts) set(ref string, status tenant.Status) error {
	for i := range f.tenants {
		if f.tenants[i].Slug == ref {
			f.tenants[i].Status = status
			return nil
		}
	}
	return fault.New(fault.NotFound, "There is no such tenant.")
}

func (f *fakeAccounts) Members(_ context.Context, ref string, after id.ID, limit int) ([]account.Member, error) {
	if _, err := f.Tenant(context.Background(), ref); err != nil {
		return nil, err
	}
	return page(f.members[ref], limit, func(m account.Member) bool { return m.ID == after }), nil
}

func (f *fakeAccounts) CreateUser(_ context.Context, by account.By, username, password string, operator bool) (account.User, error) {
	if len(password) < 8 {
		return account.User{}, fault.Invalid(fault.Field{Name: "password", Message: "A password has at least 8 bytes."})
	}
	made := account.User{ID: id.New(), Username: username, Active: true, Operator: operator, CreatedAt: time.Unix(0, 0)}
	f.users = append(f.users, made)
	return made, f.SetPassword(context.Background(), by, username, password)
}

func (f *fakeAccounts) Users(_ context.Context, after id.ID, limit int) ([]account.User, error) {
	return page(f.users, limit, func(u account.User) bool { return u.ID == after }), nil
}

func (f *fakeAccounts) SetPassword(_ context.Context, _ account.By, username, password string) error {
	if f.passwords == nil {
		f.passwords = map[string]string{}
	}
	f.passwords[username] = password
	return nil
}

func (f *fakeAccounts) AddMember(_ context.Context, _ account.By, ref, username string, role policy.Role) (account.Member, error) {
	if f.members == nil {
		f.members = map[string][]account.Member{}
	}
	made := account.Member{ID: id.New(), User: account.User{Username: username, Active: true}, Role: role}
	f.members[ref] = append(f.members[ref], made)
	return made, nil
}

func (f *fakeAccounts) Issue(_ context.Context, _ account.By, username, ref string, ttl time.Duration) (account.Grant, error) {
	f.issued = append(f.issued, fmt.Sprint(username, " ", ref, " ", ttl))
	return account.Grant{Access: "acc3ss", Refresh: "r3fresh", ExpiresIn: ttl}, nil
}

func TestTenantCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.accounts.tenants = []tenant.Tenant{{ID: tenant.ID{1}, Slug: "acme", Name: "Acme Ltd", Status: tenant.Active}}
	acme := tenant.ID{1}.String()
	b.run("tenant", "list") // which says that it made the data directory
	got := b.run("tenant", "list")
	want := "ID                                     SLUG   NAME       STATUS   CREATED\n" +
		acme + "   acme   Acme Ltd   active   0001-01-01 00:00:00Z\n"
	if diff := cmp.Diff(result{0, want, ""}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Error(diff)
	}
	if got = b.run("tenant", "create", "globex", "--name", "Globex", "--format", "json"); got.code != 0 {
		t.Fatal(got.errors)
	}
	var made struct{ ID, Slug, Name, Status string }
	if err := json.Unmarshal([]byte(got.out), &made); err != nil || made.Slug != "globex" || made.Name != "Globex" || made.Status != "active" {
		t.Errorf("%v: %s", err, got.out)
	}
	got = b.run("tenant", "create", "globex")
	if want := (result{1, "", "tenantry: tenant globex can't be made: The slug is taken\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got = b.run("tenant", "suspend", "globex"); got.code != 0 || b.fake.accounts.tenants[1].Status != tenant.Suspended {
		t.Errorf("suspend: %+v", got)
	}
	if got = b.run("tenant", "activate", "globex"); got.code != 0 || b.fake.accounts.tenants[1].Status != tenant.Active {
		t.Errorf("activate: %+v", got)
	}
	for _, command := range []string{"show", "suspend", "activate"} {
		got = b.run("tenant", command, "initech")
		if want := (result{1, "", "tenantry: tenant initech: There is no such tenant\n"}); got != want {
			t.Errorf("%s: got %+v, want %+v", command, got, want)
		}
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 1200 {
		b.fake.accounts.tenants = append(b.fake.accounts.tenants, tenant.Tenant{ID: tenant.NewID(), Slug: fmt.Sprint("t", i)})
	}
	got := b.run("tenant", "list")
	if n := strings.Count(got.out, "\n"); n != 1201 {
		t.Errorf("%d lines", n)
	}
	var tenants []struct{ Slug string }
	if err := json.Unmarshal([]byte(b.run("tenant", "list", "--format", "json").out), &tenants); err != nil || tenants[1199].Slug != "t1199" {
		t.Errorf("%v, %d tenants", err, len(tenants))
	}
}

func TestUserCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	accounts := b.fake.accounts
	b.run("tenant", "create", "acme")
	got := b.run("user", "create", "ann", "--tenant", "acme", "--role", "admin", "--password", "hunter2hunter2")
	if got.code != 0 || strings.Contains(got.out, "hunter2") || accounts.passwords["ann"] != "hunter2hunter2" {
		t.Errorf("with a password: %+v", got)
	}
	got = b.run("user", "create", "bob", "--format", "json")
	var made struct{ Username, Password string }
	if err := json.Unmarshal([]byte(got.out), &made); err != nil || len(made.Password) < 20 || accounts.passwords["bob"] != made.Password {
		t.Errorf("with a random password: %v, %s", err, got.out)
	}
	got = b.run("user", "create", "cid", "--password", "hunter2")
	if want := (result{1, "", "tenantry: user cid can't be made: password: A password has at least 8 bytes\n"}); got != want {
		t.Errorf("with a short password: got %+v, want %+v", got, want)
	}
	got = b.run("user", "create", "cid", "--tenant", "globex")
	if got.code != 1 || len(accounts.users) != 2 {
		t.Errorf("in an unknown tenant: %+v, %d users", got, len(accounts.users))
	}
	b.stdin = "a new password\nand more"
	if got = b.run("user", "set-password", "bob", "--password-stdin"); got.code != 0 || accounts.passwords["bob"] != "a new password" {
		t.Errorf("set-password: %+v, %q", got, accounts.passwords["bob"])
	}
	got = b.run("user", "add-to-tenant", "bob", "acme", "--role", "owner")
	if want := (result{0, "bob is an owner of acme.\n", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = b.run("user", "list", "--tenant", "acme", "--format", "json")
	var members []struct{ Username, Role string }
	if err := json.Unmarshal([]byte(got.out), &members); err != nil || fmt.Sprint(members) != "[{ann admin} {bob owner}]" {
		t.Errorf("members: %v, %s", err, got.out)
	}
	if got = b.run("user", "list"); !strings.Contains(got.out, "   ann        yes      no         1970-01-01 00:00:00Z\n") {
		t.Errorf("list: %s", got.out)
	}
}

func TestIdentityCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run("user", "list") // makes the data directory, and says so
	for _, c := range []struct {
		args string
		want result
	}{
		{"link ann --issuer https://idp.example.com --subject u-1", result{0, "ann is u-1 at https://idp.example.com.\n", ""}},
		{"link bob --issuer https://idp.example.com --subject taken", result{1, "", "tenantry: bob can't be linked: The issuer's subject is a user already\n"}},
		{"identities ann", result{0, "ISSUER                    SUBJECT   LINKED\nhttps://idp.example.com   u-1       1970-01-01 00:00:00Z\n", ""}},
		{"unlink bob --issuer https://idp.example.com --subject u-1", result{1, "", "tenantry: bob can't be unlinked: The issuer's subject is not this user\n"}},
		{"unlink ann --issuer https://idp.example.com --subject u-1", result{0, "u-1 is nobody at https://idp.example.com any more.\n", ""}},
		{"identities ann --format json", result{0, "[]\n", ""}},
		{"link ann --issuer https://idp.example.com", result{2, "", "tenantry: missing flags: --subject=NAME; see tenantry user link --help\n"}},
	} {
		if got := b.run(append([]string{"user"}, strings.Fields(c.args)...)...); got != c.want {
			t.Errorf("user %s: got %+v, want %+v", c.args, got, c.want)
		}
	}
}

func TestTokenIssue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := b.run("token", "issue", "--tenant", "acme", "--user", "ann")
	if want := "acc3ss\n"; got.code != 0 || got.out != want {
		t.Errorf("got %+v", got)
	}
	got = b.run("token", "issue", "--tenant", "acme", "--user", "ann", "--ttl", "2h", "--format", "json")
	var grant struct {
		Access, Refresh string
		ExpiresIn       int `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.out), &grant); err != nil || grant.Access != "acc3ss" || grant.Refresh != "r3fresh" || grant.ExpiresIn != 7200 {
		t.Errorf("%v: %s", err, got.out)
	}
	if diff := cmp.Diff([]string{"ann acme 0s", "ann acme 2h0m0s"}, b.fake.accounts.issued); diff != "" {
		t.Error(diff)
	}
}

func TestAdministrationNeedsNoSigningKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.environ = []string{"TENANTRY_ENVIRONMENT=production"}
	if got := b.run("tenant", "create", "acme"); got.code != 0 {
		t.Errorf("got %+v", got)
	}
	if len(b.fake.settings.Tokens.Key) < 32 {
		t.Error("the program got no key at all")
	}
}
