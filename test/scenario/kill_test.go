package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// TestKill kills the server amid writes and looks for every write that it acknowledged.
func TestKill(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "tenantry")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/tenantry").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		killed(t, binary)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		killed(t, binary, "TENANTRY_DATABASE_URL="+db.ServerURL, "TENANTRY_MIGRATION_URL="+db.OwnerURL)
	})
}

func killed(t *testing.T, binary string, env ...string) {
	t.Helper()
	p := &process{t: t, binary: binary, dir: t.TempDir(), env: env}
	p.run("demo", "--tenants", "1", "--projects", "1", "--tasks", "1", "--documents", "0", "--out", filepath.Join(p.dir, "tokens.json"))
	p.readToken()
	var acknowledged, signedIn []string
	for range 3 {
		p.start()
		writes, logIns := p.writeUntilKilled()
		acknowledged, signedIn = append(acknowledged, writes...), append(signedIn, logIns...)
	}
	if len(acknowledged) < 30 {
		t.Fatalf("only %d writes were acknowledged: the test proves nothing", len(acknowledged))
	}
	p.start()
	for _, id := range acknowledged {
		if status, body := p.send("GET", "/api/v1/projects/"+id+"/", ""); status != http.StatusOK {
			t.Errorf("the acknowledged project %s is lost: %d %s", id, status, body)
		}
	}
	status, body := p.send("GET", "/api/v1/events/verify/", "")
	var verified struct {
		OK      bool `json:"ok"`
		Checked int  `json:"checked"`
	}
	if err := json.Unmarshal(body, &verified); err != nil || status != http.StatusOK || !verified.OK || verified.Checked < len(acknowledged) {
		t.Errorf("the trail after %d writes: %d %s", len(acknowledged), status, body)
	}
	p.wantLogIns(signedIn)
}

// wantLogIns checks that each of these log-ins left one event, and none left two.
func (p *process) wantLogIns(acknowledged []string) {
	p.t.Helper()
	if len(acknowledged) == 0 {
		p.t.Fatal("no log-in was acknowledged: the test proves nothing")
	}
	_, body := p.send("GET", "/api/v1/events/?action=logged_in&page_size=200", "")
	var page struct {
		Results []struct {
			RequestID string `json:"request_id"`
		}
	}
	if err := json.Unmarshal(body, &page); err != nil {
		p.t.Fatalf("%v: %s", err, body)
	}
	events := map[string]int{}
	for _, event := range page.Results {
		events[event.RequestID]++
		if events[event.RequestID] > 1 {
			p.t.Errorf("the log-in %s has two events", event.RequestID)
		}
	}
	for _, id := range acknowledged {
		if events[id] == 0 {
			p.t.Errorf("the acknowledged log-in %s has no event", id)
		}
	}
}

// process is the real program in an empty directory.
type process struct {
	t           *testing.T
	binary, dir string
	env         []string
	url, token  string
	logIn       string // the body of a log-in
	cmd         *exec.Cmd
}

func (p *process) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), p.binary, args...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	return cmd
}

func (p *process) run(args ...string) {
	p.t.Helper()
	if out, err := p.command(args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (p *process) readToken() {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, "tokens.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	var file struct {
		Tenants []struct {
			AccessToken string `json:"access_token"`
			Slug        string
			Users       []struct{ Username, Password string }
		} `json:"tenants"`
	}
	if err := json.Unmarshal(content, &file); err != nil || len(file.Tenants) != 1 {
		p.t.Fatalf("%v in %s", err, content)
	}
	first := file.Tenants[0]
	p.token = first.AccessToken
	p.logIn = fmt.Sprintf(`{"username":%q,"password":%q,"tenant":%q}`, first.Users[0].Username, first.Users[0].Password, first.Slug)
}

// start starts the server and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	address := freeAddress(p.t)
	p.url = "http://" + address
	p.cmd = p.command("serve", "--addr", address, "--rate-authenticated", "off", "--rate-login", "off", "--rate-login-address", "off") // as fast as it can
	var output bytes.Buffer
	p.cmd.Stdout, p.cmd.Stderr = &output, &output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd := p.cmd
	p.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(p.url + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	p.t.Fatalf("the server did not become ready:\n%s", output.String())
}

// writeUntilKilled creates projects from several clients at once and signs another one in again and again, kills the
// server while they do, and returns the ids of what was acknowledged: of projects, and of the requests of log-ins.
func (p *process) writeUntilKilled() (acknowledged, signedIn []string) {
	var mu sync.Mutex
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				id, ok := p.create(fmt.Sprintf("%d-%d-%d", time.Now().UnixNano(), client, i))
				if !ok {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				mu.Unlock()
			}
		})
	}
	clients.Go(func() {
		for {
			id := fmt.Sprint("log-in ", time.Now().UnixNano())
			if status, _, err := p.try(context.Background(), "POST", "/api/v1/auth/token/", p.logIn, "X-Request-ID", id); err != nil || status != http.StatusOK {
				return
			}
			mu.Lock()
			signedIn = append(signedIn, id)
			mu.Unlock()
		}
	})
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged) >= 25 && len(signedIn) >= 2
	}
	for deadline := time.Now().Add(30 * time.Second); !enough() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	_ = p.cmd.Process.Kill() // SIGKILL: no handler runs
	_ = p.cmd.Wait()
	clients.Wait()
	return acknowledged, signedIn
}

func (p *process) create(name string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	status, body, err := p.try(ctx, "POST", "/api/v1/projects/", `{"name":"`+name+`"}`)
	if err != nil || status != http.StatusCreated {
		return "", false
	}
	var record struct {
		ID string `json:"id"`
	}
	return record.ID, json.Unmarshal(body, &record) == nil && record.ID != ""
}

func (p *process) send(method, path, body string) (int, []byte) {
	p.t.Helper()
	status, answer, err := p.try(p.t.Context(), method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return status, answer
}

func (p *process) try(ctx context.Context, method, path, body string, header ...string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
