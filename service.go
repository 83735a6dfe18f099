package tenantry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/metrics"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/usage"
)

// Options are what a running service needs to be told. SigningKey is required; everything else has a default.
type Options struct {
	// DataDir holds the embedded databases, unless DatabaseURL names a PostgreSQL, and the files of records, unless
	// FilesURL names another place for them; by default "./data".
	DataDir string
	// DatabaseURL is PostgreSQL as the server's role, MigrationURL the same as the owner of the tables.
	DatabaseURL, MigrationURL string
	// ContextKey makes PostgreSQL take a tenant only with a proof of it, made with this key: 32 bytes at least.
	// PreviousContextKey is the one that other nodes still use while a new one is brought out. DropContextKey takes
	// proofs off again: leaving the key out doesn't.
	ContextKey, PreviousContextKey []byte
	DropContextKey                 bool
	// Production refuses to start on what is critical: pending migrations, a database whose row security could be got
	// around, a weak signing key. "tenantry doctor" lists all of it.
	Production bool
	// SigningKey signs tokens and cursors: 32 bytes at least.
	SigningKey []byte
	// KeyEncryptionKey encrypts the signing keys that are stored, 32 bytes at least. By default they are encrypted with
	// a key made from SigningKey.
	KeyEncryptionKey []byte
	// Issuer is the issuer that tokens name; by default "multitenant-api".
	Issuer string
	// Issuers are the OpenID Connect providers whose access tokens are taken as well; by default none.
	Issuers []Issuer
	// AccessTTL and RefreshTTL say how long tokens are good; by default 15 minutes and 7 days.
	AccessTTL, RefreshTTL time.Duration
	// Passwords says what it costs to hash a password; by default what OWASP recommends. Production takes no less.
	Passwords Passwords
	// MaxBody is the largest body of a request in bytes; by default 1 MiB.
	MaxBody int64
	// FilesURL is where the files of records are: file:///PATH, or a URL for one of Config.Buckets; by default in
	// DataDir. Several nodes need one place for them.
	FilesURL string
	// MaxUpload is the largest file in bytes; by default 100 MiB.
	MaxUpload int64
	// RateAnonymous is how many requests an address may make without a token, by default "100/h", RateAuthenticated a
	// caller with one, by default "1000/h", RateTenant all callers of a tenant together, by default "off". RateTenants
	// are for single tenants, by slug, RateOperations for single operations, by operationId.
	RateAnonymous, RateAuthenticated, RateTenant string
	RateTenants, RateOperations                  map[string]string
	// RateLogin is for log-ins with one username, by default "10/m", RateLoginAddress for all operations on tokens
	// from one address, by default "60/m".
	RateLogin, RateLoginAddress string
	// RedisURL is a Redis or Valkey that shares the limits between nodes; by default each node counts for itself.
	RedisURL string
	// CORSOrigins are the origins whose pages may call the API, such as "https://app.example.com".
	CORSOrigins []string
	// TrustedProxies are the networks of proxies whose X-Forwarded-For, -Proto and -Host are believed.
	TrustedProxies []netip.Prefix
	// SQLiteSynchronous is "full", the default, or "normal".
	SQLiteSynchronous string
	// Logger is where the service logs; by default nowhere.
	Logger *slog.Logger
	// Clock tells the time; by default time.Now.
	Clock func() time.Time
	// throwaway is set where SigningKey is random, for a command that signs and verifies no tokens: stored signing
	// keys are left alone.
	throwaway bool
}

// Passwords says how passwords are hashed, with argon2id.
type Passwords = account.Passwords

// Service is an application that is connected to its storage, ready to serve.
type Service struct {
	engine     storage.Engine
	accounts   *account.Service
	issuers    *issuer.Verifier // nil where there are none
	resources  *resource.Service
	operations []operation.Operation
	options    Options
	buckets    map[string]OpenBucket
	files      *files
	handler    http.Handler
	logger     *slog.Logger
	limiter    *limit.Limiter
	draining   atomic.Bool
	stop       context.CancelFunc
	watched    sync.WaitGroup
	usage      *usage.Meter
	scale      *usage.Scale
	metrics    *metrics.Metrics
}

// Open connects the application to its storage, migrates it where it may, and returns the service. Close must be
// called at the end.
func (a *App) Open(ctx context.Context, o Options) (*Service, error) {
	db, err := a.connect(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.examine(ctx, db.settings().Checks()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err := db.serve(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.openFiles(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.DataDir == "" {
		o.DataDir = "./data"
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = 100 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the one place where the clock comes from
	}
	if o.SQLiteSynchronous == "" {
		o.SQLiteSynchronous = "full"
	}
	return o.withRates()
}

// Handler serves the API.
func (s *Service) Handler() http.Handler { return s.handler }

// Metrics serves GET /metrics for Prometheus, and nothing else. It asks for no token: serve it where only whoever watches
// the service gets.
func (s *Service) Metrics() http.Handler { return s.metrics.Handler() }

// Drain makes /readyz answer 503 from now on, so that balancers send no more requests here.
func (s *Service) Drain() { s.draining.Store(true) }

func (s *Service) ready(ctx context.Context) error {
	if s.draining.Load() {
		return fault.New(fault.Unavailable, "The server is shutting down.")
	}
	return s.engine.Ready(ctx)
}

// tenantSize measures a tenant. No request is behind it, so the pass is asked for by name, for this one tenant.
func (s *Service) tenantSize(ctx context.Context, t tenant.ID) (int64, error) {
	return s.resources.Size(ctx, t, s.accounts.Pass(t))
}

// Close ends the service. Requests that are still running fail.
func (s *Service) Close() error {
	s.stop()
	s.watched.Wait()
	return errors.Join(s.closeFiles(), s.limiter.Close(), s.engine.Close())
}
