package account_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

const (
	// activation is the one of newVaulted's nodes.
	activation = 5 * time.Second
	week       = 7 * 24 * time.Hour
)

// keyStore is a platform whose keys are counted and fail as a test says.
type keyStore struct {
	storage.Platform
	lists atomic.Int64
	down  atomic.Bool
	// listing is called while keys are read.
	listing func()
}

func (k *keyStore) Keys() storage.Keys { return countedKeys{k.Platform.Keys(), k} }

type countedKeys struct {
	storage.Keys
	store *keyStore
}

func (k countedKeys) List(ctx context.Context) ([]storage.SigningKey, error) {
	k.store.lists.Add(1)
	if k.store.listing != nil {
		k.store.listing()
	}
	if k.store.down.Load() {
		return nil, errDown
	}
	return k.Keys.List(ctx)
}

// vaulted is a node with keys of its own over the fixture's platform.
type vaulted struct {
	*account.Service
	store  *keyStore
	tokens *token.Authority
}

func (f *fixture) vaulted(tb testing.TB, sealing string) *vaulted {
	tb.Helper()
	v, err := token.NewVault([]byte(sealing))
	if err != nil {
		tb.Fatal(err)
	}
	n := &vaulted{store: &keyStore{Platform: f.platform}}
	n.tokens, err = token.New(token.Config{Key: []byte(secret), Clock: f.clock.Now})
	if err != nil {
		tb.Fatal(err)
	}
	n.Service = f.node(tb, func(c *account.Config) { c.Platform, c.Tokens, c.Vault = n.store, n.tokens, v })
	return n
}

