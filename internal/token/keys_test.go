package token_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/token"
)

// signed returns an access token and the kid that it names.
func signed(tb testing.TB, a *token.Authority) (raw, kid string) {
	tb.Helper()
	raw, err := a.SignAccess(claims())
	if err != nil {
		tb.Fatal(err)
	}
	return raw, kidOf(tb, raw)
}

func kidOf(tb testing.TB, raw string) string {
	tb.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	if err != nil {
		tb.Fatal(err)
	}
	head := map[string]string{}
	if err := json.Unmarshal(data, &head); err != nil {
		tb.Fatal(err)
	}
	return head["kid"]
}

func TestEachAlgorithmSignsWhatVerifies(t *testing.T) {
	t.Parallel()
	for _, algorithm := range token.Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			a, _ := setup(t)
			replace(t, a, true, active(t, algorithm))
			raw, kid := signed(t, a)
			if kid != pair(t, algorithm).ID() {
				t.Errorf("kid = %q", kid)
			}
			for range 2 {
				got, err := a.Verify(raw, token.Access)
				if err != nil || got.User != user || got.Tenant != home {
					t.Fatalf("claims = %+v, %v", got, err)
				}
			}
			refresh, err := a.SignRefresh(claims())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Verify(refresh, token.Refresh); err != nil {
				t.Error(err)
			}
			if _, err := a.Verify(forge(t, secret, plain(), minted()), token.Access); err != nil {
				t.Errorf("a client's own token beside a pair: %v", err)
			}
		})
	}
}

// TestKeysHaveTheirTimes moves the clock over a rotation.
func TestKeysHaveTheirTimes(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	first, second := active(t, token.EdDSA), active(t, token.ES256)
	second.ActivatesAt = start.Add(5 * time.Second)
	first.DeactivatesAt, first.RetiresAt = second.ActivatesAt, second.ActivatesAt.Add(time.Hour)
	replace(t, a, true, second, first)
	ofNext := forgerOf(second.Pair)
	if _, err := a.Verify(ofNext.forge(t, ofNext.header, minted().with("exp", start.Unix()+9000)), token.Access); err != nil {
		t.Errorf("a node whose clock is ahead: %v", err)
	}
	old := forgerOf(first.Pair)
	raw := old.forge(t, old.header, minted().with("exp", start.Unix()+9000))
	for _, step := range []struct {
		at            time.Duration
		signs         token.Key
		first, second token.State
		refused       bool
	}{
		{0, first, token.Current, token.Next, false},
		{5*time.Second - 1, first, token.Current, token.Next, false},
		{5 * time.Second, second, token.Retired, token.Current, false},
		{time.Hour + 5*time.Second - 1, second, token.Retired, token.Current, false},
		{time.Hour + 5*time.Second, second, token.Retired, token.Current, true},
	} {
		c.now = start.Add(step.at)
		if kid := signNow(t, a); kid != step.signs.ID() {
			t.Errorf("after %s %s signs", step.at, kid)
		}
		if got := first.State(c.now); got != step.first {
			t.Errorf("after %s the first key is %s", step.at, got)
		}
		if got := second.State(c.now); got != step.second {
			t.Errorf("after %s the second key is %s", step.at, got)
		}
		if _, err := a.Verify(raw, token.Access); (err != nil) != step.refused {
			t.Errorf("after %s the first key's token: %v", step.at, err)
		}
	}
}

// TestNoTokenOutlivesItsKey signs a token of a year just after a rotation that left the key a week.
func TestNoTokenOutlivesItsKey(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	first, second := active(t, token.EdDSA), active(t, token.ES256)
	second.ActivatesAt = start.Add(5 * time.Second)
	first.DeactivatesAt, first.RetiresAt = second.ActivatesAt, start.Add(7*24*time.Hour)
	replace(t, a, true, first, second)
	for end, want := range map[time.Time]token.Key{first.RetiresAt: first, first.RetiresAt.Add(time.Second): second} {
		c := claims()
		c.ExpiresAt = end
		raw, err := a.SignAccess(c)
		if err != nil {
			t.Fatal(err)
		}
		if kid := kidOf(t, raw); kid != want.ID() {
			t.Errorf("a token until %s is signed with %s", end, kid)
		}
	}
}

// signNow signs a token that is good for a while and returns its kid.
func signNow(tb testing.TB, a *token.Authority) string {
	tb.Helper()
	long := claims()
	long.ExpiresAt = start.Add(time.Hour)
	raw, err := a.SignAccess(long)
	if err != nil {
		tb.Fatal(err)
	}
	return kidOf(tb, raw)
}

func TestTheSecretSignsWhereNoPairIsCurrent(t *testing.T) {
	t.Parallel()
	next, over := active(t, token.EdDSA), active(t, token.ES256)
	next.ActivatesAt = start.Add(time.Second)
	over.DeactivatesAt = start
	for name, keys := range map[string][]token.Key{"none": nil, "the next alone": {next}, "a former alone": {over}, "both": {over, next}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := setup(t)
			replace(t, a, true, keys...)
			if _, kid := signed(t, a); kid != "" {
				t.Errorf("%s signs", kid)
			}
			replace(t, a, false, keys...)
			if raw, err := a.SignAccess(claims()); err == nil {
				t.Errorf("signed %s with a key that is retired", raw)
			}
		})
	}
}

