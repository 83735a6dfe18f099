package isolation_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/prove"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/test/isolation"
)

// unlimited are the settings of a service whose limits don't slow the attacks down.
var unlimited = []string{"--rate-anonymous", "off", "--rate-authenticated", "off", "--rate-login", "off", "--rate-login-address", "off"}

// TestProveAttacksARunningService has the built program attack itself over the network, on both engines: as it is, with
// proofs of the tenant, and with a bug planted. On SQLite the limits are those that a service has by default.
func TestProveAttacksARunningService(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and attacks programs")
	}
	binary := build(t)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := serve(t, binary, "--data-dir", t.TempDir())
		report := s.prove(t, 0)
		if !slices.ContainsFunc(report.Skipped, func(text string) bool { return strings.Contains(text, "took turns") }) {
			t.Errorf("the report does not say that limits were heeded: %q", report.Skipped)
		}
		if len(report.Database) > 0 {
			t.Errorf("checks of a database that nobody named: %v", report.Database)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		s := serve(t, binary, append([]string{"--data-dir", t.TempDir(), "--database-url", db.ServerURL, "--migration-url", db.OwnerURL}, unlimited...)...)
		report := s.prove(t, 0, "--database-url", db.ServerURL)
		for _, want := range []string{
			"rows of tasks without a tenant", "another tenant's rows of documents", "a tenant's own events",
			"an insert into another tenant's projects", "moving rows of tasks to another tenant",
			"a reference of tasks.project to another tenant's projects", "DELETE FROM tenant.events",
		} {
			if !slices.ContainsFunc(report.Database, func(c prove.Check) bool { return c.Name == want && c.OK }) {
				t.Errorf("the database was not asked for %s, or it does not hold", want)
			}
		}
	})
	t.Run("postgres, with proofs of the tenant", func(t *testing.T) {
		t.Parallel()
		db, key := pgtest.New(t), filepath.Join(t.TempDir(), "context.key")
		if err := os.WriteFile(key, []byte("a context key for tests, 32 bytes+"), 0o600); err != nil {
			t.Fatal(err)
		}
		storage := []string{"--data-dir", t.TempDir(), "--database-url", db.ServerURL, "--migration-url", db.OwnerURL, "--context-key", "@" + key}
		s := serve(t, binary, append(storage, unlimited...)...)
		report := s.prove(t, 0, "--database-url", db.ServerURL, "--context-key", "@"+key)
		if !slices.ContainsFunc(report.Database, func(c prove.Check) bool { return c.Name == "a tenant's own events" && c.OK }) {
			t.Errorf("the database was not asked as a tenant: %v", report.Database)
		}
	})
	t.Run("with a bug planted", func(t *testing.T) {
		t.Parallel()
		s := serve(t, build(t, "bug-unbound-cursor"), append([]string{"--data-dir", t.TempDir()}, unlimited...)...)
		report := s.prove(t, 1)
		for _, operation := range []string{"listProjects", "listTasks", "listEvents"} {
			if !slices.Contains(report.Leaking(), operation) {
				t.Errorf("%s is not named; those that are: %v", operation, report.Leaking())
			}
		}
	})
	t.Run("by nobody who is an operator", func(t *testing.T) {
		t.Parallel()
		s := serve(t, binary, append([]string{"--data-dir", t.TempDir()}, unlimited...)...)
		s.password = "not the operator's"
		code, said := s.run(t)
		if code != 2 || !strings.Contains(said, "sign in the operator") {
			t.Errorf("code %d: %s", code, said)
		}
	})
	t.Run("interrupted, it puts its tenants away", func(t *testing.T) {
		t.Parallel()
		serve(t, binary, append([]string{"--data-dir", t.TempDir()}, unlimited...)...).interrupt(t)
	})
}

// interrupt attacks the service and stops while it does.
func (s *running) interrupt(t *testing.T) {
	t.Helper()
	cmd, out := s.command(t, "--rate", "50")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // by then it has made a tenant at least, and has not ended
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the code tells
	if code := cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("it ended with %d:\n%s", code, out)
	}
	suspended := regexp.MustCompile(`left behind: tenant \S+, suspended`).MatchString(out.String())
	if !suspended || !strings.Contains(out.String(), "users, disabled") || !strings.HasSuffix(out.String(), "tenantry: interrupted\n") {
		t.Errorf("it left:\n%s", out)
	}
}

// build builds the program, with patches applied.
func build(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "tenantry")
	args := []string{"build", "-trimpath", "-o", binary}
	all := patches(t)
	for _, name := range names {
		at := slices.IndexFunc(all, func(p *isolation.Patch) bool { return p.Name == name })
		if at < 0 {
			t.Fatalf("there is no patch %s", name)
		}
		together, err := isolation.Together(all, all[at])
		if err != nil {
			t.Fatal(err)
		}
		absolute, err := filepath.Abs(root)
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := isolation.Apply(absolute, dir, together)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./cmd/tenantry")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, said)
	}
	return binary
}

// running is a program that serves, with an operator.
type running struct{ binary, url, password string }

// serve starts the program on a port of its own, and stops it when the test ends.
func serve(t *testing.T, binary string, settings ...string) *running {
	t.Helper()
	s := &running{binary: binary, password: "the password of the operator"}
	var storage []string
	for i := 0; i < len(settings); i += 2 {
		if !strings.HasPrefix(settings[i], "--rate-") {
			storage = append(storage, settings[i], settings[i+1])
		}
	}
	create := exec.CommandContext(t.Context(), binary, append([]string{"operator", "create", "root", "--password-stdin"}, storage...)...)
	create.Stdin, create.Dir = strings.NewReader(s.password+"\n"), t.TempDir()
	if said, err := create.CombinedOutput(); err != nil {
		t.Fatalf("make an operator: %v\n%s", err, said)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, append([]string{"serve", "--addr", "127.0.0.1:0"}, settings...)...)
	cmd.Dir = t.TempDir()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	s.url = "http://" + listening(t, out)
	return s
}

// listening returns the address that the log says the service listens on, and reads the rest of the log away.
func listening(t *testing.T, log io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(log)
	said := regexp.MustCompile(`msg=listening addr=(\S+)`)
	var before []string
	for lines.Scan() {
		before = append(before, lines.Text())
		if match := said.FindStringSubmatch(lines.Text()); match != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return match[1]
		}
	}
	t.Fatalf("the service does not listen:\n%s", strings.Join(before, "\n"))
	return ""
}

// prove attacks the service and wants an exit code.
func (s *running) prove(t *testing.T, want int, args ...string) *prove.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	code, said := s.run(t, append(args, "--rate", "0", "--timeout", "8m", "--report", file)...)
	if code != want {
		t.Fatalf("prove ended with %d instead of %d:\n%s", code, want, said)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	report := &prove.Report{}
	if err := json.Unmarshal(text, report); err != nil {
		t.Fatal(err)
	}
	if report.Attempts() < 1000 || report.Controls() < 500 || len(report.Left) == 0 || !strings.Contains(said, report.Verdict()) {
		t.Errorf("%d attempts, %d controls, left %v:\n%s", report.Attempts(), report.Controls(), report.Left, said)
	}
	return report
}

// command is a proof that has not begun, and what it says.
func (s *running) command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary, append([]string{"prove", "--url", s.url, "--operator", "root"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TENANTRY_OPERATOR_PASSWORD="+s.password)
	cmd.WaitDelay = 10 * time.Second
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

func (s *running) run(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	cmd, out := s.command(t, args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}
