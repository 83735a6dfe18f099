package demo_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/demo"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestRunFillsAnEmptyPlatform(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got, err := b.run()
	if err != nil {
		t.Fatal(err)
	}
	file := readFile(t, b.options.Out)
	want := demo.Result{
		Tenants: 3, Users: 3*4 + 2, Records: 3 * 2 * (1 + 4 + 3), Path: "/api/v1/projects/",
		Owner: "owner-acme", OwnerPassword: file.Tenants[0].Users[0].Password, Token: "access owner-acme acme 1h0m0s",
		Operator: "demo-operator", OperatorPassword: file.Operator.Password,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, slug := range []string{"acme", "globex", "initech"} {
		var members []string
		for _, m := range b.accounts.members[slug] {
			members = append(members, m.User.Username+" "+m.Role.String())
		}
		want := []string{
			"owner-" + slug + " owner", "admin-" + slug + " admin", "member-" + slug + " member", "viewer-" + slug + " viewer",
			"everywhere member",
		}
		if diff := cmp.Diff(want, members); diff != "" {
			t.Error(diff)
		}
	}
	for of, records := range b.resources.records {
		for _, rec := range records {
			if rec.actor.Tenant != of || rec.actor.Role < policy.Member || rec.actor.ID.IsZero() {
				t.Errorf("%s was written by %+v", rec.kind, rec.actor)
			}
		}
	}
}

func TestRunTwiceAddsNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	before, first := b.resources.contents(), readFile(t, b.options.Out)
	b.options.Seed++ // also with another seed
	got, err := b.run()
	if err != nil {
		t.Fatal(err)
	}
	if got.Tenants != 0 || got.Users != 0 || got.Records != 0 {
		t.Errorf("added %+v", got)
	}
	if diff := cmp.Diff(before, b.resources.contents()); diff != "" {
		t.Error(diff)
	}
	second := readFile(t, b.options.Out)
	user := second.Tenants[1].Users[2]
	if user.ID != first.Tenants[1].Users[2].ID || user.Password == first.Tenants[1].Users[2].Password ||
		user.Password != b.accounts.passwords[user.Username] {
		t.Errorf("first %+v, then %+v, stored %q", first.Tenants[1].Users[2], user, b.accounts.passwords[user.Username])
	}
}

func TestRunFinishesWhatWasInterrupted(t *testing.T) {
	t.Parallel()
	whole := setup(t)
	if _, err := whole.run(); err != nil {
		t.Fatal(err)
	}
	b := setup(t)
	b.resources.after = 20
	if _, err := b.run(); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("got %v", err)
	}
	b.resources.after = 0
	got, err := b.run()
	if err != nil || got.Records != 48-20 {
		t.Errorf("added %d records, %v", got.Records, err)
	}
	if diff := cmp.Diff(whole.resources.contents(), b.resources.contents()); diff != "" {
		t.Error(diff)
	}
}

func TestSeedDecidesAboutTheData(t *testing.T) {
	t.Parallel()
	one, same, other := setup(t), setup(t), setup(t)
	other.options.Seed++
	for _, b := range []*bundle{one, same, other} {
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(one.resources.contents(), same.resources.contents()); diff != "" {
		t.Errorf("the same seed gives other data: %s", diff)
	}
	if cmp.Equal(one.resources.contents(), other.resources.contents()) {
		t.Error("another seed gives the same data")
	}
}

func TestMoreIsAddedToWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]func(*demo.Options){
		"more tenants":  func(o *demo.Options) { o.Tenants = 5 },
		"more projects": func(o *demo.Options) { o.Projects, o.Tenants = 60, 1 },
		"more records":  func(o *demo.Options) { o.Tasks, o.Documents, o.Tenants = 260, 20, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, grown := setup(t), setup(t)
			grown.options.Tenants = 1
			if _, err := grown.run(); err != nil {
				t.Fatal(err)
			}
			for _, b := range []*bundle{whole, grown} {
				more(&b.options)
				if _, err := b.run(); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(whole.resources.contents(), grown.resources.contents()); diff != "" {
				t.Error(diff)
			}
			if last := grown.accounts.tenants[len(grown.accounts.tenants)-1].Slug; name == "more tenants" && last != "tenant-5" {
				t.Errorf("the fifth tenant is %s", last)
			}
			grown.resources.checkNames(t)
		})
	}
}

