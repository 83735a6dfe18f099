package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tokens is test_tokens.json as `serve --demo` writes it.
type tokens struct {
	Operator struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"operator"`
	Tenants []struct {
		Slug        string `json:"slug"`
		Users       []user `json:"users"`
		AccessToken string `json:"access_token"`
	} `json:"tenants"`
}

type user struct {
	ID           string `json:"id"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	Role         string `json:"role"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// binary is the server under test: the one in TENANTRY_BINARY, else one built for this run.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TENANTRY_BINARY"); path != "" {
		return path, nil
	}
	// One path for all runs: go build only writes it when it changes.
	path := filepath.Join(os.TempDir(), "tenantry-contract-test")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./cmd/tenantry")
	build.Dir, build.Stderr = filepath.Join("..", ".."), os.Stderr // in its own module, with its own versions
	return path, build.Run()
})

// startServer runs the server with sample data in a folder of its own until the test ends, and returns where it
// answers and the tokens it wrote.
func startServer(t *testing.T, flags ...string) (base string, issued tokens) {
	t.Helper()
	return startServerIn(t, nil, flags...)
}

// startServerIn is startServer with more variables in the environment.
func startServerIn(t *testing.T, environment []string, flags ...string) (base string, issued tokens) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build the server: %v", err)
	}
	dir, addr := t.TempDir(), freeAddr(t)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(context.Background(), path, slices.Concat([]string{
		"serve", "--demo", "--addr", addr, "--data-dir", filepath.Join(dir, "data"),
	}, flags)...)
	server.Dir, server.Stdout, server.Stderr = dir, log, log // the tokens go to the working directory
	// The tests make more calls than one caller may by default.
	server.Env = append(append(os.Environ(), environment...), "TENANTRY_RATE_ANONYMOUS=1000000/h", "TENANTRY_RATE_AUTHENTICATED=1000000/h",
		"TENANTRY_RATE_LOGIN=1000000/h", "TENANTRY_RATE_LOGIN_ADDRESS=1000000/h") // not off: their headers are checked as well
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- server.Wait() }()
	t.Cleanup(func() {
		stopServer(t, server, exited)
		if lines, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("the server's log: %v\n%s", errors.Join(err, log.Close()), lines)
		}
	})
	waitUntilReady(t, "http://"+addr+"/readyz", exited)
	text, err := os.ReadFile(filepath.Join(dir, "test_tokens.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &issued); err != nil {
		t.Fatalf("test_tokens.json: %v", err)
	}
	if len(issued.Tenants) < 2 || len(issued.Tenants[0].Users) < 3 {
		t.Fatalf("test_tokens.json has too few tenants or users: %d tenants", len(issued.Tenants))
	}
	return "http://" + addr, issued
}

func waitUntilReady(t *testing.T, url string, exited chan error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("the server ended at its start: %v", err)
		default:
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = resp.Body.Close() // only the status counts
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the server is not ready after a minute")
}

func stopServer(t *testing.T, server *exec.Cmd, exited chan error) {
	t.Helper()
	_ = server.Process.Signal(syscall.SIGTERM) // fails only where it has ended already
	select {
	case err := <-exited:
		if err != nil {
			t.Errorf("the server ended badly: %v", err)
		}
	case <-time.After(time.Minute):
		_ = server.Process.Kill()
		t.Error("the server does not end on SIGTERM")
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was written
	return l.Addr().String()
}
