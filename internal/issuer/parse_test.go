package issuer_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]issuer.Issuer{
		"https://idp.example.com,audience=api,tenant=org_id": {URL: "https://idp.example.com", Audience: "api", TenantClaim: "org_id"},
		"https://idp.example.com/realms/a/,tenant=https://example.com/org,audience=https://api.example.com?x=1": {
			URL: "https://idp.example.com/realms/a/", Audience: "https://api.example.com?x=1", TenantClaim: "https://example.com/org",
		},
		"https://idp.example.com,audience=api,tenant=org,user=oid,algorithms=RS256|EdDSA,tenants=acme|0198a000-0000-7000-8000-000000000001,join=viewer,username=email,scopes=ignore,dangerously-private": {
			URL: "https://idp.example.com", Audience: "api", TenantClaim: "org", UserClaim: "oid", Algorithms: []string{"RS256", "EdDSA"},
			Tenants: []string{"acme", "0198a000-0000-7000-8000-000000000001"}, Join: "viewer", UsernameClaim: "email", IgnoreScopes: true, DangerouslyPrivate: true,
		},
		"https://idp.example.com,audience=api,tenant=org,join=admin,tenants=*": {
			URL: "https://idp.example.com", Audience: "api", TenantClaim: "org", Join: "admin", Tenants: []string{"*"},
		},
		"http://127.0.0.1:5556/dex,audience=api,tenant=org,dangerously-private": {
			URL: "http://127.0.0.1:5556/dex", Audience: "api", TenantClaim: "org", DangerouslyPrivate: true,
		},
	} {
		var got issuer.Issuer
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestSettingsAreRefused(t *testing.T) {
	t.Parallel()
	const good = "https://idp.example.com,audience=api,tenant=org"
	for text, want := range map[string]string{
		"":                                      "no https URL",
		"idp.example.com,audience=api,tenant=o": "no https URL",
		"https://,audience=api,tenant=o":        "no https URL",
		"https://:443,audience=api,tenant=o":    "no https URL",
		"ftp://idp.example.com,audience=api,tenant=o":                      "no https URL",
		"http://idp.example.com,audience=api,tenant=o":                     "not https",
		"http://127.0.0.1:80,audience=api,tenant=o":                        "not https",
		"http://10.0.0.1,audience=api,tenant=o,dangerously-private":        "loopback",
		"http://idp.example.com,audience=api,tenant=o,dangerously-private": "loopback",
		"https://user:hunter2@idp.example.com,audience=api,tenant=o":       "no password",
		"https://user@idp.example.com,audience=api,tenant=o":               "more than",
		"https://idp.example.com#x,audience=api,tenant=o":                  "more than",
		"https://idp.example.com,tenant=org":                               "takes an audience",
		"https://idp.example.com,audience=api":                             "takes a tenant",
		good + ",audience=other":                                           "audience twice",
		good + ",tennants=acme":                                            `"tennants=acme" is unknown`,
		good + ",":                                                         `"" is unknown`,
		good + ",user":                                                     "user is empty",
		good + ",user=":                                                    "user is empty",
		good + ",algorithms=":                                              "algorithms is empty",
		good + ",algorithms=none":                                          `"none" is no algorithm`,
		good + ",algorithms=RS256|HS256":                                   `"HS256" is no algorithm`,
		good + ",algorithms=RS256|":                                        `"" is no algorithm`,
		good + ",tenants=Acme":                                             "neither a tenant's slug",
		good + ",tenants=acme|":                                            "neither a tenant's slug",
		good + ",join=member":                                              "join takes tenants",
		good + ",join=owner,tenants=*":                                     "no role to join in",
		good + ",join=boss,tenants=*":                                      "no role to join in",
		good + ",scopes=all":                                               "scopes takes ignore",
		good + ",dangerously-private=yes":                                  "is unknown",
		good + ",dangerously-private=":                                     "is unknown",
	} {
		var got issuer.Issuer
		err := got.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "takes") && !strings.Contains(err.Error(), "twice") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is shown", text)
		}
		if diff := cmp.Diff(issuer.Issuer{}, got); diff != "" {
			t.Errorf("%s: is half read: %s", text, diff)
		}
	}
}

func TestIssuersThatClash(t *testing.T) {
	t.Parallel()
	good := issuer.Issuer{URL: "https://idp.example.com", Audience: "api", TenantClaim: "org"}
	for name, c := range map[string]issuer.Config{
		"twice":         {Issuers: []issuer.Issuer{good, good}},
		"our own":       {Issuers: []issuer.Issuer{good}, Own: good.URL},
		"one mistake":   {Issuers: []issuer.Issuer{good, {URL: "https://other.example.com"}}},
		"without clock": {Issuers: []issuer.Issuer{good}},
	} {
		c.Logger = slog.New(slog.DiscardHandler)
		if name != "without clock" {
			c.Clock = time.Now
		}
		if _, err := issuer.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWhomAnIssuerSpeaksFor(t *testing.T) {
	t.Parallel()
	acme := tenant.Tenant{ID: tenant.NewID(), Slug: "acme"}
	for _, c := range []struct {
		tenants []string
		want    bool
	}{
		{nil, true},
		{[]string{"*"}, true},
		{[]string{"globex", "acme"}, true},
		{[]string{acme.ID.String()}, true},
		{[]string{"globex"}, false},
		{[]string{tenant.NewID().String()}, false},
		{[]string{"acm", "acme2", ""}, false},
	} {
		if i := (issuer.Issuer{Tenants: c.tenants}); i.SpeaksFor(acme) != c.want {
			t.Errorf("%v: %v", c.tenants, !c.want)
		}
	}
}
