package account_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/token"
)

// node is a node of a cluster as it runs: with its own connection to the database, its own keys and the real clock.
type node struct {
	*account.Service
	t      *testing.T
	tokens *token.Authority
}

// onTwoNodes runs the test with two nodes on one SQLite directory, and on one PostgreSQL. ann is acme's owner.
func onTwoNodes(t *testing.T, test func(a, b *node)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) func() (storage.Engine, error){
		"sqlite": func(t *testing.T) func() (storage.Engine, error) {
			t.Helper()
			dir := t.TempDir()
			return func() (storage.Engine, error) {
				return sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Clock: time.Now, Synchronous: "normal"})
			}
		},
		"postgres": func(t *testing.T) func() (storage.Engine, error) {
			t.Helper()
			db := pgtest.New(t)
			return func() (storage.Engine, error) {
				return postgres.Open(t.Context(), postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Clock: time.Now})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := open(t)
			a, b := newNode(t, opened), newNode(t, opened)
			if _, err := a.CreateTenant(t.Context(), by, "Acme", "acme"); err != nil {
				t.Fatal(err)
			}
			if _, err := a.CreateUser(t.Context(), by, "ann", password, false); err != nil {
				t.Fatal(err)
			}
			if _, err := a.AddMember(t.Context(), by, "acme", "ann", policy.Owner); err != nil {
				t.Fatal(err)
			}
			test(a, b)
		})
	}
}

func newNode(t *testing.T, open func() (storage.Engine, error), change ...func(*account.Config)) *node {
	t.Helper()
	engine, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	vault, err := token.NewVault([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t}
	if n.tokens, err = token.New(token.Config{Key: []byte(secret), Clock: time.Now}); err != nil {
		t.Fatal(err)
	}
	config := account.Config{
		Platform: engine.Platform(), Open: engine.Open, Passes: newPasses(t), Tokens: n.tokens, Clock: time.Now, Passwords: cheap, Logger: slog.New(slog.DiscardHandler),
		Vault: vault, Activation: time.Second,
	}
	config.Follower, _ = engine.(storage.Follower)
	for _, adjust := range change {
		adjust(&config)
	}
	n.Service, err = account.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { n.Watch(ctx) })
	t.Cleanup(func() { stop(); watching.Wait() })
	return n
}

func (n *node) issue(t *testing.T) account.Grant {
	t.Helper()
	g, err := n.Issue(t.Context(), by, "ann", "acme", 0)
	if err != nil {
		t.Errorf("sign: %v", err)
	}
	return g
}

// accepted checks that the node takes an access token.
func (n *node) accepted(t *testing.T, raw string) {
	t.Helper()
	if _, err := n.Authenticate(t.Context(), by, raw); err != nil {
		t.Errorf("a good token of %q is refused: %v", kidOf(t, raw), err)
	}
}

// load signs on one node, and verifies and refreshes on both, until the context ends. It keeps tokens of each key.
func load(ctx context.Context, t *testing.T, signs, other *node, keep func(raw string)) {
	t.Helper()
	for ctx.Err() == nil && !t.Failed() {
		g := signs.issue(t)
		other.accepted(t, g.Access)
		signs.accepted(t, g.Access)
		next, err := other.Refresh(t.Context(), by, g.Refresh)
		if err != nil {
			t.Errorf("a good refresh token of %q is refused: %v", kidOf(t, g.Refresh), err)
			return
		}
		signs.accepted(t, next.Access)
		keep(g.Access)
	}
}

// kept are tokens by the keys that signed them.
type kept struct {
	mu     sync.Mutex
	tokens map[string][]string
}

func (k *kept) add(kid, raw string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tokens[kid]) < 20 {
		k.tokens[kid] = append(k.tokens[kid], raw)
	}
}

func (k *kept) of(kid string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tokens[kid]
}