// checkNames checks that no two records of a kind have one name in their project.
func (r *resources) checkNames(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for of, records := range r.records {
		for _, rec := range records {
			name := fmt.Sprint(of, rec.kind, rec.fields["project"], rec.fields["name"], rec.fields["title"])
			if seen[name] {
				t.Errorf("%s twice", name)
			}
			seen[name] = true
		}
	}
}

func TestTokensFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.options.Tenants = 1
	if err := os.WriteFile(b.options.Out, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(b.options.Out); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(b.options.Out)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	content, _ := os.ReadFile(b.options.Out)
	var got map[string]any
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	acme := b.accounts.tenants[0]
	users := []any{}
	for _, m := range b.accounts.members["acme"] {
		users = append(users, map[string]any{
			"id": m.User.ID.String(), "username": m.User.Username, "password": b.accounts.passwords[m.User.Username],
			"role": m.Role.String(), "access_token": "access " + m.User.Username + " acme 1h0m0s", "refresh_token": "refresh " + m.User.Username,
		})
	}
	want := map[string]any{
		"base_url": "http://127.0.0.1:8000",
		"operator": map[string]any{"username": "demo-operator", "password": b.accounts.passwords["demo-operator"]},
		"tenants": []any{map[string]any{
			"id": acme.ID.String(), "slug": "acme", "name": "Acme", "users": users, "access_token": "access owner-acme acme 1h0m0s",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !b.accounts.users["demo-operator"].Operator || b.accounts.users["everywhere"].Operator {
		t.Error("the operator is none, or everywhere is one")
	}
}

func TestRunLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(b *bundle)
		want    string
	}{
		{"a tenant with other members", func(b *bundle) {
			b.accounts.tenants = []tenant.Tenant{{ID: tenant.NewID(), Slug: "globex"}}
			b.accounts.members["globex"] = []account.Member{{ID: id.New(), User: account.User{Username: "ann"}, Role: policy.Owner}}
		}, "there is a tenant globex that is not sample data"},
		{"a file that can't be written", func(b *bundle) {
			b.options.Out = filepath.Join(b.options.Out, "x", "tokens.json")
		}, "can't be written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			test.prepare(b)
			if _, err := b.run(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if b.accounts.writes+b.resources.total > 0 {
				t.Error("something was changed all the same")
			}
		})
	}
	t.Run("a user who is no operator", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.accounts.users["demo-operator"] = account.User{Username: "demo-operator"}
		if _, err := b.run(); !fault.Is(err, fault.Conflict) || b.accounts.passwords["demo-operator"] != "" {
			t.Errorf("got %v, password %q", err, b.accounts.passwords["demo-operator"])
		}
	})
}

func TestOtherResourcesAreLeftEmpty(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.operations = table("documents")
	got, err := b.run()
	if err != nil || got.Records != 0 || got.Users != 14 || got.Path != "/api/v1/me/" {
		t.Errorf("%+v, %v", got, err)
	}
}

// contents are the records without what differs from run to run.
func (r *resources) contents() []string {
	var out []string
	place := map[any]string{nil: "-"}
	for _, records := range r.records {
		for _, rec := range records {
			if rec.kind == "projects" {
				place[rec.id.String()] = fmt.Sprint(rec.actor.Name, rec.fields["name"])
			}
		}
	}
	for _, records := range r.records {
		slug := strings.SplitN(records[0].actor.Name, "-", 2)[1]
		for _, rec := range records {
			fields := maps.Clone(rec.fields)
			fields["project"] = place[rec.fields["project"]]
			delete(fields, "assignee")
			out = append(out, fmt.Sprint(slug, " ", rec.kind, " by ", rec.actor.Name, " ", fields))
		}
	}
	slices.Sort(out)
	return out
}

func readFile(t *testing.T, path string) demo.File {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file demo.File
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return file
}
