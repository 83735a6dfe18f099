package tenantry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/admin"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/metrics"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
	"github.com/tenantry/tenantry/internal/usage"
)

// engine is storage that can be looked at.
type engine interface {
	storage.Engine
	doctor.Source
}

// database is storage that has been reached but may not be migrated yet.
type database struct {
	engine

	app      *App
	options  Options
	registry *resource.Registry
	rates    httpapi.Rates
	// surroundings are what the command line sees of the deployment beside the options.
	surroundings doctor.Settings
}

// connect checks what was registered and reaches the storage. It changes nothing there.
func (a *App) connect(ctx context.Context, o Options) (*database, error) {
	o = o.withDefaults()
	registry, err := a.compile()
	if err != nil {
		return nil, err
	}
	rates, err := o.rates(registry.Operations())
	if err != nil {
		return nil, err
	}
	if err := o.checkIssuers(); err != nil {
		return nil, err
	}
	opened, err := openEngine(ctx, o, registry.Tables())
	if err != nil {
		return nil, err
	}
	return &database{engine: opened, app: a, options: o, registry: registry, rates: rates}, nil
}

func openEngine(ctx context.Context, o Options, resources []*schema.Resource) (engine, error) {
	if o.DatabaseURL == "" {
		return sqlite.Open(ctx, sqlite.Config{
			Dir: o.DataDir, Resources: resources, Clock: o.Clock, Synchronous: o.SQLiteSynchronous, Logger: o.Logger,
		})
	}
	return postgres.Open(ctx, postgres.Config{
		URL: o.DatabaseURL, MigrationURL: o.MigrationURL, Resources: resources, Clock: o.Clock, Logger: o.Logger,
		Proof: postgres.Proof{Secret: o.ContextKey, Previous: o.PreviousContextKey, Off: o.DropContextKey},
	})
}

// prepare brings the storage to the form that this program needs. In production that is the operator's decision: the
// start looks whether it has been done.
func (d *database) prepare(ctx context.Context) error {
	if d.options.Production {
		return nil
	}
	if err := d.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

const (
	// usageInterval is how often the usage of tenants is written.
	usageInterval = 5 * time.Second
	// sizeInterval is how often a node looks for a tenant that is to be measured.
	sizeInterval = time.Second
)

// serve puts the use cases and the API on top of the storage.
func (d *database) serve(ctx context.Context) (*Service, error) {
	if err := d.examine(ctx, d.storageChecks()); err != nil {
		return nil, err
	}
	s, err := d.assemble()
	if err != nil {
		return nil, err
	}
	if err := s.accounts.LoadKeys(ctx); err != nil {
		return nil, errors.Join(err, s.limiter.Close())
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.watched.Go(func() { s.accounts.Watch(watching) })
	if s.issuers != nil {
		s.watched.Go(func() { s.issuers.Run(watching) })
	}
	s.watched.Go(func() {
		s.usage.Run(watching, usageInterval, func(err error) {
			s.logger.WarnContext(watching, "the usage of tenants was not written yet", "error", err)
		})
	})
	s.watched.Go(func() {
		s.scale.Run(watching, sizeInterval, func(err error) {
			s.logger.WarnContext(watching, "the storage of a tenant was not measured", "error", err)
		})
	})
	return s, nil
}

func (d *database) assemble() (*Service, error) {
	o := d.options
	if o.Production && o.Passwords.Weak() {
		return nil, errors.New("tenantry: Options.Passwords makes passwords easier to guess than production takes; leave it out")
	}
	tokens, err := token.New(token.Config{Key: o.SigningKey, Issuer: o.Issuer, Clock: o.Clock})
	if err != nil {
		return nil, err
	}
	s := &Service{engine: d.engine, operations: d.registry.Operations(), logger: o.Logger, options: o, buckets: d.app.config.Buckets}
	s.limiter, err = limit.New(limit.Config{Clock: o.Clock, RedisURL: o.RedisURL, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	vault, err := o.vault()
	if err != nil {
		return nil, err
	}
	passes, err := tenant.NewPasses(rand.Reader)
	if err != nil {
		return nil, err
	}
	door := storage.Door{Engine: d.engine, Passes: passes, Files: s.tenantFiles}
	accounts := account.Config{
		Platform: d.Platform(), Open: d.Open, Passes: passes, Tokens: tokens, Clock: o.Clock, Logger: o.Logger,
		AccessTTL: o.AccessTTL, RefreshTTL: o.RefreshTTL, Resources: resourceNames(s.operations),
		Vault: vault, Passwords: o.Passwords,
	}
	accounts.Follower, _ = d.engine.(storage.Follower) // SQLite has nothing to listen to
	if s.issuers, err = d.openIssuers(accounts.Resources); err != nil {
		return nil, err
	}
	if s.issuers != nil { // a nil pointer would be no nil interface
		accounts.Issuers = s.issuers
	}
	s.accounts, err = account.New(accounts)
	if err != nil {
		return nil, err
	}
	s.resources, err = resource.New(resource.Config{
		Registry: d.registry, Open: door.Open, IsMember: s.accounts.IsMember,
		Signer: query.NewSigner(o.SigningKey), Clock: o.Clock, Files: door.OpenFiles, MaxUpload: o.MaxUpload,
		Keepers: d.app.directory.Keepers(s.accounts, door), Secret: o.SigningKey,
	})
	if err != nil {
		return nil, err
	}
	s.usage = usage.New(d.Platform().Usage(), o.Clock)
	s.scale = usage.NewScale(d.Platform().Usage(), s.tenantSize, o.Clock)
	document, err := d.app.document(s.operations)
	if err != nil {
		return nil, err
	}
	name, version := d.app.config.Name, d.app.config.Version
	pages, err := admin.New(admin.Config{Name: name, Clock: o.Clock, Production: o.Production})
	if err != nil {
		return nil, err
	}
	s.metrics = metrics.New(version, poolOf(d.engine))
	s.handler, err = httpapi.New(httpapi.Config{
		Operations: s.operations, Resources: s.resources, Accounts: s.accounts, Document: document, Admin: pages,
		Ready: s.ready, KeySet: s.accounts.JWKS, Name: name, Version: version, Logger: o.Logger, Clock: o.Clock,
		NewRequestID: func() string { return id.New().String() }, MaxBody: o.MaxBody,
		Note: s.usage.Note, Observer: s.metrics, Limiter: s.limiter, Rates: d.rates, TrustedProxies: o.TrustedProxies, Origins: o.CORSOrigins, Production: o.Production,
	})
	return s, err
}

// poolOf returns what tells the state of the engine's connections; nil for one that has none to wait for.
func poolOf(engine storage.Engine) func() metrics.Pool {
	pooled, ok := engine.(*postgres.Engine)
	if !ok {
		return nil
	}
	return func() metrics.Pool { return metrics.Pool(pooled.PoolState()) }
}

// resourceNames are the names that scopes may have in them: of all that tokens of tenants open.
func resourceNames(operations []operation.Operation) []string {
	var names []string
	for _, op := range operations {
		if op.Resource != nil && op.Audience == operation.TenantToken && !slices.Contains(names, op.Resource.Name) {
			names = append(names, op.Resource.Name)
		}
	}
	return names
}

// vault returns what opens the stored signing keys, nil where they are left alone.
func (o Options) vault() (*token.Vault, error) {
	if o.throwaway {
		return nil, nil //nolint:nilnil // no vault is a choice
	}
	if o.KeyEncryptionKey != nil {
		return token.NewVault(o.KeyEncryptionKey)
	}
	return token.NewVault(o.SigningKey)
}
