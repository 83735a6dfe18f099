package account_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

const (
	secret   = "a signing key of thirty-two bytes or more"
	password = "correct horse battery"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 250_000_000, time.UTC)

// by is who does everything that a test does not look at.
var by = account.System("test")

// cheap hashes in no time; what it costs otherwise is tested on its own.
var cheap = account.Passwords{Time: 1, Memory: 64}

// clock stands still until a test moves it.
type clock struct{ passed atomic.Int64 }

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.passed.Load())) }
func (c *clock) advance(d time.Duration) { c.passed.Add(int64(d)) }

// fixture is a platform of its own with two tenants. Of acme, ann is owner, bob member, vic viewer and may an admin;
// may is a member of globex as well.
type fixture struct {
	*account.Service
	platform *platform
	engine   storage.Engine
	tokens   *token.Authority
	passes   *tenant.Passes
	clock    *clock
	log      *logged
	acme     tenant.Tenant
	globex   tenant.Tenant
}

func setup(tb testing.TB) *fixture {
	tb.Helper()
	return setupOn(tb, func(now func() time.Time) (storage.Engine, error) {
		return sqlite.Open(tb.Context(), sqlite.Config{Dir: tb.TempDir(), Clock: now, Synchronous: "normal"})
	})
}

// onBothEngines runs a test of what the engines have a part in.
func onBothEngines(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, setup(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		test(t, setupOn(t, func(now func() time.Time) (storage.Engine, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Clock: now, MaxConns: 8})
		}))
	})
}

func setupOn(tb testing.TB, open func(now func() time.Time) (storage.Engine, error)) *fixture {
	tb.Helper()
	f := &fixture{clock: &clock{}, log: &logged{}}
	engine, err := open(f.clock.Now)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := engine.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	f.engine, f.platform = engine, &platform{Platform: engine.Platform()}
	f.tokens, err = token.New(token.Config{Key: []byte(secret), Clock: f.clock.Now})
	if err != nil {
		tb.Fatal(err)
	}
	f.passes = newPasses(tb)
	f.Service = f.node(tb, func(*account.Config) {})
	f.populate(tb)
	return f
}

