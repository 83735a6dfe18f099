package redistest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// EnvURL names the variable that holds the URL of an existing server to use.
const EnvURL = "TENANTRY_TEST_REDIS_URL"

// New returns the URL of an empty database, which only this test uses.
func New(tb testing.TB) string {
	tb.Helper()
	if raw := os.Getenv(EnvURL); raw != "" {
		return claim(tb, raw)
	}
	return start(tb)
}

// claim takes a database of the server that is empty, and empties it at the end. One that holds anything may be a
// developer's own and is left alone.
func claim(tb testing.TB, raw string) string {
	tb.Helper()
	base, err := redis.ParseURL(raw)
	if err != nil {
		tb.Fatalf("%s must be a URL such as redis://127.0.0.1:6379", EnvURL)
	}
	base.MaxRetries = -1
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for n := range 16 {
			options := *base
			options.DB = n
			client := redis.NewClient(&options)
			taken, err := take(tb.Context(), client)
			if err != nil {
				tb.Fatalf("the Redis in %s can't be used: %v", EnvURL, errors.Join(err, client.Close()))
			}
			if !taken {
				_ = client.Close()
				continue
			}
			tb.Cleanup(func() {
				if err := errors.Join(client.FlushDB(context.Background()).Err(), client.Close()); err != nil {
					tb.Errorf("empty the test database: %v", err)
				}
			})
			return withDatabase(raw, n)
		}
	}
	tb.Fatalf("all databases of the Redis in %s are in use; give the tests a server of their own", EnvURL)
	return ""
}

// take marks an empty database as taken.
func take(ctx context.Context, client *redis.Client) (bool, error) {
	const script = `if redis.call('DBSIZE') > 0 then return 0 end redis.call('SET', 'tenantry:test', '1', 'EX', 600) return 1`
	n, err := client.Eval(ctx, script, nil).Int()
	return n == 1, err
}

func withDatabase(raw string, n int) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.Path = fmt.Sprintf("/%d", n)
	return u.String()
}

// start starts a server for the test.
func start(tb testing.TB) string {
	tb.Helper()
	program, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tenantry-redis-")
	if err != nil {
		tb.Fatal(err)
	}
	secret, port := rand.Text(), freePort(tb)
	// A password even on loopback: other users of the machine are on it too.
	config := fmt.Sprintf("bind 127.0.0.1\nport %s\nrequirepass %s\ndir %s\nlogfile log\nsave \"\"\nappendonly no\n", port, secret, dir)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	// The guard outlives this process: it waits for the end of its input, a pipe that closes with this process at the
	// latest, then kills the server and removes its files.
	guard := exec.CommandContext(context.Background(), "/bin/sh", "-c", `"$0" "$1/conf" & cat >/dev/null; kill -9 $!; wait; rm -rf "$1"`, program, dir)
	detach(guard)
	in, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		tb.Fatalf("start %s: %v", program, errors.Join(err, os.RemoveAll(dir)))
	}
	tb.Cleanup(func() { _ = errors.Join(in.Close(), guard.Wait()) })
	address := (&url.URL{Scheme: "redis", User: url.UserPassword("", secret), Host: net.JoinHostPort("127.0.0.1", port), Path: "/0"}).String()
	if err := await(tb.Context(), address); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		tb.Fatalf("%s does not answer: %v\n%s", program, err, log)
	}
	return address
}

func find() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Redis for tests: set " + EnvURL + " to the URL of one that tests may write to, or install Redis or Valkey " +
		"so that redis-server or valkey-server is on PATH (on Debian: apt-get install redis-server, or run scripts/ensure-redis)")
}

func await(ctx context.Context, address string) error {
	options, err := redis.ParseURL(address)
	if err != nil {
		return err
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = client.Ping(ctx).Err(); err == nil {
			return nil
		}
	}
	return err
}

// freePort returns a port that was free a moment ago. Two processes seldom get the same one, since the kernel hands
// them out at random.
func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}
