package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

const (
	idp   = "https://idp.example.com"
	other = "https://other.example.com"
)

// issuers took each of its tokens for good.
type issuers struct {
	mu       sync.Mutex
	verified map[string]*issuer.Claims
	err      error
}

func (i *issuers) Verify(_ context.Context, raw string) (*issuer.Claims, bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, known := i.verified[raw]
	if known && i.err != nil {
		return nil, true, i.err
	}
	return c, known, nil
}

// foreign is a fixture with two other issuers; the tokens of the first one let new members in as the field says.
type foreign struct {
	*fixture

	others        *issuers
	first, second *issuer.Issuer
}

func setupForeign(tb testing.TB, join string) *foreign {
	tb.Helper()
	f := &foreign{fixture: setup(tb), others: &issuers{verified: map[string]*issuer.Claims{}}}
	f.first, f.second = &issuer.Issuer{URL: idp, Join: join}, &issuer.Issuer{URL: other}
	f.Service = f.node(tb, func(c *account.Config) { c.Issuers = f.others })
	return f
}

// token returns a token of the first issuer for its subject in the tenant, changed as set says.
func (f *foreign) token(subject, of string, set func(*issuer.Claims)) string {
	f.others.mu.Lock()
	defer f.others.mu.Unlock()
	raw := fmt.Sprint("token-", len(f.others.verified))
	c := &issuer.Claims{
		Issuer: f.first, ID: id.New(), Subject: subject, Username: subject + "@idp.example.com", Tenant: of,
		ExpiresAt: f.clock.Now().Add(time.Hour),
	}
	if set != nil {
		set(c)
	}
	f.others.verified[raw] = c
	return raw
}

func (f *foreign) link(tb testing.TB, username, url, subject string) {
	tb.Helper()
	if err := f.LinkIdentity(tb.Context(), by, username, account.Identity{Issuer: url, Subject: subject}); err != nil {
		tb.Fatal(err)
	}
}

func (f *foreign) opens(tb testing.TB, raw string, want fault.Code) account.Session {
	tb.Helper()
	s, err := f.Authenticate(tb.Context(), by, raw)
	wantCode(tb, err, want)
	return s
}

func TestAnotherIssuersTokenOpensItsUsersTenant(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	f.link(t, "bob", idp, "b-1")
	bySlug := f.token("b-1", "acme", func(c *issuer.Claims) { c.Scopes = []string{"tasks:read"} })
	got := f.opens(t, bySlug, "")
	want := policy.Actor{
		Kind: policy.User, ID: f.user(t, "bob"), Name: "bob", Tenant: f.acme.ID, Role: policy.Member, Scopes: []string{"tasks:read"},
		Pass: f.passes.For(f.acme.ID),
	}
	if diff := cmp.Diff(want, got.Actor); diff != "" || got.Tenant.Slug != "acme" || got.User.Username != "bob" || got.Claims.Kind != policy.User {
		t.Errorf("%s %+v", diff, got)
	}
	if byID := f.opens(t, f.token("b-1", f.acme.ID.String(), nil), ""); byID.Tenant.ID != f.acme.ID || byID.Actor.Scopes != nil {
		t.Errorf("%+v", byID)
	}
	// What the first token was found to mean is nothing for the next.
	opens(t, f.Service, f.token("b-1", "globex", nil), fault.TokenInvalid)
	opens(t, f.Service, f.signIn(t, "bob", "acme").Access, "")
	opens(t, f.Service, "nonsense", fault.TokenInvalid)
}

func TestStrangersOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	f.link(t, "bob", idp, "b-1")
	f.first.Tenants = []string{"acme"}
	f.link(t, "may", idp, "m-1")
	refused := map[string]string{
		"an unknown subject":              f.token("x-1", "acme", nil),
		"a user's name as subject":        f.token("bob", "acme", nil),
		"a user's id as subject":          f.token(f.user(t, "bob").String(), "acme", nil),
		"the subject of another issuer":   f.token("b-1", "acme", func(c *issuer.Claims) { c.Issuer = f.second }),
		"another case":                    f.token("B-1", "acme", nil),
		"a tenant of others":              f.token("b-1", "globex", nil),
		"an unknown tenant":               f.token("b-1", "nowhere", nil),
		"an unknown tenant's id":          f.token("b-1", tenant.NewID().String(), nil),
		"what no tenant could be called":  f.token("b-1", "../acme", nil),
		"a tenant it may not speak for":   f.token("m-1", "globex", nil),
		"the same by id":                  f.token("m-1", f.globex.ID.String(), nil),
		"a name that a table would have":  f.token("b-1", "platform", nil),
		"the tenant's name, not its slug": f.token("b-1", "Acme", nil),
	}
	_, want := f.Authenticate(t.Context(), by, "nonsense")
	for name, raw := range refused {
		_, err := f.Authenticate(t.Context(), by, raw)
		if !fault.Is(err, fault.TokenInvalid) || fault.From(err).Message != fault.From(want).Message {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.opens(t, f.token("m-1", "acme", nil), "")
	f.opens(t, f.token("b-1", "acme", nil), "")
}

func TestTheGateBindsOtherIssuersToo(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	ctx := t.Context()
	f.link(t, "bob", idp, "b-1")
	raw := f.token("b-1", "acme", nil)
	f.opens(t, raw, "")
	for _, step := range []struct {
		name string
		do   func() error
		want fault.Code
	}{
		{"suspended", func() error { return f.Suspend(ctx, by, "acme") }, fault.TenantSuspended},
		{"activated", func() error { return f.Activate(ctx, by, "acme") }, ""},
		{"disabled", func() error { return f.SetActive(ctx, by, "bob", false) }, fault.TokenInvalid},
		{"enabled", func() error { return f.SetActive(ctx, by, "bob", true) }, ""},
		{"removed", func() error { return f.RemoveMember(ctx, by, "acme", "bob") }, fault.TokenInvalid},
		{"added", func() error { _, err := f.AddMember(ctx, by, "acme", "bob", policy.Viewer); return err }, ""},
		{"unlinked", func() error { return f.UnlinkIdentity(ctx, by, "bob", account.Identity{Issuer: idp, Subject: "b-1"}) }, fault.TokenInvalid},
		{"linked to another", func() error { return f.LinkIdentity(ctx, by, "ann", account.Identity{Issuer: idp, Subject: "b-1"}) }, ""},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if _, err := f.Authenticate(ctx, by, raw); code(err) != step.want {
			t.Errorf("%s: %v, want %q", step.name, err, step.want)
		}
	}
	if s := f.opens(t, raw, ""); s.User.Username != "ann" || s.Actor.Role != policy.Owner {
		t.Errorf("linked to another: %+v", s.Actor)
	}
}

func TestAnotherNodeLearnsOfIdentities(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	f.link(t, "bob", idp, "b-1")
	raw := f.token("b-1", "acme", nil)
	second := f.node(t, func(c *account.Config) { c.Issuers = f.others })
	opens(t, second, raw, "")
	if err := f.UnlinkIdentity(t.Context(), by, "bob", account.Identity{Issuer: idp, Subject: "b-1"}); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(time.Second + time.Millisecond)
	opens(t, second, raw, fault.TokenInvalid)
}

func TestWhatIsKnownOfAnotherIssuerIsNotReadAgain(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "member")
	f.link(t, "bob", idp, "b-1")
	raw := f.token("b-1", "acme", nil)
	f.opens(t, raw, "")
	f.platform.down.Store(true)
	identities := f.platform.identities.Load()
	for range 10 {
		f.opens(t, raw, "")
	}
	if n := f.platform.identities.Load(); n != identities {
		t.Errorf("identities were read %d times", n-identities)
	}
	f.opens(t, f.token("x-1", "acme", nil), fault.Unavailable)
	f.clock.advance(time.Second + time.Millisecond)
	f.opens(t, raw, fault.Unavailable)
}

func TestErrorsOfOtherIssuersGoThrough(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	f.link(t, "bob", idp, "b-1")
	raw := f.token("b-1", "acme", nil)
	for _, want := range []error{token.Expired(), token.Invalid(nil), fault.New(fault.Unavailable, "Try again.")} {
		f.others.err = want
		f.opens(t, raw, fault.From(want).Code)
		_, err := f.Verify(t.Context(), raw)
		wantCode(t, err, fault.From(want).Code)
		revoked := f.Revoke(t.Context(), by, raw)
		if unavailable := fault.Is(want, fault.Unavailable); (revoked != nil) != unavailable {
			t.Errorf("revoke where the issuer says %v: %v", want, revoked)
		}
	}
	f.others.err = nil
	f.opens(t, raw, "") // nothing was revoked
}

