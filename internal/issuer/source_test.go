package issuer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
)

func TestANewKeyIsReadAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.token(nil)
	f.taken("the old key's", old)
	next := newKey(t, "two", jose.ES256)
	f.publish(f.key, next)
	_, keySets, _ := f.fetches()
	raw := sign(t, next, nil, f.claims(nil))
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if _, _, err := f.Verify(t.Context(), raw); err != nil {
				t.Errorf("the new key's: %v", err)
			}
		})
	}
	all.Wait()
	if _, k, _ := f.fetches(); k != keySets+1 {
		t.Errorf("200 at once led to %d fetches", k-keySets)
	}
	f.taken("the old key's, which is still published", old)

	third := newKey(t, "three", jose.ES256)
	f.publish(next, third)
	f.refused("another one soon after", sign(t, third, nil, f.claims(nil)), fault.TokenInvalid)
	f.clock.advance(30 * time.Second)
	f.taken("it, half a minute later", sign(t, third, nil, f.claims(nil)))
	f.refused("the old key's, which is not published any more, though it was seen", old, fault.TokenInvalid)
}

func TestAKeyThatIsTakenBackEndsByItself(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.start(func(c *issuer.Config) { c.Refresh = 20 * time.Millisecond })
	raw := f.token(nil)
	f.taken("at first", raw)
	f.publish(newKey(t, "two", jose.ES256))
	f.eventually("the token of a key that was taken back is good for ever", func() bool {
		_, _, err := f.Verify(t.Context(), raw)
		return fault.Is(err, fault.TokenInvalid)
	})
}

func TestKeysThatMoveAreFollowed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	next := newKey(t, "two", jose.ES256)
	elsewhere := newProvider(t, next)
	f.start(func(c *issuer.Config) { c.Refresh = 20 * time.Millisecond; c.Roots.AddCert(elsewhere.Certificate()) })
	f.answer(jsonOf(map[string]string{"issuer": f.URL, "jwks_uri": elsewhere.URL + "/keys"}), nil)
	f.eventually("keys are not read where they have moved to", func() bool {
		_, _, err := f.Verify(t.Context(), sign(t, next, nil, f.claims(nil)))
		return err == nil
	})
}

func TestAnIssuerThatIsAway(t *testing.T) {
	t.Parallel()
	f := &fixture{tb: t, clock: &clock{}, key: newKey(t, "one", jose.ES256)}
	f.provider = newProvider(t, f.key)
	away := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	f.answer(away, away)
	var log lockedBuffer
	f.start(func(c *issuer.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	_, known, err := f.Verify(t.Context(), f.token(nil))
	if unavailable := fault.From(err); !known || unavailable.Code != fault.Unavailable || unavailable.RetryAfter <= 0 {
		t.Errorf("without keys: %v %v", known, err)
	}
	f.refused("what is no token of its anyway", sign(t, newKey(t, "", jose.EdDSA), nil, f.claims(nil)), fault.TokenInvalid)
	f.answer(nil, nil)
	f.ready() // it is asked again by itself
	f.answer(away, away)
	f.taken("with the keys from before", f.token(nil))
	f.refused("an unknown key, which can't be asked for", sign(t, newKey(t, "two", jose.ES256), nil, f.claims(nil)), fault.Unavailable)
	f.refused("another one soon after", sign(t, newKey(t, "two", jose.ES256), nil, f.claims(nil)), fault.TokenInvalid)

	long := f.token(map[string]any{"exp": start.Add(48 * time.Hour).Unix()})
	f.taken("a token for long", long)
	f.clock.advance(24*time.Hour + time.Second)
	f.refused("a day later", long, fault.Unavailable)
	if text := log.String(); strings.Count(text, "can't be read") != 1 || !strings.Contains(text, "502 Bad Gateway") {
		t.Errorf("log: %s", text)
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// TestBadDocuments has an issuer answer what must not be believed, read to the end or followed.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	target := newProvider(t, newKey(t, "one", jose.ES256))
	text := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+r.URL.Path, http.StatusFound)
	}
	for name, c := range map[string]struct {
		document func(p *provider) http.HandlerFunc
		keys     http.HandlerFunc
		want     string
	}{
		"a document that redirects": {func(*provider) http.HandlerFunc { return redirect }, nil, "302 Found"},
		"a document of garbage":     {func(*provider) http.HandlerFunc { return text("<html>") }, nil, "not the JSON"},
		"a document of another issuer": {func(p *provider) http.HandlerFunc {
			return jsonOf(map[string]string{"issuer": p.URL + "/", "jwks_uri": p.URL + "/keys"})
		}, nil, "another issuer"},
		"a document without keys": {func(p *provider) http.HandlerFunc { return jsonOf(map[string]string{"issuer": p.URL}) }, nil, "no jwks_uri"},
		"keys that are a file": {func(p *provider) http.HandlerFunc {
			return jsonOf(map[string]string{"issuer": p.URL, "jwks_uri": "file:///etc/passwd"})
		}, nil, "no https URL"},
		"keys without TLS": {func(p *provider) http.HandlerFunc {
			return jsonOf(map[string]string{"issuer": p.URL, "jwks_uri": "http://keys.example.com/"})
		}, nil, "not https"},
		"keys at the cloud's metadata": {func(p *provider) http.HandlerFunc {
			return jsonOf(map[string]string{"issuer": p.URL, "jwks_uri": "https://169.254.169.254/latest/meta-data/"})
		}, nil, "not a public one"},
		"keys with a password": {func(p *provider) http.HandlerFunc {
			return jsonOf(map[string]string{"issuer": p.URL, "jwks_uri": "https://a:b@keys.example.com/"})
		}, nil, "more than"},
		"keys that redirect":             {nil, redirect, "302 Found"},
		"keys of garbage":                {nil, text("\x00\xff{"), "not JSON"},
		"keys that are none":             {nil, text(`{"keys":[]}`), "no public key"},
		"keys of a list":                 {nil, text(`[]`), "not JSON"},
		"keys twice":                     {nil, text(`{"keys":[],"keys":[]}`), "not JSON"},
		"keys without end":               {nil, endless, "longer than"},
		"keys that grow when unpacked":   {nil, bomb, "longer than"},
		"keys that come slowly":          {nil, slow, "deadline exceeded"},
		"an answer of headers alone":     {nil, headers, "header"},
		"a connection that breaks":       {nil, broken, "EOF"},
		"nothing behind the line's head": {nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "204"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{tb: t, clock: &clock{}, key: newKey(t, "one", jose.ES256)}
			f.provider = newProvider(t, f.key)
			var document http.HandlerFunc
			if c.document != nil {
				document = c.document(f.provider)
			}
			f.answer(document, c.keys)
			var log lockedBuffer
			f.start(func(config *issuer.Config) {
				config.Logger = slog.New(slog.NewTextHandler(&log, nil))
				config.Roots.AddCert(target.Certificate())
			})
			f.eventually("nothing is logged", func() bool { return strings.Contains(log.String(), "can't be read") })
			if !strings.Contains(log.String(), c.want) {
				t.Errorf("log: %s, want %q", log.String(), c.want)
			}
			f.refused("a good token", f.token(nil), fault.Unavailable)
		})
	}
	t.Cleanup(func() {
		if documents, keySets, elsewhere := target.fetches(); documents+keySets+elsewhere > 0 {
			t.Error("a redirect was followed")
		}
	})
}

