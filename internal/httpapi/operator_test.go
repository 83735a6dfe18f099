package httpapi_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/token"
)

func TestAnswersToOperators(t *testing.T) {
	t.Parallel()
	const (
		tokens  = `{"access":"a.b.c","refresh":"r.s.t","token_type":"Bearer","expires_in":900,"user":{"id":"00000000-0000-0000-0000-000000000000","username":""}}`
		entered = `{"access":"a.b.c","token_type":"Bearer","expires_in":900,"tenant":{"id":"{tenant}","slug":"acme","name":"Acme \"&\" Sons","role":"ROLE"}}`
	)
	const (
		secret = `{"kid":"default","algorithm":"HS256","state":"standby","verifies":true,"created_at":null,"activates_at":null,"retires_at":null,"public":null}`
		pair   = `{"kid":"abc","algorithm":"EdDSA","state":"current","verifies":true,"created_at":"2026-11-23T09:00:00.000000Z","activates_at":"2026-11-23T10:00:00.000000Z","retires_at":null,"public":{"kty":"OKP","x":"1"}}`
	)
	made := func(algorithm string) string {
		return `{"kid":"k","algorithm":"` + algorithm + `","state":"next","verifies":true,"created_at":null,"activates_at":null,"retires_at":null,"public":{"kty":"OKP"}}`
	}
	created := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	inside := "POST /api/admin/v1/tenants/" + recordID + "/token/"
	for name, c := range map[string]struct {
		do, body string
		status   int
		want     string
		asked    []string
	}{
		"sign in":             {"POST /api/admin/v1/auth/token/", `{"username":"root","password":"pw"}`, 200, tokens, []string{"root", "pw"}},
		"sign in to a tenant": {"POST /api/admin/v1/auth/token/", `{"username":"root","password":"pw","tenant":"acme"}`, 422, "", nil},
		"refresh":             {"POST /api/admin/v1/auth/token/refresh/", `{"refresh":"r"}`, 200, tokens, nil},
		"revoke":              {"POST /api/admin/v1/auth/token/revoke/", `{"token":"r"}`, 204, "", nil},
		"me":                  {"GET /api/admin/v1/me/", "", 200, `{"user":{"id":"{user}","username":"root"},"token":{"exp":1795424460,"kind":"operator"}}`, nil},
		"enter":               {inside, `{"reason":"Ticket 42"}`, 200, entered, []string{"root", recordID, "Ticket 42", "admin"}},
		"enter in a role":     {inside, `{"reason":"Ticket 42","role":"viewer"}`, 200, entered, []string{"root", recordID, "Ticket 42", "viewer"}},
		"no such role":        {inside, `{"reason":"Ticket 42","role":"king"}`, 422, "", nil},
		"no reason":           {inside, `{}`, 422, "", nil},

		"keys":                {"GET /api/admin/v1/keys/", "", 200, `{"next":null,"previous":null,"results":[` + secret + `,` + pair + `]}`, nil},
		"keys on a page":      {"GET /api/admin/v1/keys/?page=1", "", 422, "", nil},
		"rotate":              {"POST /api/admin/v1/keys/rotate/", "", 201, made("EdDSA"), []string{"root", "EdDSA", "0s"}},
		"rotate in an hour":   {"POST /api/admin/v1/keys/rotate/", `{"algorithm":"RS256","activate_in":3600}`, 201, made("RS256"), []string{"root", "RS256", "1h0m0s"}},
		"rotate before":       {"POST /api/admin/v1/keys/rotate/", `{"activate_in":-5}`, 201, made("EdDSA"), []string{"root", "EdDSA", "-1s"}},
		"rotate in an age":    {"POST /api/admin/v1/keys/rotate/", `{"activate_in":9223372036854775807}`, 201, made("EdDSA"), []string{"root", "EdDSA", "2562047h47m16s"}},
		"rotate soon":         {"POST /api/admin/v1/keys/rotate/", `{"activate_in":"soon"}`, 422, "", nil},
		"rotate in a half":    {"POST /api/admin/v1/keys/rotate/", `{"activate_in":0.5}`, 422, "", nil},
		"rotate now and then": {"POST /api/admin/v1/keys/rotate/", `{"every":1}`, 422, "", nil},
		"retire":              {"POST /api/admin/v1/keys/abc/retire/", "", 204, "", []string{"root", "abc"}},
		"retire for a reason": {"POST /api/admin/v1/keys/abc/retire/", `{"reason":"lost"}`, 422, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.accounts.keys = []account.Key{
				{ID: "default", Algorithm: "HS256", State: account.Standby, Verifies: true},
				{
					ID: "abc", Algorithm: "EdDSA", State: token.Current, Verifies: true, Public: `{"kty":"OKP","x":"1"}`,
					CreatedAt: created, Times: token.Times{ActivatesAt: created.Add(time.Hour)},
				},
			}
			rec := b.send(request{as: "operator", do: c.do, body: c.body})
			if rec.Code != c.status {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			if diff := cmp.Diff(c.asked, b.accounts.signedIn); diff != "" {
				t.Error(diff)
			}
			if c.want == "" {
				return
			}
			want := decoded(t, b.fill(c.want))
			if len(c.asked) == 4 { // entered
				want.(map[string]any)["tenant"].(map[string]any)["role"] = c.asked[3]
			}
			if diff := cmp.Diff(want, decoded(t, rec.Body.String())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokensOfTheOtherPlaneOpenNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	problem(t, b.send(request{as: "owner", do: "GET /api/admin/v1/me/"}), 401, "token_invalid")
	problem(t, b.send(request{as: "operator", do: "GET " + all}), 401, "token_invalid")
	problem(t, b.send(request{do: "GET /api/admin/v1/me/"}), 401, "not_authenticated")
	if last := b.resources.last(); last.name != "" {
		t.Errorf("a use case was asked: %+v", last)
	}
}

func TestClientToken(t *testing.T) {
	t.Parallel()
	const do = "POST /api/v1/auth/oauth/token/"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	const good = "grant_type=client_credentials&client_id=me&client_secret=s&scope=read"
	b := setup(t)
	rec := b.send(request{do: do, body: good, header: form})
	want := `{"access_token":"a.b.c","token_type":"Bearer","expires_in":900,"scope":"read"}`
	if rec.Code != 200 || rec.Body.String() != want || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if diff := cmp.Diff([]string{"me", "s", "read"}, b.accounts.signedIn); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		r      request
		err    error
		status int
		code   string
	}{
		"JSON":                    {request{do: do, body: `{}`}, nil, 400, "invalid_request"},
		"nothing":                 {request{do: do, header: form}, nil, 400, "invalid_request"},
		"in the query":            {request{do: do + "?client_id=me", body: good, header: form}, nil, 400, "invalid_request"},
		"wrong":                   {request{do: do, body: good, header: form}, fault.New(fault.CredentialsInvalid, ""), 401, "invalid_client"},
		"suspended":               {request{do: do, body: good, header: form}, fault.New(fault.TenantSuspended, ""), 400, "unauthorized_client"},
		"a scope that is unknown": {request{do: do, body: good, header: form}, fault.New(fault.ValidationFailed, ""), 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.accounts.err = c.err
			rec := b.send(c.r)
			got, _ := decoded(t, rec.Body.String()).(map[string]any)
			if rec.Code != c.status || got["error"] != c.code || (rec.Header().Get("Www-Authenticate") != "") != (c.status == 401) {
				t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
			}
		})
	}
	b = setup(t)
	b.accounts.err = errors.New("the database is away")
	problem(t, b.send(request{do: do, body: good, header: form}), 500, "internal")
}