func TestTokensOfOtherIssuersAreVerifiedAndRevoked(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "member")
	f.link(t, "bob", idp, "b-1")
	raw, another := f.token("b-1", "acme", nil), f.token("b-1", "acme", nil)
	got, err := f.Verify(t.Context(), raw)
	want := account.Verified{Type: token.Access, User: f.user(t, "bob"), Tenant: f.acme.ID, Role: policy.Member, ExpiresAt: f.clock.Now().Add(time.Hour)}
	if err != nil || got != want {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	stranger := f.token("x-1", "acme", nil)
	_, err = f.Verify(t.Context(), stranger) // asking is not coming
	wantCode(t, err, fault.TokenInvalid)
	if err := f.Revoke(t.Context(), by, stranger); err != nil {
		t.Error(err)
	}
	_, err = f.User(t.Context(), "x-1@idp.example.com")
	wantCode(t, err, fault.NotFound)

	if err := f.Revoke(t.Context(), by, raw); err != nil {
		t.Fatal(err)
	}
	f.opens(t, raw, fault.TokenInvalid)
	f.opens(t, another, "")
	// Its issuer's tokens are taken for a while behind their end.
	f.clock.advance(time.Hour + issuer.Leeway - time.Second)
	if err := f.platform.Tokens().Prune(t.Context(), f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.opens(t, raw, fault.TokenInvalid)
	f.opens(t, another, "")
}

func TestARevokedTokenLetsNobodyJoin(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "member")
	f.link(t, "gus", idp, "g-1")
	raw := f.token("g-1", "acme", nil)
	if err := f.Revoke(t.Context(), by, raw); err != nil {
		t.Fatal(err)
	}
	f.opens(t, raw, fault.TokenInvalid)
	if is, err := f.IsMember(t.Context(), f.acme.ID, f.user(t, "gus")); is || err != nil {
		t.Errorf("%v %v", is, err)
	}
}

func TestNewMembersJoin(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "viewer")
	from := account.By{RequestID: "r-1", IP: "192.0.2.7"}
	raw := f.token("n-1", "acme", nil)
	s, err := f.Authenticate(t.Context(), from, raw)
	if err != nil || s.User.Username != "n-1@idp.example.com" || s.Actor.Role != policy.Viewer || s.Tenant.ID != f.acme.ID {
		t.Fatalf("%+v %v", s, err)
	}
	u := s.User.ID
	issuerOf := `"issuer":[null,"` + idp + `"]`
	f.wantEvent(t, f.acme.ID, "created", "members", from, u, `"username":[null,"n-1@idp.example.com"],"role":[null,"viewer"],`+issuerOf)
	f.wantEvent(t, tenant.Platform, "created", "users", from, u, issuerOf+`,"subject":[null,"n-1"]`)

	again := f.opens(t, f.token("n-1", "acme", nil), "")
	elsewhere := f.opens(t, f.token("n-1", "globex", nil), "")
	if again.User.ID != u || elsewhere.User.ID != u || elsewhere.Tenant.ID != f.globex.ID {
		t.Errorf("%+v %+v", again, elsewhere)
	}
	f.wantEvent(t, f.globex.ID, "created", "members", by, u, `"role":[null,"viewer"],`+issuerOf)
	if _, err := f.SignIn(t.Context(), by, "n-1@idp.example.com", "", "acme"); !fault.Is(err, fault.CredentialsInvalid) {
		t.Errorf("without a password: %v", err)
	}
	opens(t, f.Service, f.token("n-1", "acme", func(c *issuer.Claims) { c.Issuer = f.second }), fault.TokenInvalid)

	// A role that somebody gave is not the issuer's to change.
	if err := f.SetRole(t.Context(), by, "acme", "n-1@idp.example.com", policy.Admin); err != nil {
		t.Fatal(err)
	}
	if s := f.opens(t, raw, ""); s.Actor.Role != policy.Admin {
		t.Errorf("%+v", s.Actor)
	}
}