func (n *vaulted) rotate(tb testing.TB, algorithm token.Algorithm) account.Key {
	tb.Helper()
	k, err := n.RotateKeys(tb.Context(), by, string(algorithm), 0)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func (n *vaulted) issue(tb testing.TB) account.Grant {
	tb.Helper()
	g, err := n.Issue(tb.Context(), by, "bob", "acme", 0)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func (n *vaulted) keys(tb testing.TB) []account.Key {
	tb.Helper()
	all, err := n.Keys(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// states is how the keys stand, the secret first: "standby current next!", with a mark where a key verifies nothing.
func (n *vaulted) states(tb testing.TB) string {
	tb.Helper()
	var out []string
	for _, k := range n.keys(tb) {
		state := string(k.State)
		if !k.Verifies {
			state += "!"
		}
		out = append(out, state)
	}
	return strings.Join(out, " ")
}

func TestRotatedKeysHaveStates(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	want := func(states string) {
		t.Helper()
		if got := n.states(t); got != states {
			t.Errorf("states = %q, want %q", got, states)
		}
	}
	want("current")
	first := n.rotate(t, token.EdDSA)
	at := f.clock.Now().Truncate(time.Microsecond)
	expected := account.Key{
		ID: first.ID, Algorithm: "EdDSA", State: token.Next, Verifies: true, Public: first.Public, CreatedAt: at,
		Times: token.Times{ActivatesAt: at.Add(activation)},
	}
	for _, got := range []account.Key{first, n.keys(t)[1]} {
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("key (-want +got):\n%s", diff)
		}
	}
	want("current next")
	f.clock.advance(activation)
	want("standby current")
	n.rotate(t, token.ES256)
	want("standby current next")
	f.clock.advance(activation)
	want("standby retired current")
	f.clock.advance(week)
	want("standby retired! current")
	if err := n.RetireKey(t.Context(), by, "default"); err != nil {
		t.Fatal(err)
	}
	want("retired! retired! current")
}

func TestRotationValidates(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	for _, bad := range []string{"", "HS256", "none", "eddsa", "RS512"} {
		_, err := n.RotateKeys(t.Context(), by, bad, 0)
		wantFields(t, err, "algorithm")
	}
	for _, bad := range []time.Duration{-1, 367 * 24 * time.Hour} {
		_, err := n.RotateKeys(t.Context(), by, "ES256", bad)
		wantFields(t, err, "activate_in")
	}
	if got := n.states(t); got != "current" {
		t.Errorf("states = %q", got)
	}
	_, err := f.RotateKeys(t.Context(), by, "ES256", 0) // a node without a vault
	wantCode(t, err, fault.Conflict)
}

func TestKeysAreStoredSealed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	for _, algorithm := range token.Algorithms() {
		n.rotate(t, algorithm)
	}
	stored, err := f.platform.Keys().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	vault, err := token.NewVault([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range stored {
		if _, err := vault.Open(k.ID, token.Algorithm(k.Algorithm), k.Sealed); err != nil {
			t.Error(err)
		}
		var public map[string]any
		if err := json.Unmarshal([]byte(k.Public), &public); err != nil || public["kid"] != k.ID || public["d"] != nil {
			t.Errorf("public = %s, %v", k.Public, err)
		}
		if log := f.log.String(); strings.Contains(log, "BEGIN") || bytes.Contains([]byte(log), k.Sealed) {
			t.Errorf("a key is in the log: %s", log)
		}
	}
}

// TestUnknownKeysAreLookedForOnceASecond is about tokens that anybody can make up.
func TestUnknownKeysAreLookedForOnceASecond(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a, b := f.vaulted(t, secret), f.vaulted(t, secret)
	a.rotate(t, token.EdDSA)
	f.clock.advance(activation)
	raw := a.issue(t).Access
	forged := func() string { // of another platform, so that its key is known nowhere
		g := setup(t)
		n := g.vaulted(t, secret)
		n.rotate(t, token.EdDSA)
		g.clock.advance(activation)
		return n.issue(t).Access
	}()
	if _, err := b.Authenticate(t.Context(), by, raw); err != nil {
		t.Fatalf("the other node's new key: %v", err)
	}
	wantLists := func(want int64) {
		t.Helper()
		if got := b.store.lists.Load(); got != want {
			t.Errorf("keys were read %d times, want %d", got, want)
		}
	}
	wantLists(1)
	f.clock.advance(time.Second)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, err := b.Authenticate(t.Context(), by, forged)
			if code(err) != fault.TokenInvalid {
				t.Errorf("a forged token: %v", err)
			}
			_, err = b.Refresh(t.Context(), by, forged)
			if code(err) != fault.TokenInvalid {
				t.Errorf("a forged token: %v", err)
			}
		})
	}
	all.Wait()
	wantLists(2)
	f.clock.advance(time.Second - 1)
	opens(t, b.Service, forged, fault.TokenInvalid)
	opens(t, b.Service, raw, "")
	wantLists(2)
	f.clock.advance(time.Second)
	for _, kid := range []string{"../../../../../../../../../../../../dev/null", "default", "", "https://attacker.example/keys.json", "1"} {
		opens(t, b.Service, renamed(t, forged, kid), fault.TokenInvalid)
	}
	wantLists(2)
}

func TestUnknownKeysAreNotRefusedWhileKeysCanNotBeRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a, b := f.vaulted(t, secret), f.vaulted(t, secret)
	a.rotate(t, token.EdDSA)
	f.clock.advance(activation)
	g := a.issue(t)
	b.store.down.Store(true)
	for range 3 {
		opens(t, b.Service, g.Access, fault.Unavailable)
		_, err := b.Refresh(t.Context(), by, g.Refresh)
		wantCode(t, err, fault.Unavailable)
		wantCode(t, b.Revoke(t.Context(), by, g.Access), fault.Unavailable)
	}
	if got := b.store.lists.Load(); got != 1 {
		t.Errorf("keys were read %d times within a second", got)
	}
	b.store.down.Store(false)
	f.clock.advance(time.Second)
	opens(t, b.Service, g.Access, "")
}

