package tenantry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/demo"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/metrics"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Main runs the command line with the arguments behind the program's name and returns the exit code: 0, 1 where
// the command failed, 2 where it was given wrongly. It reads the environment and listens to SIGINT and SIGTERM.
func (a *App) Main(args []string) int {
	limit.QuietRedis()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	return cli.Run(context.Background(), args, cli.Environment{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Signals: signals,
		Clock: time.Now, Random: rand.Reader, //nolint:forbidigo // the one place where the command line's clock comes from
	}, cli.Program{
		Name: "tenantry", Description: "A REST API for many tenants, each of which sees its own data alone.", Version: a.config.Version,
		Open: a.open, Operations: a.operationIDs, Document: a.write, Doctor: a.doctor, Prove: a.prove,
	})
}

// open reaches the database for the command line.
func (a *App) open(ctx context.Context, settings cli.Settings, logger *slog.Logger) (cli.Database, error) {
	db, err := a.connect(ctx, optionsOf(settings, logger))
	if err != nil {
		return nil, err
	}
	db.surroundings = settings.Seen
	return &commandDatabase{database: db}, nil
}

// optionsOf takes over the settings of the command line.
func optionsOf(settings cli.Settings, logger *slog.Logger) Options {
	o := Options{
		DataDir: string(settings.Storage.DataDir), DatabaseURL: string(settings.Storage.DatabaseURL), MigrationURL: string(settings.Storage.MigrationURL),
		Production: settings.Storage.Environment == cli.Production, SQLiteSynchronous: settings.Storage.SqliteSynchronous,
		ContextKey: settings.Storage.Context, PreviousContextKey: settings.Storage.PreviousContext, DropContextKey: settings.Storage.ProofsOff,
		SigningKey: settings.Tokens.Key, Issuer: settings.Tokens.JWTIssuer,
		KeyEncryptionKey: settings.Tokens.Sealing, throwaway: settings.Tokens.Throwaway,
		AccessTTL: settings.Tokens.AccessTTL.Duration(), RefreshTTL: settings.Tokens.RefreshTTL.Duration(),
		MaxBody: int64(settings.Serving.MaxBody), Logger: logger,
		FilesURL: string(settings.Storage.FilesURL), MaxUpload: int64(settings.Serving.MaxUpload),
	}
	o.Issuers = settings.Issuers.OIDCIssuer
	limitedBy(&o, settings.Limits)
	return o
}

// limitedBy takes over the limits of the command line.
func limitedBy(o *Options, l cli.Limits) {
	o.RateAnonymous, o.RateAuthenticated = l.RateAnonymous.String(), l.RateAuthenticated.String()
	o.RateLogin, o.RateLoginAddress = l.RateLogin.String(), l.RateLoginAddress.String()
	o.RateTenants, o.RateOperations = map[string]string{}, map[string]string{}
	for _, t := range l.RateTenant {
		if t.Slug == "" {
			o.RateTenant = t.Rate.String()
			continue
		}
		o.RateTenants[t.Slug] = t.Rate.String()
	}
	for _, op := range l.RateOperation {
		o.RateOperations[op.Name] = op.Rate.String()
	}
	for _, text := range l.CORSOrigins {
		o.CORSOrigins = append(o.CORSOrigins, string(text))
	}
	for _, network := range l.TrustedProxies {
		o.TrustedProxies = append(o.TrustedProxies, network.Prefix())
	}
	o.RedisURL = string(l.RedisURL)
}

// operationIDs returns the names of all operations; none where what was registered is wrong, which Open reports.
func (a *App) operationIDs() []string {
	registry, err := a.compile()
	if err != nil {
		return nil
	}
	var names []string
	for _, op := range registry.Operations() {
		names = append(names, op.ID)
	}
	return names
}

