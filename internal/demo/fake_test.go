package demo_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/demo"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// bundle is a platform in memory and what is asked of demo.
type bundle struct {
	accounts   *accounts
	resources  *resources
	usage      *counters
	operations []operation.Operation
	options    demo.Options
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return &bundle{
		accounts:   &accounts{users: map[string]account.User{}, passwords: map[string]string{}, members: map[string][]account.Member{}},
		resources:  &resources{records: map[tenant.ID][]record{}},
		usage:      &counters{counts: map[tenant.ID][]storage.UsageCount{}, sizes: map[tenant.ID][]int64{}},
		operations: table("projects", "tasks", "documents"),
		options: demo.Options{
			BaseURL: "http://127.0.0.1:8000", Out: filepath.Join(t.TempDir(), "tokens.json"),
			Tenants: 3, Projects: 2, Tasks: 4, Documents: 3, Seed: 7, Today: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
			TokenTTL: time.Hour, Random: rand.Reader, Progress: func(int, int) {}, Step: func(string) {},
		},
	}
}

func (b *bundle) run() (demo.Result, error) {
	return demo.Run(context.Background(), b.accounts, b.resources, b.usage, b.operations, b.options)
}

// table returns the operations on the built-in resources of the names.
func table(names ...string) []operation.Operation {
	fields := map[string][]string{
		"projects":  {"id", "name", "description", "status"},
		"tasks":     {"id", "project", "title", "description", "status", "priority", "assignee", "due_date"},
		"documents": {"id", "project", "name", "content_type", "file_path", "file_size", "metadata"},
	}
	var out []operation.Operation
	for _, name := range names {
		r := &schema.Resource{Name: name}
		for _, field := range fields[name] {
			r.Fields = append(r.Fields, schema.Field{Name: field})
		}
		r.Finish()
		path := operation.Prefix + name + "/"
		out = append(out,
			operation.Operation{ID: "list " + name, Path: path, Kind: operation.List, Resource: r},
			operation.Operation{ID: "create " + name, Path: path, Kind: operation.Create, Resource: r},
			operation.Operation{ID: "get " + name, Path: path + "{id}/", Kind: operation.Get, Resource: r})
	}
	return out
}

// accounts is an account service that keeps everything in memory.
type accounts struct {
	mu        sync.Mutex
	tenants   []tenant.Tenant
	users     map[string]account.User
	passwords map[string]string
	members   map[string][]account.Member
	writes    int
}

func (a *accounts) Pass(tenant.ID) tenant.Pass { return tenant.Pass{} }

func (a *accounts) CreateTenant(_ context.Context, _ account.By, name, slug string) (tenant.Tenant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writes++
	made := tenant.Tenant{ID: tenant.NewID(), Slug: slug, Name: name}
	a.tenants = append(a.tenants, made)
	return made, nil
}

func (a *accounts) Tenant(_ context.Context, ref string) (tenant.Tenant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tenants {
		if t.Slug == ref {
			return t, nil
		}
	}
	return tenant.Tenant{}, fault.Missing()
}

func (a *accounts) Members(_ context.Context, ref string, after id.ID, limit int) ([]account.Member, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.members[ref]
	for i, m := range all {
		if m.ID == after {
			all = all[i+1:]
			break
		}
	}
	return all[:min(limit, len(all))], nil
}

func (a *accounts) CreateUser(_ context.Context, _ account.By, username, password string, operator bool) (account.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, exists := a.users[username]; exists {
		return account.User{}, fault.New(fault.Conflict, "taken")
	}
	a.writes++
	a.users[username] = account.User{ID: id.New(), Username: username, Operator: operator}
	a.passwords[username] = password
	return a.users[username], nil
}

func (a *accounts) User(_ context.Context, username string) (account.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.users[username], nil
}

func (a *accounts) SetPassword(_ context.Context, _ account.By, username, password string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writes++
	a.passwords[username] = password
	return nil
}

func (a *accounts) AddMember(_ context.Context, _ account.By, ref, username string, role policy.Role) (account.Member, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.members[ref] {
		if m.User.Username == username {
			return m, fault.New(fault.Conflict, "is a member already")
		}
	}
	a.writes++
	made := account.Member{ID: id.New(), User: a.users[username], Role: role}
	a.members[ref] = append(a.members[ref], made)
	return made, nil
}

func (a *accounts) Issue(_ context.Context, _ account.By, username, ref string, ttl time.Duration) (account.Grant, error) {
	return account.Grant{Access: fmt.Sprint("access ", username, " ", ref, " ", ttl), Refresh: "refresh " + username}, nil
}

// record is what was created and by whom.
type record struct {
	id     id.ID
	kind   string
	actor  policy.Actor
	fields map[string]any
}

// resources is a resource service that keeps everything in memory. After is how many records it takes before it
// fails; 0 is without end.
type resources struct {
	mu      sync.Mutex
	records map[tenant.ID][]record
	after   int
	total   int
}

func (r *resources) Create(_ context.Context, call resource.Call, op *operation.Operation, body []byte) (resource.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.after > 0 && r.total >= r.after {
		return resource.Answer{}, fault.New(fault.Unavailable, "The power is gone.")
	}
	r.total++
	made := record{id: id.New(), kind: op.Resource.Name, actor: call.Actor}
	if err := json.Unmarshal(body, &made.fields); err != nil {
		return resource.Answer{}, err
	}
	r.records[call.Actor.Tenant] = append(r.records[call.Actor.Tenant], made)
	return resource.Answer{ID: made.id}, nil
}

func (r *resources) Size(context.Context, tenant.ID, tenant.Pass) (int64, error) { return 1000, nil }

// counters keep usage in memory.
type counters struct {
	mu     sync.Mutex
	counts map[tenant.ID][]storage.UsageCount
	sizes  map[tenant.ID][]int64
}

func (c *counters) Add(_ context.Context, counts []storage.UsageCount) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range counts {
		c.counts[one.Tenant] = append(c.counts[one.Tenant], one)
	}
	return nil
}

func (c *counters) Keep(_ context.Context, m storage.Measurement, _ time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Writes != 0 {
		return errors.New("it has seen no write of a client")
	}
	c.sizes[m.Tenant] = append(c.sizes[m.Tenant], m.Bytes)
	return nil
}

// List returns pages of two.
func (r *resources) List(_ context.Context, call resource.Call, op *operation.Operation, _ string, params url.Values) (resource.Page, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var offset int
	_, _ = fmt.Sscan(params.Get("cursor"), &offset)
	found := []map[string]any{}
	for _, rec := range r.records[call.Actor.Tenant] {
		if project := params.Get("project"); rec.kind == op.Resource.Name && (project == "" || rec.fields["project"] == project) {
			found = append(found, map[string]any{"id": rec.id.String(), "name": rec.fields["name"], "title": rec.fields["title"]})
		}
	}
	var page resource.Page
	end := min(offset+2, len(found))
	if end < len(found) {
		page.Next = resource.Link{Param: "cursor", Value: fmt.Sprint(end)}
	}
	for _, entry := range found {
		for name, value := range entry {
			if value == nil {
				delete(entry, name)
			}
		}
	}
	var err error
	page.Results, err = json.Marshal(found[offset:end])
	return page, err
}