// until waits for something that happens soon.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// header returns what the token's header says.
func header(t *testing.T, raw string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func kidOf(t *testing.T, raw string) string {
	t.Helper()
	kid, _ := header(t, raw)["kid"].(string)
	return kid
}

// renamed returns the token with another kid in its header.
func renamed(t *testing.T, raw, kid string) string {
	t.Helper()
	fields := header(t, raw)
	fields["kid"] = kid
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data) + raw[strings.IndexByte(raw, '.'):]
}

func TestRetiredKeysAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	bySecret := n.issue(t)
	first := n.rotate(t, token.EdDSA)
	f.clock.advance(activation)
	byFirst := n.issue(t)
	for _, g := range []account.Grant{bySecret, byFirst} {
		opens(t, n.Service, g.Access, "")
	}
	n.rotate(t, token.ES256)
	f.clock.advance(activation)
	opens(t, n.Service, byFirst.Access, "")
	if err := n.RetireKey(t.Context(), by, first.ID); err != nil {
		t.Fatal(err)
	}
	opens(t, n.Service, byFirst.Access, fault.TokenInvalid)
	_, err := n.Refresh(t.Context(), by, byFirst.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	opens(t, n.Service, bySecret.Access, "")
	if err := n.RetireKey(t.Context(), by, "default"); err != nil {
		t.Fatal(err)
	}
	opens(t, n.Service, bySecret.Access, fault.TokenInvalid)
	opens(t, n.Service, f.access(t, func(*token.Claims) {}), fault.TokenInvalid) // a client's own
	opens(t, n.Service, n.issue(t).Access, "")
	for _, unknown := range []string{"", "x", "DEFAULT", strings.Repeat("A", 43)} {
		wantCode(t, n.RetireKey(t.Context(), by, unknown), fault.NotFound)
	}
	wantCode(t, n.RetireKey(t.Context(), by, n.keys(t)[2].ID), fault.Conflict)
	// Retired means retired whatever another node's clock says, and after a restart.
	behind := f.vaulted(t, secret)
	f.clock.advance(-time.Second)
	if err := behind.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, g := range []account.Grant{bySecret, byFirst} {
		if _, err := behind.tokens.Verify(g.Access, token.Access); !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("on a node whose clock is behind: %v", err)
		}
	}
}

// TestKeysThatDoNotOpen is a node that was given another key-encryption key.
func TestKeysThatDoNotOpen(t *testing.T) {
	t.Parallel()
	f := setup(t)
	right, wrong := f.vaulted(t, secret), f.vaulted(t, "another secret of thirty-two bytes or so")
	if err := wrong.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := right.rotate(t, token.ES256)
	err := wrong.LoadKeys(t.Context())
	if err == nil || !strings.Contains(err.Error(), k.ID) || !strings.Contains(err.Error(), "another key-encryption key") {
		t.Errorf("error = %v", err)
	}
	f.clock.advance(activation)
	opens(t, wrong.Service, right.issue(t).Access, fault.TokenInvalid)
	opens(t, wrong.Service, wrong.issue(t).Access, "") // it signs with what it has
	opens(t, right.Service, wrong.issue(t).Access, "")
	if err := wrong.RetireKey(t.Context(), by, k.ID); err != nil {
		t.Fatal(err)
	}
	if err := wrong.LoadKeys(t.Context()); err != nil {
		t.Errorf("after the key was retired: %v", err)
	}
}

func TestStopWhileKeysAreReadIsNoFailure(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	n.store.listing = stop
	n.store.down.Store(true)
	n.Watch(ctx)
	if n.store.lists.Load() == 0 || strings.Contains(f.log.String(), "signing keys were not loaded") {
		t.Errorf("read %d times, logged %s", n.store.lists.Load(), f.log.String())
	}
}

