package httpapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
)

func decoded(t *testing.T, text string) any {
	t.Helper()
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func (b *bundle) fill(text string) string {
	return strings.NewReplacer("{user}", b.accounts.user.String(), "{tenant}", b.accounts.tenant.ID.String()).Replace(text)
}

func TestAnswersAboutTokens(t *testing.T) {
	t.Parallel()
	const tokens = `{"access":"a.b.c","refresh":"r.s.t","token_type":"Bearer","expires_in":900,
		"tenant":{"id":"{tenant}","slug":"acme","name":"Acme \"&\" Sons","role":"admin"}}`
	for _, c := range []struct {
		do, body string
		status   int
		want     string
	}{
		{"POST /api/v1/auth/token/", `{"username":"ada","password":"pw","tenant":"acme"}`, 200, tokens},
		{"POST /api/v1/auth/token/refresh/", `{"refresh":"r"}`, 200, tokens},
		{"POST /api/v1/auth/token/verify/", `{"token":"r"}`, 200, `{"token_type":"refresh","user_id":"{user}","tenant":"{tenant}","role":"owner","exp":1795424400}`},
		{"POST /api/v1/auth/token/revoke/", `{"token":"r"}`, 204, ""},
	} {
		b := setup(t)
		rec := b.send(request{do: c.do, body: c.body})
		if rec.Code != c.status {
			t.Fatalf("%s: %d %s", c.do, rec.Code, rec.Body)
		}
		if c.want == "" {
			if rec.Body.Len() != 0 {
				t.Errorf("%s: %s", c.do, rec.Body)
			}
		} else if diff := cmp.Diff(decoded(t, b.fill(c.want)), decoded(t, rec.Body.String())); diff != "" {
			t.Errorf("%s: %s", c.do, diff)
		}
		if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Pragma") != "no-cache" {
			t.Errorf("%s: may be cached: %v", c.do, rec.Header())
		}
		if strings.HasSuffix(c.do, "token/") {
			if diff := cmp.Diff([]string{"ada", "pw", "acme"}, b.accounts.signedIn); diff != "" {
				t.Error(diff)
			}
		} else if diff := cmp.Diff([]string{"r"}, b.accounts.asked); diff != "" {
			t.Errorf("%s: %s", c.do, diff)
		}
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rec := b.send(request{as: "admin", do: "GET /api/v1/me/"})
	want := `{"user":{"id":"{user}","username":"ada"},"tenant":{"id":"{tenant}","slug":"acme","name":"Acme \"&\" Sons"},"role":"admin",
		"scopes":["read","write"],"token":{"exp":1795424460,"kind":"user"}}`
	if diff := cmp.Diff(decoded(t, b.fill(want)), decoded(t, rec.Body.String())); diff != "" {
		t.Error(diff)
	}
	if got := rec.Header().Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestBodiesOfSignIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	send := func(body string) *httptest.ResponseRecorder {
		return b.send(request{do: "POST /api/v1/auth/token/", body: body})
	}
	for _, body := range []string{
		"", " ", "null", "[]", `"x"`, "1", "{", `{"username"}`, `{"username":"x",}`, `{"username":"x"} {}`, `{"username":"x"}x`, `{"username":"x","username":"x"}`,
		"{\"username\":\"\xff\"}", `{"username":"\ud800"}`, `{"tenant":{"a":1,"a":2}}`, strings.Repeat(`{"tenant":`, 20_000),
	} {
		problem(t, send(body), 400, "malformed_body")
	}
	for body, want := range map[string][]string{
		`{}`:                                     {"username:required", "password:required"},
		`{"username":"x"}`:                       {"password:required"},
		`{"username":1,"password":null}`:         {"username:invalid_type", "password:null"},
		`{"username":"","password":"x"}`:         {"username:too_short"},
		`{"username":"a\u0000b","password":"x"}`: {"username:invalid_format"},
		`{"Username":"x","username":"x","password":"x","tenant":7}`: {"Username:unknown", "tenant:invalid_type"},
		`{"username":{"a":1},"password":["x"],"x":{}}`:              {"username:invalid_type", "password:invalid_type", "x:unknown"},
	} {
		got := problem(t, send(body), 422, "validation_failed")
		if diff := cmp.Diff(want, fields(got)); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	if b.accounts.signedIn != nil {
		t.Error("somebody was signed in")
	}
	if rec := send(`{"username":"x","password":"y","tenant":null}`); rec.Code != 200 || b.accounts.signedIn[2] != "" {
		t.Errorf("tenant null: %d %s", rec.Code, rec.Body)
	}
	problem(t, b.send(request{do: "POST /api/v1/auth/token/?username=x", body: `{"username":"x","password":"y"}`}), 422, "validation_failed")
	problem(t, b.send(request{do: "POST /api/v1/auth/token/", body: "username=x", header: header("Content-Type", "application/x-www-form-urlencoded")}), 415, "unsupported_media_type")
}

func TestSeveralTenantsToChooseFrom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.accounts.err = &fault.Error{
		Code: fault.ValidationFailed, Message: "Name one.", Fields: []fault.Field{{Name: "tenant", Code: fault.FieldRequired, Message: "Name one."}},
		Tenants: []fault.Choice{{ID: "1", Slug: "acme", Name: `"A"`}, {ID: "2", Slug: "globex", Name: "G"}},
	}
	got := problem(t, b.send(request{do: "POST /api/v1/auth/token/", body: `{"username":"x","password":"y"}`}), 422, "validation_failed")
	want := decoded(t, `[{"id":"1","slug":"acme","name":"\"A\""},{"id":"2","slug":"globex","name":"G"}]`)
	if diff := cmp.Diff(want, got["tenants"]); diff != "" {
		t.Error(diff)
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.accounts.err = fault.New(fault.CredentialsInvalid, "Wrong.")
	rec := b.send(request{do: "POST /api/v1/auth/token/", body: `{"username":"somebody","password":"hunter2"}`})
	problem(t, rec, 401, "credentials_invalid")
	if got := rec.Header().Get("WWW-Authenticate"); got != `Bearer realm="tenantry"` {
		t.Errorf("WWW-Authenticate %q", got)
	}
	if log := b.log.String(); strings.Contains(log, "hunter2") || strings.Contains(log, "somebody") {
		t.Errorf("the log has what was sent: %s", log)
	}
}