// TestRetiredKeysVerifyNothingMore checks remembered tokens above all: they are not verified again otherwise.
func TestRetiredKeysVerifyNothingMore(t *testing.T) {
	t.Parallel()
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			raw := f.forge(t, f.header, minted())
			operator := f.forge(t, f.header.with("typ", "at+jwt"), operators())
			ours := func() {
				if _, err := a.Verify(raw, token.Access); err != nil {
					t.Error(err)
				}
				if _, err := a.VerifyOperator(operator, token.Access); err != nil {
					t.Error(err)
				}
			}
			ours()
			left := slices.DeleteFunc([]token.Key{active(t, token.EdDSA), active(t, token.ES256), active(t, token.RS256)},
				func(k token.Key) bool { return k.ID() == f.header["kid"] })
			replace(t, a, f.name != "HS256", left...)
			refuse(t, a, raw, token.Access)
			_, err := a.VerifyOperator(operator, token.Access)
			wantCode(t, err, fault.TokenInvalid)
			replace(t, a, true, active(t, token.EdDSA), active(t, token.ES256), active(t, token.RS256))
			ours()
		})
	}
}

func TestUnknownKeysAreToldFromWrongOnes(t *testing.T) {
	t.Parallel()
	a, _ := ring(t)
	over := active(t, token.ES256)
	over.RetiresAt = start
	replace(t, a, true, over)
	f := forgerOf(fresh(t, token.EdDSA))
	for name, want := range map[string]bool{
		f.forge(t, f.header, minted()):                                               true,
		f.forge(t, f.header.with("kid", strings.Repeat("A", 43)), minted()):          true,
		f.forge(t, f.header.with("kid", strings.Repeat("../", 13)+"null"), minted()): false,
		f.forge(t, f.header.with("kid", "default"), minted()):                        false,
		f.forge(t, f.header.without("kid"), minted()):                                false,
		f.forge(t, f.header.with("kid", over.ID()), minted()):                        false,
		forge(t, "another secret", plain(), minted()):                                false,
		f.forge(t, f.header.with("jku", "https://x/"), minted()):                     false,
		f.forge(t, f.header, minted().with("pad", strings.Repeat("x", 8192))):        false,
	} {
		_, err := a.Verify(name, token.Access)
		wantCode(t, err, fault.TokenInvalid)
		if got := token.IsUnknownKey(err); got != want {
			t.Errorf("%s: unknown key = %t", name, got)
		}
	}
}

// TestKeySetIsPublic reads the set with another implementation's eyes: the library's.
func TestKeySetIsPublic(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	data, err := a.JWKS()
	if err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("without pairs: %s, %v", data, err)
	}
	next, current, former, over := active(t, token.EdDSA), active(t, token.ES256), active(t, token.RS256), active(t, token.EdDSA)
	over.Pair = fresh(t, token.ES256)
	next.ActivatesAt = start.Add(time.Minute)
	former.DeactivatesAt, former.RetiresAt = start.Add(-time.Hour), start.Add(time.Hour)
	over.RetiresAt = start
	replace(t, a, true, next, current, former, over)
	if data, err = a.JWKS(); err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 3 {
		t.Fatalf("%d keys in %s", len(set.Keys), data)
	}
	for _, want := range []token.Key{next, current, former} {
		found := set.Key(want.ID())
		if len(found) != 1 || found[0].Algorithm != string(want.Algorithm()) || found[0].Use != "sig" || !found[0].IsPublic() {
			t.Errorf("%s: %+v", want.Algorithm(), found)
			continue
		}
		sum, err := found[0].Thumbprint(crypto.SHA256)
		if err != nil || base64.RawURLEncoding.EncodeToString(sum) != want.ID() {
			t.Errorf("%s is no thumbprint: %v", want.ID(), err)
		}
	}
	for _, private := range []string{`"d"`, `"p"`, `"q"`, `"dp"`, `"k"`, secret} {
		if strings.Contains(string(data), private) {
			t.Errorf("the set has %s", private)
		}
	}
	raw, _ := signed(t, a)
	parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(set); err != nil {
		t.Errorf("a reader of the set can't verify: %v", err)
	}
	c.now = former.RetiresAt
	if data, err = a.JWKS(); err != nil || strings.Contains(string(data), former.ID()) {
		t.Errorf("a key that is over is still told: %s, %v", data, err)
	}
}

func TestPairsDoNotPrintTheirPrivateKey(t *testing.T) {
	t.Parallel()
	for _, algorithm := range token.Algorithms() {
		p := pair(t, algorithm)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			if got := fmt.Sprintf(verb, p); got != "key "+p.ID() {
				t.Errorf("%s of a pair prints %s", verb, got)
			}
			if got := fmt.Sprintf(verb, &p); got != "key "+p.ID() {
				t.Errorf("%s of a pointer prints %s", verb, got)
			}
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "pair", p)
		if !strings.Contains(log.String(), `"pair":"key `+p.ID()+`"`) {
			t.Errorf("log: %s", log.String())
		}
		if data, err := json.Marshal(object{"pair": p}); err != nil || string(data) != `{"pair":{}}` {
			t.Errorf("JSON: %s, %v", data, err)
		}
	}
}

func TestThereAreNoPairsForOtherAlgorithms(t *testing.T) {
	t.Parallel()
	for _, name := range []token.Algorithm{"", "HS256", "none", "eddsa"} {
		if p, err := token.Generate(name); err == nil {
			t.Errorf("%q made %v", name, p)
		}
		if _, ok := token.ParseAlgorithm(string(name)); ok {
			t.Errorf("%q is taken for an algorithm", name)
		}
	}
}

// TestNamesDoNotBeginLikeFlags makes so many pairs that one in 64 shows up.
func TestNamesDoNotBeginLikeFlags(t *testing.T) {
	t.Parallel()
	for range 1000 {
		pair, err := token.Generate(token.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(pair.ID(), "-") {
			t.Fatalf("a key is named %s", pair.ID())
		}
	}
}
