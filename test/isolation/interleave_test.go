package isolation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/resources"
)

// envRequests names the variable that says how many requests are interleaved; `make interleave` sets it to 100,000.
const envRequests = "TENANTRY_TEST_INTERLEAVED"

const (
	fewRequests = 4000
	clients     = 24
	connections = 6 // that all clients share, so that each carries requests of both tenants
	signingKey  = "a signing key for tests, 32 bytes+"
)

// Trap is a record whose hook does what no hook should.
type Trap struct {
	tenantry.Record

	Name string `json:"name" tenantry:"required,max=200,search"`
}

// trapped is an application with hooks that panic and hooks that take longer than anybody waits.
func trapped() *tenantry.App {
	app := tenantry.New(tenantry.Config{})
	resources.Register(app)
	tenantry.Register(app, "traps", tenantry.Resource[Trap]{
		BeforeWrite: func(ctx context.Context, tx *tenantry.Tx, t *Trap) error {
			if _, err := tx.Ask(ctx, tenantry.Question{Resource: "projects"}); err != nil { // the connection is in the transaction by now
				return err
			}
			switch {
			case strings.HasPrefix(t.Name, "panic"):
				panic("the hook panics over " + t.Name)
			case strings.HasPrefix(t.Name, "slow"):
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(20 * time.Millisecond):
				}
			}
			return nil
		},
	})
	return app
}

// tenancy is one of the two tenants.
type tenancy struct {
	slug, canary, token string

	mu      sync.Mutex
	records []string // the paths of its records
}

func (o *tenancy) any(random *rand.Rand) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.records[random.IntN(len(o.records))]
}

func (o *tenancy) add(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records = append(o.records, path)
}

// crowd is what asks a server on behalf of two tenants at once.
type crowd struct {
	t       *testing.T
	url     string
	client  *http.Client
	tenants [2]*tenancy

	mu       sync.Mutex
	outcomes map[string]int
	faults   int
}

func TestTenantsThatShareConnectionsStayApart(t *testing.T) {
	t.Parallel()
	requests := fewRequests
	if raw := os.Getenv(envRequests); raw != "" {
		var err error
		if requests, err = strconv.Atoi(raw); err != nil || requests < clients {
			t.Fatalf("%s is %q, and takes a number of requests", envRequests, raw)
		}
	}
	crowd := func(t *testing.T, o tenantry.Options) {
		t.Helper()
		o.DataDir = t.TempDir()
		c := newCrowd(t, o)
		c.run(requests)
		c.audit()
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		crowd(t, tenantry.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		crowd(t, tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL})
	})
	t.Run("a pooler that shares connections, with proofs", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		crowd(t, tenantry.Options{DatabaseURL: pgtest.Pooled(t, db), MigrationURL: db.OwnerURL, ContextKey: []byte(signingKey)})
	})
}

func newCrowd(t *testing.T, o tenantry.Options) *crowd {
	t.Helper()
	o.SigningKey = []byte(signingKey)
	o.RateAnonymous, o.RateAuthenticated, o.RateLogin, o.RateLoginAddress = "off", "off", "off", "off"
	service, err := trapped().Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service.Handler())
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}
	c := &crowd{t: t, url: server.URL, client: &http.Client{Transport: transport}, outcomes: map[string]int{}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := service.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for i, slug := range []string{"acme", "globex"} {
		c.tenants[i] = &tenancy{slug: slug, canary: "canary-of-" + slug}
	}
	for _, o := range c.tenants {
		c.settle(service, o)
	}
	return c
}

