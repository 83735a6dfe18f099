package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/resources"
)

const (
	password   = "correct horse battery"
	signingKey = "a signing key for tests, 32 bytes+"
)

// cheap makes a password quick to hash: the tests have users by the hundred.
var cheap = tenantry.Passwords{Time: 1, Memory: 64}

// world is a running service with two tenants, each with a user of every role.
type world struct {
	t       *testing.T
	url     string
	tokens  map[string]string // "owner-acme" -> access token
	users   map[string]string // "owner-acme" -> user id
	tenants map[string]string // "acme" -> id
	vars    map[string]string
	service *tenantry.Service
}

var roles = []string{"owner", "admin", "member", "viewer"}

// onBothEngines runs the test in a fresh world on SQLite and on PostgreSQL.
func onBothEngines(t *testing.T, test func(w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, tenantry.Options{DataDir: t.TempDir()}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t, onPostgreSQL(t)))
	})
}

// onPostgreSQL are the options of a service on a database of the test's own.
func onPostgreSQL(t *testing.T) tenantry.Options {
	t.Helper()
	db := migrated(t)
	return tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL}
}

// migrated is a database that the service has made its own.
func migrated(t *testing.T) pgtest.Database {
	t.Helper()
	return pgtest.Prepared(t, "scenario", func(db pgtest.Database) error {
		app := tenantry.New(tenantry.Config{})
		resources.Register(app)
		service, err := app.Open(t.Context(), tenantry.Options{
			DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL, DataDir: t.TempDir(), SigningKey: []byte(signingKey),
		})
		if err != nil {
			return err
		}
		return service.Close()
	})
}

func newWorld(t *testing.T, o tenantry.Options) *world {
	t.Helper()
	w := &world{
		t: t, tokens: map[string]string{}, users: map[string]string{}, tenants: map[string]string{}, vars: map[string]string{},
	}
	w.open(o)
	w.settle("acme", "globex")
	return w
}

// another returns the same world through a second node.
func (w *world) another(o tenantry.Options) *world {
	w.t.Helper()
	second := *w
	second.open(o)
	return &second
}

// open starts a node.
func (w *world) open(o tenantry.Options) {
	w.t.Helper()
	app := tenantry.New(tenantry.Config{})
	resources.Register(app)
	o.SigningKey = []byte(signingKey)
	o.Passwords = cheap
	for _, rate := range []*string{&o.RateAnonymous, &o.RateAuthenticated, &o.RateLogin, &o.RateLoginAddress} {
		if *rate == "" {
			*rate = "off" // scenarios ask more than a client may by default
		}
	}
	o.Logger = slog.New(slog.NewTextHandler(testWriter{w.t}, &slog.HandlerOptions{Level: slog.LevelError}))
	service, err := app.Open(context.Background(), o)
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	server := httptest.NewServer(service.Handler())
	w.t.Cleanup(func() {
		server.Close()
		if err := service.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
	})
	w.service, w.url = service, server.URL
}

// settle makes tenants with a user of every role each, and signs them in.
func (w *world) settle(slugs ...string) {
	w.t.Helper()
	ctx := context.Background()
	for _, slug := range slugs {
		id, err := w.service.CreateTenant(ctx, slug, "Tenant "+slug)
		if err != nil {
			w.t.Fatalf("create tenant: %v", err)
		}
		w.tenants[slug], w.vars[slug] = id.String(), id.String()
		for _, role := range roles {
			name := role + "-" + slug
			user, err := w.service.CreateUser(ctx, name, password)
			if err != nil {
				w.t.Fatalf("create user: %v", err)
			}
			if err := w.service.AddMember(ctx, slug, name, role); err != nil {
				w.t.Fatalf("add member: %v", err)
			}
			w.users[name], w.vars[name] = user.String(), user.String()
			w.tokens[name] = w.signIn(name, slug).Access
		}
	}
}

type grant struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

func (w *world) signIn(username, slug string) grant {
	w.t.Helper()
	body, _ := json.Marshal(map[string]string{"username": username, "password": password, "tenant": slug})
	a := w.send(request{method: "POST", path: "/api/v1/auth/token/", body: string(body)})
	var g grant
	if err := json.Unmarshal(a.body, &g); err != nil || a.status != http.StatusOK || g.Access == "" {
		w.t.Fatalf("sign in %s: %d %s", username, a.status, a.body)
	}
	return g
}

// request is one request; as names the caller, "" is nobody.
type request struct {
	as, method, path, body string
	header                 http.Header
}

type response struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) send(r request) response {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, w.url+r.path, bytes.NewReader([]byte(r.body)))
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	if r.body == "" {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.as != "" {
		token := w.tokens[r.as]
		if token == "" {
			w.t.Fatalf("nobody is called %q", r.as)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, values := range r.header {
		req.Header.Del(name)
		for _, v := range values {
			req.Header.Add(name, v)
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return response{status: res.StatusCode, header: res.Header, body: body}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(string(p))
	return len(p), nil
}