func newPasses(tb testing.TB) *tenant.Passes {
	tb.Helper()
	passes, err := tenant.NewPasses(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return passes
}

// node returns another service over the same platform, as another node of a cluster has it.
func (f *fixture) node(tb testing.TB, change func(*account.Config)) *account.Service {
	tb.Helper()
	config := account.Config{
		Platform: f.platform, Open: f.engine.Open, Passes: f.passes, Tokens: f.tokens, Clock: f.clock.Now, Passwords: cheap,
		Logger: slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&config)
	s, err := account.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (f *fixture) populate(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	var err error
	if f.acme, err = f.CreateTenant(ctx, by, "Acme", "acme"); err != nil {
		tb.Fatal(err)
	}
	if f.globex, err = f.CreateTenant(ctx, by, "Globex", "globex"); err != nil {
		tb.Fatal(err)
	}
	for _, m := range []struct {
		tenant, user string
		role         policy.Role
	}{
		{"acme", "ann", policy.Owner},
		{"acme", "bob", policy.Member},
		{"acme", "vic", policy.Viewer},
		{"acme", "may", policy.Admin},
		{"globex", "may", policy.Member},
		{"globex", "gus", policy.Owner},
	} {
		if _, err := f.CreateUser(ctx, by, m.user, password, false); err != nil && !fault.Is(err, fault.Conflict) {
			tb.Fatal(err)
		}
		if _, err := f.AddMember(ctx, by, m.tenant, m.user, m.role); err != nil {
			tb.Fatal(err)
		}
	}
}

func (f *fixture) signIn(tb testing.TB, username, ref string) account.Grant {
	tb.Helper()
	g, err := f.SignIn(tb.Context(), by, username, password, ref)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func (f *fixture) user(tb testing.TB, username string) id.ID {
	tb.Helper()
	u, err := f.User(tb.Context(), username)
	if err != nil {
		tb.Fatal(err)
	}
	return u.ID
}

// access signs a token as a client does that has the key.
func (f *fixture) access(tb testing.TB, change func(*token.Claims)) string {
	tb.Helper()
	c := token.Claims{User: f.user(tb, "bob"), Tenant: f.acme.ID, ExpiresAt: f.clock.Now().Add(time.Hour)}
	change(&c)
	raw, err := f.tokens.SignAccess(c)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// code returns the code of an error, empty for none.
func code(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.From(err).Code
}

func wantCode(tb testing.TB, err error, want fault.Code) {
	tb.Helper()
	if code(err) != want {
		tb.Fatalf("error = %v, want %q", err, want)
	}
}

// opens checks what an access token opens on a service: nothing for a code but "".
func opens(tb testing.TB, s *account.Service, raw string, want fault.Code) {
	tb.Helper()
	_, err := s.Authenticate(tb.Context(), by, raw)
	wantCode(tb, err, want)
}

// logged is what was logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// platform is a platform that counts, fails and waits as a test says. Its fields are set before it is used.
type platform struct {
	storage.Platform
	down                          atomic.Bool
	generations, standings, finds atomic.Int64
	identities                    atomic.Int64
	adds                          atomic.Int64 // of events without a change
	deaf                          atomic.Bool  // takes no such event
	beforeAdd                     func()
	afterStanding, beforeCreate   func()
	beforeFind                    func()
	mu                            sync.Mutex
}

var errDown = errors.New("connection refused")

// hook returns one of the functions above, which tests may set while others run.
func (p *platform) hook(fn *func()) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *fn == nil {
		return func() {}
	}
	return *fn
}

func (p *platform) set(fn *func(), to func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*fn = to
}

func (p *platform) Generation(ctx context.Context) (int64, error) {
	defer p.generations.Add(1)
	if p.down.Load() {
		return 0, errDown
	}
	return p.Platform.Generation(ctx)
}

func (p *platform) Memberships() storage.Memberships { return memberships{p.Platform.Memberships(), p} }
func (p *platform) Tokens() storage.Tokens           { return tokens{p.Platform.Tokens(), p} }
func (p *platform) Identities() storage.Identities {
	return identities{p.Platform.Identities(), p}
}
func (p *platform) Users() storage.Users { return users{p.Platform.Users(), p} }

func (p *platform) Recording(events ...storage.QueuedEvent) storage.Platform {
	return recording{p.Platform.Recording(events...), p}
}

func (p *platform) Outbox() storage.Outbox { return outbox{p.Platform.Outbox(), p} }

type outbox struct {
	storage.Outbox
	p *platform
}

func (o outbox) Add(ctx context.Context, events ...storage.QueuedEvent) error {
	o.p.adds.Add(1)
	o.p.hook(&o.p.beforeAdd)()
	if o.p.deaf.Load() {
		return errDown
	}
	return o.Outbox.Add(ctx, events...)
}

// recording is the platform for one change.
type recording struct {
	storage.Platform
	p *platform
}

func (r recording) Memberships() storage.Memberships {
	return memberships{r.Platform.Memberships(), r.p}
}
func (r recording) Tokens() storage.Tokens { return tokens{r.Platform.Tokens(), r.p} }
func (r recording) Users() storage.Users   { return users{r.Platform.Users(), r.p} }

type memberships struct {
	storage.Memberships
	p *platform
}

func (m memberships) Standing(ctx context.Context, t tenant.ID, u id.ID) (storage.Standing, error) {
	m.p.standings.Add(1)
	if m.p.down.Load() {
		return storage.Standing{}, errDown
	}
	s, err := m.Memberships.Standing(ctx, t, u)
	m.p.hook(&m.p.afterStanding)()
	return s, errors.Join(err, ctx.Err())
}

func (m memberships) OfUser(ctx context.Context, u id.ID) ([]storage.Standing, error) {
	m.p.finds.Add(1)
	return m.Memberships.OfUser(ctx, u)
}

type tokens struct {
	storage.Tokens
	p *platform
}

func (t tokens) Revoked(ctx context.Context, now time.Time) ([]id.ID, error) {
	if t.p.down.Load() {
		return nil, errDown
	}
	return t.Tokens.Revoked(ctx, now)
}

func (t tokens) CreateFamily(ctx context.Context, f storage.Family) error {
	t.p.hook(&t.p.beforeCreate)()
	return t.Tokens.CreateFamily(ctx, f)
}

type users struct {
	storage.Users
	p *platform
}

func (u users) ByName(ctx context.Context, name string) (storage.User, error) {
	u.p.finds.Add(1)
	u.p.hook(&u.p.beforeFind)()
	return u.Users.ByName(ctx, name)
}

type identities struct {
	storage.Identities
	p *platform
}

func (i identities) Get(ctx context.Context, issuer, subject string) (storage.Identity, error) {
	i.p.identities.Add(1)
	if i.p.down.Load() {
		return storage.Identity{}, errDown
	}
	return i.Identities.Get(ctx, issuer, subject)
}