// settle makes a tenant with an owner and some records.
func (c *crowd) settle(service *tenantry.Service, o *tenancy) {
	c.t.Helper()
	ctx, owner := c.t.Context(), "owner-"+o.slug
	const password = "correct horse battery"
	_, err := service.CreateTenant(ctx, o.slug, o.canary)
	if err == nil {
		_, err = service.CreateUser(ctx, owner, password)
	}
	if err == nil {
		err = service.AddMember(ctx, o.slug, owner, "owner")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	var grant struct {
		Access string `json:"access"`
	}
	body := fmt.Sprintf(`{"username":%q,"password":%q,"tenant":%q}`, owner, password, o.slug)
	a := c.send(ctx, o, "POST", "/api/v1/auth/token/", body, "")
	if err := json.Unmarshal(a.body, &grant); err != nil || grant.Access == "" {
		c.t.Fatalf("sign in: %d %s", a.status, a.body)
	}
	o.token = grant.Access
	for i := range 5 {
		c.create(ctx, o, fmt.Sprintf("the %d. project", i))
	}
}

type answer struct {
	status int
	body   []byte
	err    error
}

// send sends a request and looks for the other tenant in whatever comes back. A key makes it one that may be repeated.
func (c *crowd) send(ctx context.Context, o *tenancy, method, path, body, key string) (a answer) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{err: err}
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if o.token != "" {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	id := fmt.Sprintf("%s-%d", o.slug, rand.Uint64())
	req.Header.Set("X-Request-ID", id)
	res, err := c.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	a.status = res.StatusCode
	a.body, a.err = io.ReadAll(res.Body)
	_ = res.Body.Close()
	if got := res.Header.Get("X-Request-ID"); got != id {
		c.fault("%s %s: asked as %s and answered as %s", method, path, id, got)
	}
	other := c.other(o)
	if all := fmt.Sprint(res.Header) + string(a.body); strings.Contains(all, other.canary) {
		c.fault("%s %s of %s shows %s: %d %.500s", method, path, o.slug, other.slug, a.status, all)
	}
	return a
}

func (c *crowd) other(o *tenancy) *tenancy {
	if c.tenants[0] == o {
		return c.tenants[1]
	}
	return c.tenants[0]
}

// fault fails the test; the first few say why.
func (c *crowd) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults++; c.faults <= 10 {
		c.t.Errorf(format, args...)
	}
}

func (c *crowd) count(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[outcome]++
}

// create makes a project, under a key that is the same in both tenants, and a task of it.
func (c *crowd) create(ctx context.Context, o *tenancy, name string) answer {
	body := fmt.Sprintf(`{"name":%q,"description":"shared words, %s"}`, name, o.canary)
	a := c.send(ctx, o, "POST", "/api/v1/projects/", body, name)
	var made struct {
		ID string `json:"id"`
	}
	if a.status != http.StatusCreated || json.Unmarshal(a.body, &made) != nil {
		return a
	}
	o.add("/api/v1/projects/" + made.ID + "/")
	task := c.send(ctx, o, "POST", "/api/v1/tasks/", fmt.Sprintf(`{"project":%q,"title":"shared words, %s"}`, made.ID, o.canary), "")
	if task.status == http.StatusCreated && json.Unmarshal(task.body, &made) == nil {
		o.add("/api/v1/tasks/" + made.ID + "/")
	}
	return a
}

// run lets all clients ask at once until the requests are made.
func (c *crowd) run(requests int) {
	c.t.Helper()
	seed := rand.Uint64()
	c.t.Logf("%d requests, seed %d", requests, seed)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(client)))
			for n := range requests / clients {
				c.ask(random, requests/25, fmt.Sprintf("%d-%d", client, n))
			}
		})
	}
	all.Wait()
	c.t.Logf("outcomes: %v", c.outcomes)
	// Of each kind something has to have happened, or the crowd proves nothing.
	kinds := []string{"read", "listed", "searched", "counted", "created", "changed", "foreign", "panicked", "timed out", "cancelled"}
	for _, kind := range kinds {
		if c.outcomes[kind] == 0 {
			c.t.Errorf("nothing was %s: %v", kind, slices.Sorted(maps.Keys(c.outcomes)))
		}
	}
}

