package docs_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// Where the documentation says that the server and its database are; the test uses free ports instead.
const (
	address  = "127.0.0.1:8000"
	database = "127.0.0.1:5432"
)

// What a page does to the machine and the test to the page's directory: the checkout is there already, and everything
// else goes below one directory.
const (
	clone = "git clone https://github.com/tenantry/tenantry"
	opt   = "/opt/tenantry"
)

// goSettings make the pages' builds find in Go's cache what `make build` has compiled.
var goSettings = []string{"CGO_ENABLED=0", "GOFLAGS=-trimpath"}

// patience is how long a block may take; the longest one builds a program.
const patience = 5 * time.Minute

// shell runs a page's blocks one after the other; variables live on from block to block.
type shell struct {
	dir, binaries, address string
	admin                  *url.URL     // a PostgreSQL's superuser
	printed                string       // what the last block printed
	log                    bytes.Buffer // of the servers, whole once they have been stopped
	stop                   func()
}

func newShell(t *testing.T, binaries string) *shell {
	t.Helper()
	s := &shell{dir: filepath.Join(t.TempDir(), "page"), binaries: binaries, address: freeAddress(t), stop: func() {}}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root(t), filepath.Join(s.dir, "..", "tenantry")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// startPostgres gives the page a cluster of its own, since roles belong to the whole cluster.
func (s *shell) startPostgres(t *testing.T) {
	t.Helper()
	cluster, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop()
		if err := cluster.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.admin, err = url.Parse(cluster.URL); err != nil {
		t.Fatal(err)
	}
}

func (s *shell) command(ctx context.Context, script string) *exec.Cmd {
	env := append(slices.Concat(os.Environ(), goSettings), "TENANTRY_ADDR="+s.address, "PATH="+s.binaries+":"+os.Getenv("PATH"))
	script = strings.NewReplacer(address, s.address, database, s.databaseHost(), clone, "ln -s ../tenantry", opt, s.dir+opt).Replace(script)
	if s.admin != nil {
		env = append(env, "PGADMIN_URL="+s.admin.String())
	}
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = s.dir, env
	return cmd
}

// run runs a block. What earlier blocks set is set again without running their requests: assignments are kept.
func (s *shell) run(t *testing.T, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	state := filepath.Join(s.dir, ".state")
	full := "if [[ -e " + state + " ]]; then source " + state + "; fi\n" + script + "\ndeclare -p | grep -E '^declare -- [A-Z_]+=' >" + state + " || true\n"
	var printed, complaints bytes.Buffer
	cmd := s.command(ctx, full)
	cmd.Stdout, cmd.Stderr = &printed, &complaints
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s\n%s%s", err, script, &printed, &complaints)
	}
	s.printed = printed.String()
}

func (s *shell) checkSyntax(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, script, out)
	}
}

// databaseHost is where the page's PostgreSQL is.
func (s *shell) databaseHost() string {
	if s.admin == nil {
		return database
	}
	return s.admin.Host
}

// serve starts the block's server in the place of the one before and waits until it is ready.
func (s *shell) serve(t *testing.T, script string) {
	t.Helper()
	s.stop()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := s.command(ctx, "exec "+strings.ReplaceAll(script, "go run ./cmd/tenantry", "tenantry"))
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.stop = func() { cancel(); _ = cmd.Wait(); s.stop = func() {} } // what a killed server returns says nothing
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	s.stop() // and so the log is whole
	t.Fatalf("the server did not become ready:\n%s\n%s", script, s.log.String())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