// write returns the OpenAPI document in one of its forms.
func (a *App) write(version, format string) ([]byte, error) {
	registry, err := a.compile()
	if err != nil {
		return nil, err
	}
	document, err := a.document(registry.Operations())
	if err != nil {
		return nil, err
	}
	switch version + " " + format {
	case "3.1 json":
		return document.JSON31, nil
	case "3.1 yaml":
		return document.YAML31, nil
	case "3.0 json":
		return document.JSON30, nil
	case "3.0 yaml":
		return document.YAML30, nil
	default:
		return nil, fmt.Errorf("there is no document of version %s as %s", version, format)
	}
}

// commandDatabase is a database as the command line sees it.
type commandDatabase struct {
	*database

	service *Service
}

// Service implements cli.Database.
func (d *commandDatabase) Service(ctx context.Context) (cli.Service, error) {
	var err error
	if d.service, err = d.serve(ctx); err != nil {
		return nil, err
	}
	return commandService{d.service, d.database}, nil
}

// Close ends the service where there is one, and the database.
func (d *commandDatabase) Close() error {
	if d.service != nil {
		return d.service.Close()
	}
	return d.database.Close()
}

// commandService is a service as the command line sees it.
type commandService struct {
	*Service

	database *database
}

// Accounts implements cli.Service.
func (s commandService) Accounts() cli.Accounts { return s.accounts }

// VerifyEvents implements cli.Service.
func (s commandService) VerifyEvents(ctx context.Context, of tenant.ID) (checked, broken int64, err error) {
	return s.resources.VerifyChain(ctx, of, s.accounts.Pass(of))
}

// EraseTenant implements cli.Service. The files go last: what is left of them is found by the tenant's id alone.
func (s commandService) EraseTenant(ctx context.Context, t tenant.ID) ([]account.Erased, error) {
	removed, err := s.accounts.Erase(ctx, account.System("command line"), t)
	if err != nil || !s.hasContent() {
		return removed, err
	}
	if err := s.openFiles(ctx); err != nil {
		return removed, err
	}
	n, err := s.files.store.Clear(ctx, t)
	return append(removed, account.Erased{Place: "files", Count: n}), err
}

// Demo implements cli.Service.
func (s commandService) Demo(ctx context.Context, o cli.DemoOptions) (cli.DemoResult, error) {
	result, err := demo.Run(ctx, s.accounts, s.resources, s.engine.Platform().Usage(), s.operations, demo.Options(o))
	return cli.DemoResult(result), err
}

// Server implements cli.Service.
func (s commandService) Server() (cli.Server, error) {
	if err := s.database.examine(context.Background(), s.database.settings().Checks()); err != nil {
		return nil, err
	}
	if err := s.openFiles(context.Background()); err != nil {
		return nil, err
	}
	return &commandServer{service: s.Service, http: s.newServer(s.handler)}, nil
}

func (s *Service) newServer(handler http.Handler) *http.Server {
	return httpapi.NewServer("", handler, httpapi.Limits{}, s.logger)
}

// commandServer serves a service's API on a listener.
type commandServer struct {
	service *Service
	http    *http.Server
	metrics *http.Server // nil where they have no listener of their own
}

func (s *commandServer) Serve(listener net.Listener) error {
	return s.http.Serve(httpapi.Framed(listener))
}
func (s *commandServer) Drain() { s.service.Drain() }

// Metrics implements cli.Server.
func (s *commandServer) Metrics(listener net.Listener) {
	if listener == nil {
		s.http.Handler = metrics.Beside(s.service.metrics, s.http.Handler)
		return
	}
	s.metrics = s.service.newServer(s.service.Metrics())
	go func() {
		if err := s.metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.service.logger.Error("metrics are served no more", "error", err)
		}
	}()
}

// Shutdown implements cli.Server. Metrics are told until the last request is answered.
func (s *commandServer) Shutdown(ctx context.Context) error {
	return errors.Join(s.http.Shutdown(ctx), s.closeMetrics())
}

// Close implements cli.Server.
func (s *commandServer) Close() error { return errors.Join(s.http.Close(), s.closeMetrics()) }

func (s *commandServer) closeMetrics() error {
	if s.metrics == nil {
		return nil
	}
	return s.metrics.Close()
}
