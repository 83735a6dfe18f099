package scenario_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/limit/redistest"
)

// limitedOnBothEngines runs the test in fresh worlds that have the limits of the options.
func limitedOnBothEngines(t *testing.T, o tenantry.Options, test func(w *world, again tenantry.Options)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		o := o
		o.DataDir = t.TempDir()
		test(newWorld(t, o), o)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		o, db := o, migrated(t)
		o.DatabaseURL, o.MigrationURL = db.ServerURL, db.OwnerURL
		test(newWorld(t, o), o)
	})
}

// count sends a request n times, from several clients at once, and counts the statuses.
func (w *world) count(n int, r request, nodes ...*world) map[int]int {
	w.t.Helper()
	nodes = append(nodes, w)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var start, done sync.WaitGroup
	statuses := map[int]int{}
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			req, err := http.NewRequestWithContext(context.Background(), r.method, nodes[i%len(nodes)].url+r.path, strings.NewReader(r.body))
			if err != nil {
				w.t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+w.tokens[r.as])
			req.Header.Set("Content-Type", "application/json")
			res, err := client.Do(req)
			if err != nil {
				w.t.Error(err)
				return
			}
			_ = res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[res.StatusCode]++
		})
	}
	start.Done()
	done.Wait()
	return statuses
}

func TestLimits(t *testing.T) {
	limitedOnBothEngines(t, tenantry.Options{RateAuthenticated: "6/h", RateAnonymous: "3/h"}, func(w *world, _ tenantry.Options) {
		t := w.t
		project := w.send(request{as: "owner-acme", method: "POST", path: "/api/v1/projects/", body: `{"name":"P"}`})
		if got := project.header.Get("RateLimit"); project.status != 201 || got != `"caller";r=5;t=600` || project.header.Get("RateLimit-Policy") != `"caller";q=6;w=3600` {
			t.Fatalf("%d %v", project.status, project.header)
		}
		where := project.header.Get("Location")
		for range 5 {
			a := w.send(request{as: "owner-acme", method: "GET", path: where, header: http.Header{"If-None-Match": {project.header.Get("ETag")}}})
			if a.status != 304 || a.header.Get("RateLimit") != `"caller";r=5;t=600` {
				t.Errorf("a 304 costs something: %d %v", a.status, a.header)
			}
		}
		if got := w.count(20, request{as: "owner-acme", method: "POST", path: "/api/v1/tasks/", body: `{"title":"T","project":"` + strings.Split(where, "/")[4] + `"}`}); got[201] != 5 || got[429] != 15 {
			t.Errorf("twenty at once where five are left: %v", got)
		}
		refused := w.send(request{as: "owner-acme", method: "GET", path: where})
		if refused.status != 429 || refused.header.Get("Retry-After") == "" || !strings.Contains(string(refused.body), `"code":"rate_limited"`) {
			t.Errorf("%d %v %s", refused.status, refused.header, refused.body)
		}
		if a := w.send(request{as: "admin-acme", method: "GET", path: "/api/v1/tasks/?count=exact"}); a.status != 200 || !strings.Contains(string(a.body), `"count":5`) {
			t.Errorf("another caller sees what the refused ones have left: %d %s", a.status, a.body)
		}
		if a := w.send(request{as: "owner-globex", method: "GET", path: "/api/v1/tasks/"}); a.status != 200 || a.header.Get("RateLimit") != `"caller";r=5;t=600` {
			t.Errorf("another tenant: %d %v", a.status, a.header)
		}
		w.tokens["nobody"] = "x.y.z"
		for i, want := range []int{401, 401, 401, 429, 429} {
			if a := w.send(request{as: "nobody", method: "GET", path: where}); a.status != want || !strings.HasPrefix(a.header.Get("RateLimit"), `"address";r=`) {
				t.Errorf("bad token %d: %d %v", i+1, a.status, a.header)
			}
		}
		if a := w.send(request{as: "viewer-acme", method: "GET", path: where}); a.status != 200 {
			t.Errorf("a good token from the same address: %d", a.status)
		}
	})
}

// TestTwoNodesShareTheirLimits sends a thousand requests at once to two nodes on one Redis.
func TestTwoNodesShareTheirLimits(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	o := tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL, RateAuthenticated: "100/h", RedisURL: redistest.New(t)}
	first := newWorld(t, o)
	second := first.another(o)
	r := request{as: "owner-acme", method: "GET", path: "/api/v1/me/"}
	if got := first.count(1000, r, second); got[200] != 100 || got[429] != 900 {
		t.Errorf("a thousand at a limit of 100: %v", got)
	}
	if a := second.send(request{as: "owner-globex", method: "GET", path: r.path}); a.status != 200 || !strings.HasPrefix(a.header.Get("RateLimit"), `"caller";r=99`) {
		t.Errorf("another tenant: %d %v", a.status, a.header)
	}
}

// TestAThousandAtOnceOnOneNode is the same in a node's own memory.
func TestAThousandAtOnceOnOneNode(t *testing.T) {
	limitedOnBothEngines(t, tenantry.Options{RateAuthenticated: "100/h"}, func(w *world, _ tenantry.Options) {
		if got := w.count(1000, request{as: "owner-acme", method: "GET", path: "/api/v1/projects/"}); got[200] != 100 || got[429] != 900 {
			w.t.Errorf("a thousand at a limit of 100: %v", got)
		}
	})
}

// TestNobodyLocksAnybodyOut hammers a username from one address and more; its owner, elsewhere, gets in.
func TestNobodyLocksAnybodyOut(t *testing.T) {
	o := tenantry.Options{RateLogin: "10/h", RateLoginAddress: "60/h", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	limitedOnBothEngines(t, o, func(w *world, _ tenantry.Options) {
		login := func(from, username, secret string) response {
			return w.send(request{
				method: "POST", path: "/api/v1/auth/token/", body: fmt.Sprintf(`{"username":%q,"password":%q,"tenant":"acme"}`, username, secret),
				header: http.Header{"X-Forwarded-For": {from}},
			})
		}
		for i := range 12 {
			want := 401
			if i >= 9 { // the world's own log-in was the first
				want = 429
			}
			from := "198.51.100.7"
			if a := login(from, "owner-acme", "wrong"); i < 9 && a.status != want || i >= 10 && a.status != want {
				w.t.Errorf("guess %d: %d, want %d", i+1, a.status, want)
			}
		}
		if a := login("203.0.113.5", "owner-acme", password); a.status != 200 {
			w.t.Errorf("the owner is locked out: %d %s", a.status, a.body)
		}
		if a := login("198.51.100.7", "admin-acme", password); a.status != 200 {
			w.t.Errorf("another user at the guesser's address: %d %s", a.status, a.body)
		}
		if a := login("198.51.100.7", "owner-acme", password); a.status != 429 || a.header.Get("Retry-After") == "" {
			w.t.Errorf("the guesser goes on: %d", a.status)
		}
		// The events know the client, not the proxy.
		w.send(request{as: "owner-acme", method: "POST", path: "/api/v1/projects/", body: `{"name":"P"}`, header: http.Header{"X-Forwarded-For": {"10.0.0.1, 203.0.113.5"}}})
		if a := w.send(request{as: "owner-acme", method: "GET", path: "/api/v1/events/?action=created"}); !strings.Contains(string(a.body), `"ip":"203.0.113.5"`) {
			w.t.Errorf("events: %s", a.body)
		}
	})
}