// ask makes one request of either tenant and judges its answer. Of so many names each is made by both tenants, and more
// than once.
func (c *crowd) ask(random *rand.Rand, names int, mark string) {
	o := c.tenants[random.IntN(2)]
	ctx := c.t.Context()
	dice := random.IntN(100)
	switch {
	case dice < 35:
		c.want("read", c.send(ctx, o, "GET", o.any(random), "", ""), http.StatusOK, o.canary)
	case dice < 50:
		c.want("listed", c.send(ctx, o, "GET", "/api/v1/tasks/?expand=project", "", ""), http.StatusOK, o.canary)
	case dice < 58:
		c.want("searched", c.send(ctx, o, "GET", "/api/v1/projects/?search=shared&ordering=name", "", ""), http.StatusOK, o.canary)
	case dice < 62:
		c.want("counted", c.send(ctx, o, "GET", "/api/v1/projects/statistics/", "", ""), http.StatusOK, "total_projects")
	case dice < 68:
		a := c.create(ctx, o, fmt.Sprintf("project %d", random.IntN(names)))
		if a.status == http.StatusConflict && strings.Contains(string(a.body), "idempotency_in_progress") {
			return // another client of the tenant is at it
		}
		c.want("created", a, http.StatusCreated, o.canary)
	case dice < 73:
		body := fmt.Sprintf(`{"description":"shared words of %s, %s"}`, mark, o.canary)
		c.want("changed", c.send(ctx, o, "PATCH", o.any(random), body, ""), http.StatusOK, o.canary)
	case dice < 83:
		c.want("foreign", c.send(ctx, o, "GET", c.other(o).any(random), "", ""), http.StatusNotFound, "not_found")
	case dice < 88:
		c.want("panicked", c.send(ctx, o, "POST", "/api/v1/traps/", fmt.Sprintf(`{"name":"panic over %s"}`, o.canary), ""), http.StatusInternalServerError, "internal")
	case dice < 92:
		c.hurry("timed out", 3*time.Millisecond, func(ctx context.Context) answer {
			return c.send(ctx, o, "POST", "/api/v1/traps/", fmt.Sprintf(`{"name":"slow %s"}`, o.canary), "")
		})
	default:
		c.hurry("cancelled", time.Duration(random.IntN(4000))*time.Microsecond, func(ctx context.Context) answer {
			if dice%2 == 0 {
				return c.create(ctx, o, fmt.Sprintf("hasty project %d", random.IntN(names)))
			}
			return c.send(ctx, o, "GET", "/api/v1/tasks/?count=exact", "", "")
		})
	}
}

func (c *crowd) want(kind string, a answer, status int, word string) {
	if a.err != nil || a.status != status || !strings.Contains(string(a.body), word) {
		c.fault("%s: %d %v, without %q: %.300s", kind, a.status, a.err, word, a.body)
		return
	}
	c.count(kind)
}

// hurry gives a request less time than it may need. An answer is as good as none: either is judged by what it shows.
func (c *crowd) hurry(kind string, span time.Duration, do func(context.Context) answer) {
	ctx, cancel := context.WithTimeout(c.t.Context(), span)
	defer cancel()
	switch a := do(ctx); {
	case a.err != nil && ctx.Err() == nil:
		c.fault("%s: %v", kind, a.err)
	case errors.Is(a.err, context.DeadlineExceeded):
		c.count(kind)
	default:
		c.count("in time after all")
	}
}

// audit reads everything that the tenants have in the end.
func (c *crowd) audit() {
	c.t.Helper()
	for _, o := range c.tenants {
		for _, list := range []string{"projects", "tasks", "traps", "events"} {
			path, records := "/api/v1/"+list+"/?page_size=200", 0
			for path != "" {
				a := c.send(c.t.Context(), o, "GET", path, "", "")
				var page struct {
					Next    string            `json:"next"`
					Results []json.RawMessage `json:"results"`
				}
				if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
					c.t.Fatalf("%s: %d %v", path, a.status, a.err)
				}
				records += len(page.Results)
				path = strings.TrimPrefix(page.Next, c.url)
			}
			if records == 0 && list != "traps" {
				c.t.Errorf("%s has no %s", o.slug, list)
			}
		}
		a := c.send(c.t.Context(), o, "GET", "/api/v1/events/verify/", "", "")
		if !strings.Contains(string(a.body), `"ok":true`) {
			c.t.Errorf("the trail of %s: %d %s", o.slug, a.status, a.body)
		}
	}
}
