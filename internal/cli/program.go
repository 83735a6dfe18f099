package cli

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/prove"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Program is what the commands work on. The root package hands it in.
type Program struct {
	// Name is the program's own in help and messages, Description what it is, Version which.
	Name, Description, Version string
	// Open reaches the database that the settings name and changes nothing in it. Its errors are shown: they say what
	// to do.
	Open func(ctx context.Context, settings Settings, logger *slog.Logger) (Database, error)
	// Operations returns the operationIds of the API, none where they are not known. It may be nil.
	Operations func() []string
	// Doctor examines what the settings name, and changes nothing.
	Doctor func(ctx context.Context, settings Settings, logger *slog.Logger) (doctor.Report, error)
	// Prove attacks a running service. The report is not nil where anything was tried, whatever the error.
	Prove func(ctx context.Context, options ProveOptions) (*prove.Report, error)
	// Document returns the OpenAPI document. version is "3.1" or "3.0", format "json" or "yaml".
	Document func(version, format string) ([]byte, error)
}

// Database is a database that has been reached but may not be migrated yet.
type Database interface {
	// Pending lists in words what Migrate would do.
	Pending(ctx context.Context) ([]string, error)
	Migrate(ctx context.Context) error
	// Service returns what works on the database. It is called once. Outside of production nothing is pending then; in
	// production it returns a *doctor.RefusalError where something is, or where the database is critical in another way.
	Service(ctx context.Context) (Service, error)
	Close() error
}

// Service is the program on a migrated database.
type Service interface {
	Accounts() Accounts
	// Server returns the server of the API; in production a *doctor.RefusalError where a setting is critical.
	Server() (Server, error)
	// VerifyEvents recomputes the chain of a tenant's events. It returns how many fit, from the first one on, and the
	// number of the first that does not or is missing, 0 where all do.
	VerifyEvents(ctx context.Context, of tenant.ID) (checked, broken int64, err error)
	// EraseTenant removes a suspended tenant with all that is kept of it, files included, or what is left of one that is no
	// more, and returns how much that was.
	EraseTenant(ctx context.Context, t tenant.ID) ([]account.Erased, error)
	// Demo adds what the sample data lacks and writes the tokens file.
	Demo(ctx context.Context, options DemoOptions) (DemoResult, error)
}

// Server answers requests.
type Server interface {
	// Serve answers requests of the listener until Shutdown or Close; then its error is of no interest.
	Serve(listener net.Listener) error
	// Metrics serves GET /metrics: on the listener, or where that is nil, beside the API. It comes before Serve.
	Metrics(listener net.Listener)
	// Drain makes /readyz answer 503 from now on, and nothing else.
	Drain()
	// Shutdown closes the listener and waits for the requests in flight, until the context ends.
	Shutdown(ctx context.Context) error
	// Close ends everything at once.
	Close() error
}

// DemoOptions say what sample data is wanted.
type DemoOptions struct {
	// BaseURL is where the server is, for the tokens file.
	BaseURL string
	// Out is the tokens file.
	Out string
	// Tenants is how many tenants there are to be, Projects how many projects in each, Tasks and Documents how
	// many in each project.
	Tenants, Projects, Tasks, Documents int
	// Seed decides about the data: the same seed, the same data.
	Seed uint64
	// Today is the day that dates are counted from.
	Today time.Time
	// TokenTTL is how long the access tokens are good.
	TokenTTL time.Duration
	// Random is a source of passwords.
	Random io.Reader
	// Progress is told how many of all steps are done. It may be called concurrently.
	Progress func(done, total int)
	// Step is told in words what has been done. It may be called concurrently.
	Step func(text string)
}

// DemoResult is what demo did.
type DemoResult struct {
	// Tenants, Users and Records were added; what was there already is not counted.
	Tenants, Users, Records int
	// Owner and OwnerPassword sign in to the first tenant, of which Token is an access token.
	Owner, OwnerPassword, Token string
	// Operator and OperatorPassword sign in to the platform.
	Operator, OperatorPassword string
	// Path is that of a list to try the token on.
	Path string
}
