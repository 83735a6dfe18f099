package contract_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/oauth2"
)

const (
	audience = "tenantry-api"
	callback = "http://localhost:9999/auth/callback"
	secret   = "a secret of the client"
)

// provider is an OpenID Connect provider, Zitadel's, over TLS. Its users log in with a form, and a client gets their
// tokens by the authorization code flow. Its access tokens are JWTs for the audience above.
type provider struct {
	*storage.Storage
	*httptest.Server

	mu       sync.Mutex
	handler  http.Handler
	fetches  map[string]int // by path
	keys     []*signingKey  // the first one signs
	subjects people
}

// people are the provider's users by their ids, with the claims of their access tokens.
type people map[string]map[string]any

func (p people) GetUserByID(id string) *storage.User {
	if p[id] == nil {
		return nil
	}
	return &storage.User{ID: id, Username: id, Password: secret}
}

func (p people) GetUserByUsername(username string) *storage.User { return p.GetUserByID(username) }
func (people) ExampleClientID() string                           { return storage.ServiceUserID }

func newProvider(t *testing.T, subjects people) *provider {
	t.Helper()
	clients := map[string]*storage.Client{"web": storage.WebClient("web", secret, callback)}
	p := &provider{Storage: storage.NewStorageWithClients(subjects, clients), subjects: subjects, fetches: map[string]int{}}
	p.rotate(t)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(p.count))
	t.Cleanup(p.Close)
	handler := exampleop.SetupServer(p.URL, p, slog.New(slog.DiscardHandler), false)
	p.mu.Lock()
	p.handler = handler
	p.mu.Unlock()
	return p
}

func (p *provider) count(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.fetches[r.URL.Path]++
	handler := p.handler
	p.mu.Unlock()
	handler.ServeHTTP(w, r)
}

// fetched returns how often the discovery document and the key set were asked for.
func (p *provider) fetched() (documents, keySets int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches["/.well-known/openid-configuration"], p.fetches["/keys"]
}

// certificate returns the name of a file with the certificates of the providers.
func certificate(t *testing.T, providers ...*provider) string {
	t.Helper()
	var all []byte
	for _, p := range providers {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})...)
	}
	name := filepath.Join(t.TempDir(), "certificates.pem")
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// signingKey is a pair of keys. It implements op.SigningKey; its public half is an op.Key.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

func (k *signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k *signingKey) Key() any                                    { return k.private }
func (k *signingKey) ID() string                                  { return k.id }

type publicKey struct{ *signingKey }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.private.PublicKey }

// rotate makes a new key, which signs from now on; the former ones are published still.
func (p *provider) rotate(t *testing.T) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append([]*signingKey{{fmt.Sprint("key-", len(p.keys)), private}}, p.keys...)
}

func (p *provider) current() *signingKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[0]
}

// SigningKey implements op.Storage.
func (p *provider) SigningKey(context.Context) (op.SigningKey, error) { return p.current(), nil }

// SignatureAlgorithms implements op.Storage.
func (p *provider) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

// KeySet implements op.Storage.
func (p *provider) KeySet(context.Context) ([]op.Key, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var keys []op.Key
	for _, k := range p.keys {
		keys = append(keys, publicKey{k})
	}
	return keys, nil
}

// client is one whose access tokens are JWTs, and that may ask for any scope.
type client struct{ op.Client }

func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (client) IsScopeAllowed(string) bool          { return true }

// GetClientByClientID implements op.Storage.
func (p *provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := p.Storage.GetClientByClientID(ctx, id)
	return client{found}, err
}

// tokenRequest is for an access token with the audience of the API, and behind that for an ID token with the client's.
type tokenRequest struct {
	*storage.AuthRequest

	audience string
}

func (r *tokenRequest) GetAudience() []string { return []string{r.audience} }

// AuthRequestByCode implements op.Storage.
func (p *provider) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	found, err := p.Storage.AuthRequestByCode(ctx, code)
	if err != nil {
		return nil, err
	}
	request, ok := found.(*storage.AuthRequest)
	if !ok {
		return nil, errors.New("another kind of request")
	}
	return &tokenRequest{request, audience}, nil
}

// GetPrivateClaimsFromRequest implements op.CanGetPrivateClaimsFromRequest.
func (p *provider) GetPrivateClaimsFromRequest(_ context.Context, request op.TokenRequest, scopes []string) (map[string]any, error) {
	r, ok := request.(*tokenRequest)
	if !ok {
		return nil, errors.New("another kind of request")
	}
	r.audience = r.ApplicationID // the access token has its own by now
	claims := maps.Clone(p.subjects[r.GetSubject()])
	claims["scope"] = strings.Join(scopes, " ")
	return claims, nil
}

// issued is what the provider gives a client.
type issued struct{ access, id string }

// logIn sends a user through the log-in in a browser's place, and exchanges the code that comes of it.
func (p *provider) logIn(t *testing.T, user string, scopes ...string) issued {
	t.Helper()
	browser := p.Client()
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	config := oauth2.Config{
		ClientID: "web", ClientSecret: secret, RedirectURL: callback, Scopes: append([]string{"openid"}, scopes...),
		Endpoint: oauth2.Endpoint{AuthURL: p.URL + "/auth", TokenURL: p.URL + "/oauth/token", AuthStyle: oauth2.AuthStyleInHeader},
	}
	verifier := oauth2.GenerateVerifier()
	form, _ := visit(t, browser, http.MethodGet, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), nil)
	_, back := visit(t, browser, http.MethodPost, p.URL+"/login/username", url.Values{
		"username": {user}, "password": {secret}, "id": {form.Query().Get("authRequestID")},
	})
	code := back.Query().Get("code")
	if code == "" {
		t.Fatalf("log in of %s leads to %v", user, back)
	}
	token, err := config.Exchange(context.WithValue(t.Context(), oauth2.HTTPClient, browser), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatalf("exchange of the code of %s: %v", user, err)
	}
	id, _ := token.Extra("id_token").(string)
	return issued{token.AccessToken, id}
}

// visit asks for a page, and returns where that ended and where it leads to.
func visit(t *testing.T, browser *http.Client, method, target string, form url.Values) (at, next *url.URL) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // what is needed stands in the head
	if next, err = res.Location(); err != nil {
		next = &url.URL{}
	}
	return res.Request.URL, next
}

// forge signs claims in the provider's name.
func (p *provider) forge(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
