package oauth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/oauth"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const grant = "grant_type=client_credentials"
	for name, test := range map[string]struct {
		body   string
		header []string
		want   oauth.Request
		code   string
		status int
	}{
		"in the form":               {body: grant + "&client_id=a&client_secret=b", want: oauth.Request{ClientID: "a", Secret: "b", Scopes: []string{}}},
		"by Basic":                  {body: grant, header: []string{"Basic YTpi"}, want: oauth.Request{ClientID: "a", Secret: "b", Scopes: []string{}}},
		"by Basic, form-encoded":    {body: grant, header: []string{"basic YSUzQWI6YysrZA=="}, want: oauth.Request{ClientID: "a:b", Secret: "c  d", Scopes: []string{}}},
		"scopes":                    {body: grant + "&client_id=a&client_secret=b&scope=read++write", want: oauth.Request{ClientID: "a", Secret: "b", Scopes: []string{"read", "write"}}},
		"an unknown parameter":      {body: grant + "&client_id=a&client_secret=b&audience=x", want: oauth.Request{ClientID: "a", Secret: "b", Scopes: []string{}}},
		"no grant":                  {body: "client_id=a&client_secret=b", code: "invalid_request", status: 400},
		"another grant":             {body: "grant_type=password&client_id=a&client_secret=b", code: "unsupported_grant_type", status: 400},
		"no credentials":            {body: grant, code: "invalid_client", status: 401},
		"an id alone":               {body: grant + "&client_id=a", code: "invalid_client", status: 401},
		"a parameter twice":         {body: grant + "&client_id=a&client_id=c&client_secret=b", code: "invalid_request", status: 400},
		"a secret twice":            {body: grant + "&client_secret=b", header: []string{"Basic YTpi"}, code: "invalid_request", status: 400},
		"another id in the form":    {body: grant + "&client_id=c", header: []string{"Basic YTpi"}, code: "invalid_request", status: 400},
		"a bearer token":            {body: grant, header: []string{"Bearer YTpi"}, code: "invalid_client", status: 401},
		"two headers":               {body: grant, header: []string{"Basic YTpi", "Basic YTpi"}, code: "invalid_client", status: 401},
		"no base64":                 {body: grant, header: []string{"Basic ?"}, code: "invalid_client", status: 401},
		"a bad escape in the Basic": {body: grant, header: []string{"Basic JXp6OmI="}, code: "invalid_client", status: 401},
		"no form":                   {body: "%zz", code: "invalid_request", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := oauth.Parse([]byte(test.body), test.header)
			var refused *oauth.Error
			if errors.As(err, &refused) != (test.code != "") || refused != nil && (refused.Code != test.code || refused.Status != test.status) {
				t.Fatalf("error %v, want %s %d", err, test.code, test.status)
			}
			if diff := cmp.Diff(test.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	got := string(oauth.AppendToken(nil, "x.y", 90*time.Second, []string{"read", "tasks:write"}))
	if want := `{"access_token":"x.y","token_type":"Bearer","expires_in":90,"scope":"read tasks:write"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	refused := oauth.FromFault(fault.New(fault.CredentialsInvalid, ""))
	if got, want := string(refused.Append(nil)), `{"error":"invalid_client","error_description":"The client's id or secret is wrong."}`; got != want || refused.Status != 401 {
		t.Errorf("%s %d", got, refused.Status)
	}
	if oauth.FromFault(fault.New(fault.Unavailable, "")) != nil {
		t.Error("what is not the client's fault is called one")
	}
}
