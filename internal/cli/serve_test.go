package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
)

// serve runs serve in the background and returns once it serves.
func (b *bundle) serve(t *testing.T, args ...string) (listener net.Listener, done <-chan result) {
	t.Helper()
	ended := make(chan result, 1)
	go func() { ended <- b.run(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...) }()
	select {
	case listener := <-b.fake.server.serving:
		return listener, ended
	case got := <-ended:
		t.Fatalf("ended with %d: %s", got.code, got.errors)
	case <-time.After(10 * time.Second):
		t.Fatal("never served")
	}
	return nil, nil
}

func await(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case got := <-done:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("never ended")
		return result{}
	}
}

func (s *fakeServer) awaitCall(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if slices.Contains(s.history(), name) {
			return
		}
	}
	t.Fatalf("no call of %s, only %v", name, s.history())
}

func TestServeDrains(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, done := b.serve(t, "--drain-delay", "50ms")
	began := time.Now() // before the drain can have begun
	b.signals <- syscall.SIGTERM
	b.fake.server.awaitCall(t, "drain")
	b.fake.server.awaitCall(t, "shutdown")
	if waited := time.Since(began); waited < 50*time.Millisecond {
		t.Errorf("the listener closed after %s", waited)
	}
	select {
	case got := <-done:
		t.Fatalf("ended before the requests in flight: %+v", got)
	case <-time.After(20 * time.Millisecond):
	}
	close(b.fake.server.inFlight)
	if got := await(t, done); got.code != 0 {
		t.Errorf("code %d: %s", got.code, got.errors)
	}
	if diff := cmp.Diff([]string{"serve", "drain", "shutdown"}, b.fake.server.history()); diff != "" {
		t.Error(diff)
	}
	if b.fake.closed != 1 {
		t.Errorf("the database was closed %d times", b.fake.closed)
	}
}

func TestServeEndsAtOnceOnASecondSignal(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"in the delay": {"--drain-delay", "1h"}, "with requests in flight": {"--drain-timeout", "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			_, done := b.serve(t, args...)
			b.signals <- os.Interrupt
			b.signals <- os.Interrupt
			if got := await(t, done); got.code != 0 {
				t.Errorf("code %d: %s", got.code, got.errors)
			}
			b.fake.server.awaitCall(t, "close")
		})
	}
}

func TestServeCutsOffWhatOutlastsTheTimeout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, done := b.serve(t, "--drain-timeout", "10ms")
	b.signals <- syscall.SIGTERM
	got := await(t, done)
	if got.code != 1 || !strings.HasSuffix(got.errors, "tenantry: requests that still ran after 10ms (--drain-timeout) were cut off\n") {
		t.Errorf("code %d: %s", got.code, got.errors)
	}
	b.fake.server.awaitCall(t, "close")
}

func TestASignalEndsTheStart(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve", "--demo", "--log-level", "error", "--addr", "127.0.0.1:0"}, {"demo"}} {
		b := setup(t)
		b.fake.demoHangs = true
		b.signals <- os.Interrupt
		got := b.run(args...)
		if got.code != 1 || !strings.HasSuffix(got.errors, "tenantry: interrupted\n") || len(b.fake.server.history()) > 0 || b.fake.closed != 1 {
			t.Errorf("%s: %+v, the server was called %v", args[0], got, b.fake.server.history())
		}
	}
}

func TestServeReportsAServerThatStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.server.serveErr = errors.New("no more descriptors")
	got := b.run("serve", "--addr", "127.0.0.1:0")
	if got.code != 1 || !strings.HasSuffix(got.errors, "tenantry: the server stopped by itself: no more descriptors\n") {
		t.Errorf("code %d: %s", got.code, got.errors)
	}
}

func TestServeRefusesATakenPort(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr := taken.Addr().String()
	b := setup(t)
	got := b.run("serve", "--demo", "--log-level", "error", "--addr", addr)
	want := result{1, "", "tenantry: --addr: " + addr + " is in use by another program; stop it or choose another address\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Error(diff)
	}
	if len(b.fake.demos) > 0 {
		t.Error("sample data was added all the same")
	}
}

func TestServeSaysWhereEverythingIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	listener, done := b.serve(t)
	base := "http://" + listener.Addr().String()
	b.signals <- os.Interrupt
	close(b.fake.server.inFlight)
	got := await(t, done)
	for _, want := range []string{
		"tenantry 1.2.3 serves from embedded SQLite in ./data:", base + "/admin/\n", base + "/api/v1/\n", base + "/api/docs/\n", "  curl " + base + "/\n",
		"There is no tenant yet",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "Tokens") {
		t.Errorf("names a tokens file without --demo:\n%s", got.out)
	}
}

func TestServeDemo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	listener, done := b.serve(t, "--demo", "--log-format", "json")
	base := "http://" + listener.Addr().String()
	b.signals <- os.Interrupt
	close(b.fake.server.inFlight)
	got := await(t, done)
	for _, want := range []string{
		"  Admin    " + base + "/admin/\n", "  A tenant      owner-acme  s3cret\n", "  The platform  op  0p\n",
		"  Tokens   ./test_tokens.json", "\n  curl -H \"Authorization: Bearer t0ken\" " + base + "/api/v1/projects/\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	o := b.fake.demos[0]
	if o.BaseURL != base || o.Out != filepath.Join(b.dir, "test_tokens.json") || o.Tenants != 3 || o.Projects != 5 || o.Tasks != 20 ||
		o.Documents != 5 || o.TokenTTL != 24*time.Hour {
		t.Errorf("options %+v", o)
	}
	for line := range strings.Lines(got.errors) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
}

func TestFirstStartMakesDirectoryAndKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.server.serveErr = errors.New("enough")
	got := b.run("serve", "--addr", "127.0.0.1:0")
	dir, key := filepath.Join(b.dir, "data"), filepath.Join(b.dir, "data", "signing.key")
	for path, want := range map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, key: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		if !strings.Contains(got.errors, path) {
			t.Errorf("%s was made silently:\n%s", path, got.errors)
		}
	}
	first := string(b.fake.settings.Tokens.Key)
	if len(first) < 32 || strings.Contains(got.errors+got.out, first) {
		t.Errorf("a key of %d bytes, output %s", len(first), got.errors)
	}
	got = b.run("serve", "--addr", "127.0.0.1:0")
	if string(b.fake.settings.Tokens.Key) != first || strings.Contains(got.errors, "made") {
		t.Errorf("the second start has another key:\n%s", got.errors)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	writeFile(t, key, "short")
	got = b.run("serve", "--addr", "127.0.0.1:0")
	if got.code != 1 || !strings.Contains(got.errors, key+" has 5 bytes instead of 32 or more; put it back, or delete it") {
		t.Errorf("code %d: %s", got.code, got.errors)
	}
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	const key = "--jwt-signing-key=9f86d081884c7d659a2feaa0c55ad015"
	b := setup(t)
	b.fake.pending = []string{"platform: 0001_init", "tenants: 0001_init"}
	b.environ = []string{"TENANTRY_ENVIRONMENT=production"}
	b.fake.refusal = &doctor.RefusalError{Check: "migrations", Finding: finding.Finding{Found: "Much is pending.", Do: "Do it."}, Others: 2}
	got := b.run("serve", key)
	if got.code != 1 || !strings.HasSuffix(got.errors,
		"tenantry: production refuses to start: Much is pending. Do it. (check migrations; 2 more are critical, which doctor lists)\n") {
		t.Errorf("serve in production: code %d: %s", got.code, got.errors)
	}
	if b.fake.migrated != 0 || b.fake.closed != 1 {
		t.Errorf("production migrated %d times at the start, and closed the database %d times", b.fake.migrated, b.fake.closed)
	}
	b.fake.refusal = nil
	got = b.run("migrate", "status")
	if want := "pending: platform: 0001_init\npending: tenants: 0001_init\nRun tenantry migrate up.\n"; got.code != 0 || got.out != want {
		t.Errorf("status: %+v", got)
	}
	got = b.run("migrate", "up")
	if want := "done: platform: 0001_init\ndone: tenants: 0001_init\nembedded SQLite in ./data is up to date.\n"; got.code != 0 || got.out != want {
		t.Errorf("up: %+v", got)
	}
	got = b.run("migrate", "status")
	if want := "embedded SQLite in ./data is up to date.\n"; got.code != 0 || got.out != want {
		t.Errorf("status after up: %+v", got)
	}
	if b.fake.migrated != 1 {
		t.Errorf("migrated %d times", b.fake.migrated)
	}
}
