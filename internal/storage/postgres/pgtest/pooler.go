package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// errNoPooler is what a developer without PgBouncer reads.
var errNoPooler = errors.New("no PgBouncer for tests: install it so that pgbouncer is on PATH (on Debian: apt-get install pgbouncer, " +
	"or run scripts/ensure-pgbouncer)")

// pooledConns is how many connections to the server PgBouncer keeps for one database: fewer than a test's clients, so
// that each serves many of them.
const pooledConns = 4

// Pooled returns the URL of the server's role through a PgBouncer in transaction mode, where each transaction may get
// another connection. Statements are sent as text, since PgBouncer keeps no prepared ones before its version 1.21.
func Pooled(tb testing.TB, db Database) string {
	tb.Helper()
	server, err := url.Parse(db.ServerURL)
	if err != nil {
		tb.Fatal(err)
	}
	address, err := pooler()
	if err != nil {
		tb.Fatal(err)
	}
	query := server.Query()
	query.Set("default_query_exec_mode", "exec")
	server.Host, server.RawQuery = address, query.Encode()
	return server.String()
}

// pooler starts the one PgBouncer that this process uses. Like the cluster it ends with the process, however that ends.
var pooler = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	super, err := cluster()
	if err != nil {
		return "", err
	}
	program, err := findPooler()
	if err != nil {
		return "", err
	}
	owner, err := serverAccount() // it refuses to run as root as well
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "tenantry-pgbouncer-")
	if err != nil {
		return "", err
	}
	port, err := freePort(ctx)
	if err == nil {
		err = startPooler(ctx, program, dir, owner, map[string]string{
			"conf": fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\n"+
				"auth_type = scram-sha-256\nauth_file = %s/users\npool_mode = transaction\ndefault_pool_size = %d\nmax_client_conn = 500\nlogfile = %s/log\n",
				super.Hostname(), super.Port(), port, dir, pooledConns, dir),
			"users": fmt.Sprintf("%q %q\n", serverRole, password(super, serverRole)),
		})
	}
	address := net.JoinHostPort("127.0.0.1", port)
	if err == nil {
		err = awaitPooler(ctx, address)
	}
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // the error matters more
		return "", fmt.Errorf("start %s: %w\n%s", program, err, log)
	}
	return address, nil
})

// startPooler starts the program below a guard that outlives this process: it waits for the end of its input, a pipe
// that closes with this process at the latest, then kills the program and removes its files.
func startPooler(ctx context.Context, program, dir string, owner account, files map[string]string) error {
	if err := owner.give(dir); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := owner.give(path); err != nil {
			return err
		}
	}
	guard := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c",
		`"$0" -q "$1/conf" & cat >/dev/null; kill -9 $!; wait; cd /; rm -rf "$1"`, program, dir)
	guard.Dir, guard.Env = dir, []string{"PATH=/usr/bin:/bin"}
	owner.apply(guard)
	in, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	alive.Store(guard, in)
	return nil
}

func awaitPooler(ctx context.Context, address string) error {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func findPooler() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer"} { // where Debian has it
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoPooler
}