func TestWhoMayNotJoin(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "member")
	ctx := t.Context()
	f.first.Tenants = []string{"acme"}
	f.link(t, "gus", idp, "g-1")
	f.link(t, "vic", idp, "v-1")
	f.link(t, "bob", idp, "b-1")
	if err := f.SetActive(ctx, by, "gus", false); err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveMember(ctx, by, "acme", "vic"); err != nil {
		t.Fatal(err)
	}
	named := func(name string) func(*issuer.Claims) { return func(c *issuer.Claims) { c.Username = name } }
	users, err := f.Users(ctx, id.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"where the name is taken":          f.token("x-1", "acme", named("ann")),
		"without a name":                   f.token("x-2", "acme", named("")),
		"with a name nobody may have":      f.token("x-3", "acme", named(" ann")),
		"with a name too long":             f.token("x-4", "acme", named(strings.Repeat("x", 151))),
		"another tenant":                   f.token("x-5", "globex", nil),
		"another tenant as a known user":   f.token("b-1", "globex", nil),
		"no tenant":                        f.token("x-6", "nowhere", nil),
		"as somebody disabled":             f.token("g-1", "acme", nil),
		"as somebody who was removed":      f.token("v-1", "acme", nil),
		"by an issuer that lets nobody in": f.token("x-7", "acme", func(c *issuer.Claims) { c.Issuer = f.second }),
	} {
		if _, err := f.Authenticate(ctx, by, raw); !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if is, err := f.IsMember(ctx, f.acme.ID, f.user(t, "gus")); is || err != nil {
		t.Errorf("somebody disabled has joined: %v", err)
	}
	if err := f.Suspend(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	f.opens(t, f.token("x-8", "acme", nil), fault.TokenInvalid) // a stranger learns nothing of the tenant
	f.opens(t, f.token("b-1", "acme", nil), fault.TenantSuspended)
	after, err := f.Users(ctx, id.ID{}, 100)
	if diff := cmp.Diff(len(users), len(after)); diff != "" || err != nil {
		t.Errorf("users were made: %s %v", diff, err)
	}
	if err := f.Activate(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddMember(ctx, by, "acme", "vic", policy.Viewer); err != nil {
		t.Fatal(err)
	}
	f.opens(t, f.token("v-1", "acme", nil), "")
}

func TestOneNewMemberWhoComesManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "member")
	var all sync.WaitGroup
	for range 16 {
		raw := f.token("n-1", "acme", nil)
		all.Go(func() {
			if _, err := f.Authenticate(t.Context(), by, raw); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	members, err := f.Members(t.Context(), "acme", id.ID{}, 100)
	if err != nil || len(members) != 5 {
		t.Errorf("%d members, %v", len(members), err)
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	f := setupForeign(t, "")
	ctx := t.Context()
	f.link(t, "bob", idp, "b-1")
	f.link(t, "bob", other, "bob")
	f.link(t, "ann", other, "b-1")
	bob := f.user(t, "bob")
	f.wantEvent(t, tenant.Platform, "identity_linked", "users", by, by.Actor.ID, `{"issuer":[null,"`+idp+`"],"subject":[null,"b-1"]}`)
	got, err := f.Identities(ctx, "bob")
	moment := f.clock.Now().Truncate(time.Microsecond)
	if diff := cmp.Diff([]account.Identity{{idp, "b-1", moment}, {other, "bob", moment}}, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	wantCode(t, f.LinkIdentity(ctx, by, "ann", account.Identity{Issuer: idp, Subject: "b-1"}), fault.Conflict)
	wantCode(t, f.LinkIdentity(ctx, by, "nobody", account.Identity{Issuer: idp, Subject: "c-1"}), fault.NotFound)
	wantCode(t, f.UnlinkIdentity(ctx, by, "ann", account.Identity{Issuer: idp, Subject: "b-1"}), fault.NotFound)
	wantCode(t, f.UnlinkIdentity(ctx, by, "bob", account.Identity{Issuer: idp, Subject: "c-1"}), fault.NotFound)
	wantCode(t, f.UnlinkIdentity(ctx, by, "nobody", account.Identity{Issuer: idp, Subject: "b-1"}), fault.NotFound)
	_, err = f.Identities(ctx, "nobody")
	wantCode(t, err, fault.NotFound)
	for _, wrong := range []account.Identity{
		{Issuer: "idp.example.com", Subject: "a"},
		{Issuer: "http://idp.example.com", Subject: "a"},
		{Issuer: "", Subject: "a"},
		{Issuer: idp, Subject: ""},
		{Issuer: idp, Subject: "a\nb"},
		{Issuer: idp, Subject: strings.Repeat("x", 256)},
	} {
		wantCode(t, f.LinkIdentity(ctx, by, "bob", wrong), fault.ValidationFailed)
	}
	if err := f.UnlinkIdentity(ctx, by, "bob", account.Identity{Issuer: idp, Subject: "b-1"}); err != nil {
		t.Fatal(err)
	}
	f.wantEvent(t, tenant.Platform, "identity_unlinked", "users", by, by.Actor.ID, `{"issuer":["`+idp+`",null],"subject":["b-1",null]}`)
	if f.user(t, "bob") != bob {
		t.Error("bob is another")
	}
}

// wantEvent looks for an event of the trail whose changes contain the text.
func (f *foreign) wantEvent(tb testing.TB, trail tenant.ID, action, resource string, from account.By, actor id.ID, changes string) {
	tb.Helper()
	store, err := f.engine.Open(tb.Context(), trail)
	if err != nil {
		tb.Fatal(err)
	}
	defer store.Close()
	events := storage.Events()
	var seen []string
	found := false
	order := []query.Key{{Field: events.Field("seq")}, {Field: events.Field("id")}}
	_, err = store.List(tb.Context(), events, query.List{Order: order, Limit: 200}, func(r storage.Record) error {
		text := func(i int) string { return string(r.Values[i].AppendJSON(nil)) }
		line := strings.Join([]string{text(storage.EventAction), text(storage.EventResource), text(storage.EventRequestID), text(storage.EventIP), text(storage.EventActorID)}, " ")
		want := fmt.Sprintf("%q %q %q %q %q", action, resource, from.RequestID, from.IP, actor.String())
		found = found || line == want && strings.Contains(text(storage.EventChanges), changes)
		seen = append(seen, line+" "+text(storage.EventChanges))
		return nil
	})
	if err != nil || !found {
		tb.Errorf("no event %s of %s with %s: %v\n%s", action, resource, changes, err, strings.Join(seen, "\n"))
	}
}