// TestWatchFollowsKeys makes the first load after a change fail.
func TestWatchFollowsKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a := f.vaulted(t, secret)
	b := f.vaulted(t, secret)
	if err := b.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.watch(t, b.Service)
	b.store.down.Store(true)
	k := a.rotate(t, token.EdDSA)
	before := b.store.lists.Load()
	until(t, func() bool { return b.store.lists.Load() > before+1 })
	b.store.down.Store(false)
	until(t, func() bool {
		set, err := b.JWKS()
		return err == nil && bytes.Contains(set, []byte(k.ID))
	})
	if got := strings.Count(f.log.String(), "signing keys were not loaded"); got != 1 {
		t.Errorf("the failure was logged %d times", got)
	}
	// What changes nothing about keys costs one read of them, and none while nothing changes.
	before = b.store.lists.Load()
	if err := a.SetActive(t.Context(), by, "vic", false); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return b.store.lists.Load() == before+1 })
}

func TestPrivateKeysAreForgotten(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	n.rotate(t, token.EdDSA)
	f.clock.advance(activation)
	n.rotate(t, token.ES256)
	f.clock.advance(activation + week + time.Hour)
	f.watch(t, n.Service) // which prunes first of all
	until(t, func() bool {
		stored, err := f.platform.Keys().List(t.Context())
		return err == nil && len(stored) == 2 && stored[0].Sealed == nil && stored[1].Sealed != nil
	})
}

// TestOperatorsSignWithKeysToo takes an operator through a rotation, from one node to another that knows nothing of it.
func TestOperatorsSignWithKeysToo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a, b := f.vaulted(t, secret), f.vaulted(t, secret)
	if _, err := f.CreateUser(t.Context(), by, "root", password, true); err != nil {
		t.Fatal(err)
	}
	k := a.rotate(t, token.ES256)
	f.clock.advance(activation)
	g, err := a.SignInOperator(t.Context(), by, "root", password)
	if err != nil || kidOf(t, g.Access) != k.ID || kidOf(t, g.Refresh) != k.ID {
		t.Fatalf("signed by %q and %q, %v", kidOf(t, g.Access), kidOf(t, g.Refresh), err)
	}
	if _, err := b.AuthenticateOperator(t.Context(), g.Access); err != nil {
		t.Error(err)
	}
	opens(t, b.Service, g.Access, fault.TokenInvalid)
	if _, err := f.vaulted(t, secret).RefreshOperator(t.Context(), by, g.Refresh); err != nil {
		t.Error(err)
	}
	if err := a.RetireKey(t.Context(), by, k.ID); err != nil {
		t.Fatal(err)
	}
	_, err = a.AuthenticateOperator(t.Context(), g.Access)
	wantCode(t, err, fault.TokenInvalid)
}

func TestChangesOfKeysLeaveEvents(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := f.vaulted(t, secret)
	first := n.rotate(t, token.EdDSA)
	for range 2 { // the second time changes nothing
		if err := n.RetireKey(t.Context(), by, first.ID); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, n.RetireKey(t.Context(), by, "unknown"), fault.NotFound)
	f.watch(t, n.Service)
	until(t, func() bool { return len(f.aboutKeys(t)) > 1 })
	want := []string{
		`retired {"kid":["` + first.ID + `",null]}`,
		`rotated {"kid":[null,"` + first.ID + `"],"algorithm":[null,"EdDSA"],"activates_at":[null,"2026-11-23T09:00:05.250000Z"]}`,
	}
	if diff := cmp.Diff(want, f.aboutKeys(t)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// aboutKeys are the events of keys in the platform's trail, newest first.
func (f *fixture) aboutKeys(t *testing.T) []string {
	t.Helper()
	trail, err := f.engine.Open(t.Context(), tenant.Platform)
	if err != nil {
		t.Fatal(err)
	}
	defer trail.Close()
	var out []string
	newest := query.List{Order: []query.Key{{Field: storage.Events().Field("seq"), Desc: true}}, Limit: 50}
	_, err = trail.List(t.Context(), storage.Events(), newest, func(record storage.Record) error {
		if v := record.Values; v[storage.EventResource].Text() == "signing-keys" {
			out = append(out, v[storage.EventAction].Text()+" "+string(v[storage.EventChanges].Raw()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
