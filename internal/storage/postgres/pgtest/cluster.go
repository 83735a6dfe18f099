package pgtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// errNoServer is what a developer without PostgreSQL reads.
var errNoServer = errors.New("no PostgreSQL for tests: set " + EnvURL + " to a superuser's URL, or install PostgreSQL " +
	"14 or newer so that initdb and pg_ctl are on PATH (on Debian: apt-get install postgresql)")

// alive keeps running clusters reachable: the garbage collector would close the pipe of a dropped one, and its
// guard would take that for the end of this process.
var alive sync.Map

// Cluster is a PostgreSQL server of its own, with a temporary directory of its own.
type Cluster struct {
	URL string // the superuser's URL, over loopback

	dir     string
	bin     string
	owner   account
	guard   *exec.Cmd
	guardIn io.Closer
}

// Start makes a cluster and starts it. It stops on Close, and when the calling process ends without it, even by
// SIGKILL.
func Start(ctx context.Context) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	// Short, since the path of a unix socket has to fit in about 100 bytes.
	dir, err := os.MkdirTemp("", "tenantry-pg-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	c := &Cluster{dir: dir, bin: bin, owner: owner}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL from %s: %w", bin, err), c.Close(), os.RemoveAll(dir))
	}
	return c, nil
}

// Close stops the server and removes its directory. It returns when both are gone.
func (c *Cluster) Close() error {
	if c.guard == nil {
		return nil
	}
	alive.Delete(c)
	return errors.Join(c.guardIn.Close(), c.guard.Wait())
}

func (c *Cluster) start(ctx context.Context) error {
	secret := rand.Text()
	secretFile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(secretFile, []byte(secret), 0o600); err != nil {
		return err
	}
	if err := errors.Join(c.owner.give(secretFile), c.owner.give(c.dir)); err != nil {
		return err
	}
	if err := c.startGuard(ctx); err != nil {
		return err
	}
	// A password even on loopback: other users of the machine are on it too.
	err := c.run(ctx, "initdb", "--pgdata=data", "--username=postgres", "--pwfile=password", "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale="+locale(), "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	err = c.run(ctx, "pg_ctl", "start", "--wait", "--silent", "--pgdata=data", "--log=log", "--timeout=60", "--options="+
		"-c listen_addresses=127.0.0.1 -c port="+port+" -c unix_socket_directories="+c.dir+" -c max_connections=300"+
		" -c fsync=off -c full_page_writes=off") // nobody cuts the power of a test; its disk has better things to do
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "log")) // the error above matters more
		return fmt.Errorf("%w\n%s", err, log)
	}
	c.URL = (&url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", secret),
		Host: net.JoinHostPort("127.0.0.1", port), Path: "/postgres", RawQuery: "sslmode=disable",
	}).String()
	return nil
}

// startGuard starts the process that outlives this one. It waits for the end of its input, a pipe that closes
// with this process at the latest, then stops the server at once and removes its files.
func (c *Cluster) startGuard(ctx context.Context) error {
	guard := c.command(context.WithoutCancel(ctx), "/bin/sh", "-c",
		`cat >/dev/null; "$0/pg_ctl" stop --silent --mode=immediate --pgdata=data; cd /; rm -rf "$1"`, c.bin, c.dir)
	in, err := guard.StdinPipe()
	if err != nil {
		return err
	}
	if err := guard.Start(); err != nil {
		return err
	}
	c.guard, c.guardIn = guard, in
	alive.Store(c, nil)
	return nil
}

func (c *Cluster) run(ctx context.Context, name string, args ...string) error {
	cmd := c.command(ctx, filepath.Join(c.bin, name), args...)
	// A file, not a pipe: the server inherits it, and a pipe would only close when the server ends.
	out, err := os.CreateTemp("", "tenantry-pg-out-")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // the error above matters more
		return fmt.Errorf("%s: %w\n%s", name, err, said)
	}
	return nil
}

func (c *Cluster) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = c.dir
	// Nothing of the caller's: PGHOST, PGPORT and their like would lead the programs elsewhere.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=" + locale()}
	c.owner.apply(cmd)
	return cmd
}

// findBinaries returns the folder of initdb, pg_ctl and postgres: the one on PATH, else Debian's newest.
func findBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(majorVersion(b), majorVersion(a)) })
	if path, err := exec.LookPath("initdb"); err == nil {
		found = slices.Insert(found, 0, path)
	}
	for _, initdb := range found {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			if dir := filepath.Dir(real); exists(dir, "pg_ctl") && exists(dir, "postgres") {
				return dir, nil
			}
		}
	}
	return "", errNoServer
}

func majorVersion(initdb string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return n
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// locale is one in which lower() knows more than ASCII, as in any deployment.
func locale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "en_US.UTF-8"
}

// freePort returns a port that was free a moment ago. Two processes seldom get the same one, since the kernel
// hands them out at random; the loser's server would refuse to start and say why.
func freePort(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