// TestRotationRefusesNoGoodToken rotates through all algorithms while both nodes sign and verify.
func TestRotationRefusesNoGoodToken(t *testing.T) {
	onTwoNodes(t, func(a, b *node) {
		t := a.t
		ctx, stop := context.WithCancel(t.Context())
		var loads sync.WaitGroup
		seen := map[*node]*kept{a: {tokens: map[string][]string{}}, b: {tokens: map[string][]string{}}}
		for n, other := range map[*node]*node{a: b, b: a} {
			loads.Go(func() { load(ctx, t, n, other, func(raw string) { seen[n].add(kidOf(t, raw), raw) }) })
		}
		both := func(kid string) func() bool {
			return func() bool { return t.Failed() || len(seen[a].of(kid)) > 2 && len(seen[b].of(kid)) > 2 }
		}
		until(t, both(""))
		kids := []string{""}
		for i, algorithm := range token.Algorithms() {
			k, err := []*node{a, b}[i%2].RotateKeys(t.Context(), by, string(algorithm), 0)
			if err != nil {
				t.Fatal(err)
			}
			kids = append(kids, k.ID)
			until(t, both(k.ID))
		}
		stop()
		loads.Wait()
		for _, kid := range kids {
			for _, raw := range append(seen[a].of(kid), seen[b].of(kid)...) {
				a.accepted(t, raw)
				b.accepted(t, raw)
			}
		}
	})
}

// TestRetiredKeysAreRefusedOnEveryNode retires each key on one node and watches the other. A request that begins when a
// second is over must be refused.
func TestRetiredKeysAreRefusedOnEveryNode(t *testing.T) {
	onTwoNodes(t, func(a, b *node) {
		t := a.t
		tokens := map[string]string{"default": a.issue(t).Access}
		for range 2 {
			k, err := a.RotateKeys(t.Context(), by, "EdDSA", time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			until(t, func() bool {
				tokens[k.ID] = a.issue(t).Access
				return kidOf(t, tokens[k.ID]) == k.ID
			})
		}
		if _, err := a.RotateKeys(t.Context(), by, "ES256", time.Millisecond); err != nil {
			t.Fatal(err)
		}
		for kid, raw := range tokens {
			b.accepted(t, raw)
			if err := a.RetireKey(t.Context(), by, kid); err != nil {
				t.Fatal(err)
			}
			retired := time.Now()
			if _, err := a.Authenticate(t.Context(), by, raw); code(err) != fault.TokenInvalid {
				t.Errorf("on the node that retired it: %v", err)
			}
			for {
				began := time.Now()
				_, err := b.Authenticate(t.Context(), by, raw)
				if code(err) == fault.TokenInvalid {
					t.Logf("refused on the other node after %v", began.Sub(retired))
					break
				}
				if err != nil || began.Sub(retired) > time.Second {
					t.Errorf("on the other node after %v: %v", began.Sub(retired), err)
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		if set, err := b.JWKS(); err != nil || strings.Count(string(set), `"kid"`) != 1 {
			t.Errorf("the other node's set is %s, %v", set, err)
		}
	})
}

// observed is a platform that tells when its generation was read.
type observed struct {
	storage.Platform

	reads chan int64
}

func (o observed) Generation(ctx context.Context) (int64, error) {
	generation, err := o.Platform.Generation(ctx)
	if err == nil {
		o.reads <- generation
	}
	return generation, err
}

// TestAChangeIsHeardLongBeforeThePoll lets one node poll so seldom that only what it hears can tell it of a change.
func TestAChangeIsHeardLongBeforeThePoll(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	opened := func() (storage.Engine, error) {
		return postgres.Open(t.Context(), postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Clock: time.Now})
	}
	a := newNode(t, opened)
	reads := make(chan int64, 1000)
	newNode(t, opened, func(c *account.Config) {
		c.Poll, c.Platform = time.Hour, observed{c.Platform, reads}
	})
	next := func() int64 {
		t.Helper()
		select {
		case generation := <-reads:
			return generation
		case <-time.After(20 * time.Second):
			t.Fatal("the node has not looked for changes")
			return 0
		}
	}
	next()           // at its start
	before := next() // as soon as it listens
	changed := time.Now()
	if _, err := a.CreateTenant(t.Context(), by, "Acme", "acme"); err != nil {
		t.Fatal(err)
	}
	for next() == before { // it may have looked for something that happened earlier
	}
	t.Logf("seen after %s", time.Since(changed))
}
