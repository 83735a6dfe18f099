package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/prove"
	"github.com/tenantry/tenantry/internal/tenant"
)

// bundle is one command line on a program that only remembers what it was asked.
type bundle struct {
	dir     string
	environ []string
	stdin   string
	signals chan os.Signal
	fake    *fakeProgram
	// out, when set, gets what is written to stdout while the command runs.
	out *buffer
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return &bundle{dir: t.TempDir(), signals: make(chan os.Signal, 2), fake: newFake(), out: &buffer{}}
}

// result is what a command left behind.
type result struct {
	code        int
	out, errors string
}

func (b *bundle) run(args ...string) result {
	var errs buffer
	b.out.reset()
	// What should have been refused must not serve for ever.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	code := cli.Run(ctx, args, cli.Environment{
		Stdin: strings.NewReader(b.stdin), Stdout: b.out, Stderr: &errs, Environ: b.environ, Dir: b.dir,
		Signals: b.signals, Clock: time.Now, Random: rand.Reader,
	}, b.fake.program())
	return result{code, b.out.String(), errs.String()}
}

// buffer may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

func (b *buffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data.Reset()
}

// fakeProgram is what the commands work on in these tests. It keeps everything in memory.
type fakeProgram struct {
	settings cli.Settings
	openErr  error
	// serverErr is what stands in the way of a server once its database is open.
	serverErr error
	pending   []string
	// refusal is why a database that can be reached is not served from.
	refusal error
	// report is what doctor finds, or doctorErr.
	report    doctor.Report
	doctorErr error
	// proof is what prove comes to, with proveErr; proved are the options it was asked with.
	proof    *prove.Report
	proveErr error
	proved   cli.ProveOptions
	migrated int
	closed   int
	demos    []cli.DemoOptions
	demoErr  error
	// demoHangs makes the sample data wait for its context to end.
	demoHangs bool
	server    *fakeServer
	accounts  *fakeAccounts
	// erased are the tenants that were, erasure is what came of it.
	erased  []tenant.ID
	erasure error
	// broken are the first events of tenants that don't fit.
	broken map[tenant.ID]int64
}

func newFake() *fakeProgram {
	return &fakeProgram{server: newFakeServer(), accounts: &fakeAccounts{}}
}

func (f *fakeProgram) program() cli.Program {
	return cli.Program{
		Name: "tenantry", Description: "A REST API for many tenants.", Version: "1.2.3", Open: f.open,
		Operations: func() []string { return []string{"listTasks", "getMe"} },
		Document:   func(version, format string) ([]byte, error) { return []byte(version + " as " + format), nil },
		Doctor: func(_ context.Context, settings cli.Settings, _ *slog.Logger) (doctor.Report, error) {
			f.settings = settings
			return f.report, f.doctorErr
		},
		Prove: func(_ context.Context, o cli.ProveOptions) (*prove.Report, error) {
			f.proved = o
			return f.proof, f.proveErr
		},
	}
}

func (f *fakeProgram) open(_ context.Context, settings cli.Settings, _ *slog.Logger) (cli.Database, error) {
	f.settings = settings
	return fakeDatabase{f}, f.openErr
}

type fakeDatabase struct{ *fakeProgram }

func (d fakeDatabase) Pending(context.Context) ([]string, error) { return d.pending, nil }

func (d fakeDatabase) Migrate(context.Context) error {
	d.pending, d.migrated = nil, d.migrated+1
	return nil
}

func (d fakeDatabase) Service(context.Context) (cli.Service, error) { return d.fakeProgram, d.refusal }

func (d fakeDatabase) Close() error {
	d.closed++
	return nil
}

func (f *fakeProgram) Accounts() cli.Accounts { return f.accounts }

func (f *fakeProgram) Server() (cli.Server, error) { return f.server, f.serverErr }

func (f *fakeProgram) VerifyEvents(_ context.Context, of tenant.ID) (checked, broken int64, err error) {
	return 7, f.broken[of], nil
}

func (f *fakeProgram) EraseTenant(_ context.Context, t tenant.ID) ([]account.Erased, error) {
	f.erased = append(f.erased, t)
	return []account.Erased{{Place: "tenant.tasks", Count: 2}, {Place: "files", Count: 0}}, f.erasure
}

func (f *fakeProgram) Demo(ctx context.Context, o cli.DemoOptions) (cli.DemoResult, error) {
	if f.demoHangs {
		<-ctx.Done()
		return cli.DemoResult{}, fault.From(ctx.Err())
	}
	f.demos = append(f.demos, o)
	o.Progress(1, 2)
	o.Step("acme: 2 records added")
	return cli.DemoResult{Tenants: 1, Users: 5, Records: 2, Owner: "owner-acme", OwnerPassword: "s3cret", Token: "t0ken", Operator: "op", OperatorPassword: "0p", Path: "/api/v1/projects/"}, f.demoErr
}

// fakeServer serves nobody; a test decides when its requests in flight are done.
type fakeServer struct {
	mu       sync.Mutex
	calls    []string
	serving  chan net.Listener
	stop     chan struct{}
	inFlight chan struct{}
	serveErr error
}

func newFakeServer() *fakeServer {
	return &fakeServer{serving: make(chan net.Listener, 1), stop: make(chan struct{}), inFlight: make(chan struct{})}
}

func (s *fakeServer) called(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name)
}

func (s *fakeServer) history() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

func (s *fakeServer) Metrics(l net.Listener) {
	if l == nil {
		s.called("metrics beside")
		return
	}
	s.called("metrics on " + l.Addr().String())
	_ = l.Close()
}

func (s *fakeServer) Serve(l net.Listener) error {
	if s.serveErr != nil {
		return s.serveErr
	}
	s.called("serve")
	s.serving <- l
	<-s.stop
	return errors.New("closed")
}

func (s *fakeServer) Drain() { s.called("drain") }

func (s *fakeServer) Shutdown(ctx context.Context) error {
	s.called("shutdown")
	select {
	case <-s.inFlight:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *fakeServer) Close() error {
	s.called("close")
	return nil
}