func endless(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"keys":[`))
	for {
		if _, err := w.Write(bytes.Repeat([]byte(`{},`), 1<<12)); err != nil {
			return
		}
	}
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	packed := gzip.NewWriter(w)
	for range 1 << 10 {
		_, _ = packed.Write(make([]byte, 1<<16))
	}
	_ = packed.Close()
}

func slow(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = w.Write([]byte(" "))
		_ = http.NewResponseController(w).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

func headers(w http.ResponseWriter, _ *http.Request) {
	for i := range 1000 {
		w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 200))
	}
	w.WriteHeader(http.StatusOK)
}

func broken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("{"))
	panic(http.ErrAbortHandler)
}

// TestASlowIssuerHoldsNobodyUpForLong has a key set that never ends while tokens come.
func TestASlowIssuerHoldsNobodyUpForLong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.answer(nil, slow)
	began := time.Now()
	f.refused("an unknown key", sign(t, newKey(t, "two", jose.ES256), nil, f.claims(nil)), fault.Unavailable)
	if passed := time.Since(began); passed > 4*time.Second {
		t.Errorf("it took %s", passed)
	}
	began = time.Now()
	f.taken("a known one meanwhile", f.token(map[string]any{"jti": "another"}))
	if passed := time.Since(began); passed > time.Second {
		t.Errorf("it took %s", passed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	began = time.Now()
	if _, _, err := f.Verify(ctx, sign(t, newKey(t, "two", jose.ES256), nil, f.claims(nil))); !fault.Is(err, fault.Unavailable) || time.Since(began) > time.Second {
		t.Errorf("a request that ended: %v after %s", err, time.Since(began))
	}
}

// TestAddressesInside runs a listener at a loopback address, whose name only resolving tells, and no connection comes.
func TestAddressesInside(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0", "[::]"} {
		var log lockedBuffer
		v, err := issuer.New(issuer.Config{
			Issuers: []issuer.Issuer{{URL: "https://" + host + ":" + port, Audience: "api", TenantClaim: "org"}},
			Clock:   time.Now, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { v.Run(ctx); close(done) }()
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "can't be read") && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		<-done
		if text := log.String(); !strings.Contains(text, "not a public one") && !strings.Contains(text, "no such host") && !strings.Contains(text, "lookup") {
			t.Errorf("%s: %s", host, text)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections came", n)
	}
}
