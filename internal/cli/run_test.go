package cli_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/origin"
)

func TestMisuseIsOneLineThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const random = "9f86d081884c7d659a2feaa0c55ad015"
	tests := []struct {
		name, args, environ string
		want                string
	}{
		{"an unknown flag", "serve --port 80", "", "unknown flag --port; see tenantry serve --help"},
		{"a misspelt flag", "serve --data-dri x", "", `unknown flag --data-dri, did you mean "--data-dir"? see tenantry serve --help`},
		{"an unknown command", "sevre", "", `unexpected argument sevre, did you mean "serve"? see tenantry --help`},
		{"half a command", "migrate", "", `expected one of "up", "status"; see tenantry migrate --help`},
		{"a missing argument", "tenant create", "", `expected "<slug>"; see tenantry tenant create --help`},
		{"an argument too many", "version x", "", `unexpected argument x; see tenantry version --help`},
		{
			"a bad address of the metrics", "serve --metrics-addr x", "",
			`--metrics-addr: "x" is not HOST:PORT, such as 127.0.0.1:8000 or :8000; see tenantry serve --help`,
		},
		{
			"a bad address", "serve --addr 8000", "",
			`--addr: "8000" is not HOST:PORT, such as 127.0.0.1:8000 or :8000; see tenantry serve --help`,
		},
		{
			"a bad address in the environment", "serve", "TENANTRY_ADDR=8000",
			`TENANTRY_ADDR: "8000" is not HOST:PORT, such as 127.0.0.1:8000 or :8000; see tenantry serve --help`,
		},
		{
			"a bad choice", "serve --log-level loud", "",
			`--log-level must be one of "debug","info","warn","error" but got "loud"; see tenantry serve --help`,
		},
		{
			"a bad choice in the environment", "migrate up", "TENANTRY_ENVIRONMENT=prod",
			`TENANTRY_ENVIRONMENT must be one of "development","production" but got "prod"; see tenantry migrate up --help`,
		},
		{
			"a bad size", "serve --max-body 0", "",
			`--max-body: "0" is not a size from 1 byte to 1GiB, such as 1MiB, 512KiB or 65536; see tenantry serve --help`,
		},
		{
			"a bad database URL, whose password isn't shown", "serve --database-url mysql://u:hunter2@h/d", "",
			`--database-url: "mysql://u@h/d": it takes a URL such as postgres://USER@HOST:5432/DATABASE; see tenantry serve --help`,
		},
		{
			"a database URL that is none, which isn't shown", "serve --database-url host=h,password=hunter2", "",
			"--database-url: it takes a URL such as postgres://USER@HOST:5432/DATABASE; see tenantry serve --help",
		},
		{"a flag without its value", "serve --addr", "", "--addr: it takes a value; see tenantry serve --help"},
		{
			"a value that looks like a flag", "serve --access-ttl -5m", "",
			`--access-ttl: it takes a value; one that begins with - is written --access-ttl="-5m"; see tenantry serve --help`,
		},
		{"no data directory", "serve --data-dir=", "", `--data-dir: "" is not a directory; "." is the one you are in; see tenantry serve --help`},
		{
			"a place for files that is none", "serve --files-url s3:bucket", "",
			`--files-url: "s3:bucket" is not file:///DIR or s3://BUCKET/PREFIX; see tenantry serve --help`,
		},
		{"no file for the tokens", "demo --out=", "", `--out: "" is not a file`},
		{
			"a database URL in the wrong place", "serve postgres://u:hunter2@h/d", "",
			"unexpected argument postgres://u@h/d; see tenantry serve --help",
		},
		{
			"a rate without a period", "serve --rate-anonymous 100", "",
			`--rate-anonymous: "100" is not a rate; it takes COUNT/PERIOD, such as 100/h, 5/s or 50/10m, or "off"; see tenantry serve --help`,
		},
		{
			"a rate in the environment", "serve", "TENANTRY_RATE_LOGIN=fast",
			`TENANTRY_RATE_LOGIN: "fast" is not a rate; it takes COUNT/PERIOD, such as 100/h, 5/s or 50/10m, or "off"; see tenantry serve --help`,
		},
		{
			"the rate of no operation", "serve --rate-operation listTasks=1/h,listTaks=1/h", "",
			`--rate-operation: there is no operation "listTaks"; did you mean listTasks?`,
		},
		{
			"two rates of an operation", "serve --rate-operation listTasks=1/h --rate-operation listTasks=2/h", "",
			"--rate-operation gives listTasks two rates",
		},
		{"two rates of all tenants", "serve --rate-tenant 1/h,2/h", "", "--rate-tenant gives two rates for the same tenants"},
		{
			"an operation without a rate", "serve --rate-operation listTasks", "",
			`--rate-operation: "listTasks" is not NAME=RATE, such as listTasks=100/m; see tenantry serve --help`,
		},
		{
			"a Redis that is none", "serve --redis-url http://u:hunter2@h", "",
			"--redis-url: it takes a URL such as redis://HOST:6379/0, rediss:// for TLS, or unix:///run/redis.sock; see tenantry serve --help",
		},
		{
			"an issuer that says too little", "serve --oidc-issuer https://idp.example.com,audience=api", "",
			`--oidc-issuer: "https://idp.example.com,audience=api": it takes a tenant: the claim that holds the tenant's id or slug; ` +
				"it takes " + issuer.Form + "; see tenantry serve --help",
		},
		{
			"an issuer with a secret algorithm, in the environment", "serve", "TENANTRY_OIDC_ISSUER=https://idp.example.com,audience=api,tenant=org,algorithms=HS256",
			`TENANTRY_OIDC_ISSUER: "https://idp.example.com,audience=api,tenant=org,algorithms=HS256": "HS256" is no algorithm that can be taken; ` +
				"they are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; it takes " + issuer.Form + "; see tenantry serve --help",
		},
		{
			"an issuer twice", "serve --oidc-issuer https://idp.example.com,audience=a,tenant=org;https://idp.example.com,audience=b,tenant=org", "",
			`--oidc-issuer: issuer "https://idp.example.com" is there twice`,
		},
		{
			"every origin", "serve --cors-origins https://app.example.com,*", "",
			`--cors-origins: "*" would let every page on the web read the answers; name each origin: an origin is scheme://host or ` +
				"scheme://host:port, such as https://app.example.com; see tenantry serve --help",
		},
		{
			"a proxy that could be anybody", "serve --trusted-proxies ::/0", "",
			`--trusted-proxies: "::/0" is everybody, and everybody could claim any address; it takes addresses or networks such as ` +
				"10.0.0.0/8, fd00::/8 or 192.0.2.7; see tenantry serve --help",
		},
		{
			"a network with an address inside", "serve --trusted-proxies 10.1.2.3/8", "",
			`--trusted-proxies: "10.1.2.3/8" names an address inside of a network; did you mean 10.0.0.0/8? it takes addresses or ` +
				"networks such as 10.0.0.0/8, fd00::/8 or 192.0.2.7; see tenantry serve --help",
		},
		{
			"a short signing key", "serve --jwt-signing-key hunter2", "",
			`--jwt-signing-key has 7 bytes; it takes 32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"a short signing key in the environment", "serve", "TENANTRY_JWT_SIGNING_KEY=hunter2",
			`TENANTRY_JWT_SIGNING_KEY has 7 bytes; it takes 32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"a short context key", "migrate up --database-url postgres://u@h/d --context-key hunter2", "",
			`--context-key has 7 bytes; it takes 32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"a weak context key in production",
			"migrate status --environment production --database-url postgres://u@h/d --context-key " + strings.Repeat("hunter2-", 5), "",
			`--context-key has too few different characters; production takes 32 random bytes at least, ` +
				`such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"a context key for SQLite", "migrate up", "TENANTRY_CONTEXT_KEY=" + random,
			"TENANTRY_CONTEXT_KEY is for PostgreSQL; it takes --database-url as well",
		},
		{
			"a context key before none", "migrate up --database-url postgres://u@h/d --previous-context-key " + random, "",
			"--previous-context-key is for the time in which --context-key replaces it; it takes that key as well",
		},
		{
			"a context key before off", "migrate up --database-url postgres://u@h/d --context-key off --previous-context-key " + random, "",
			"--previous-context-key is for the time in which --context-key replaces it; it takes that key as well",
		},
		{
			"production without a signing key", "serve --environment production", "",
			`production needs --jwt-signing-key: 32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"production with a weak signing key", "serve --environment production --jwt-signing-key " + strings.Repeat("hunter2-", 5), "",
			`--jwt-signing-key has too few different characters; production takes 32 random bytes at least, ` +
				`such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"a short key-encryption key", "serve --key-encryption-key hunter2", "",
			`--key-encryption-key has 7 bytes; it takes 32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`,
		},
		{
			"production with a weak key-encryption key", "serve --environment production --jwt-signing-key " + random + " --key-encryption-key " + strings.Repeat("hunter2-", 5), "",
			`--key-encryption-key has too few different characters; production takes 32 random bytes at least, ` +
				`such as from "openssl rand -base64 48", or @FILE`,
		},
		{"an algorithm that keys don't have", "keys rotate --algorithm HS256", "", `--algorithm must be one of "EdDSA","ES256","RS256" but got "HS256"; see tenantry keys rotate --help`},
		{
			"a key that signs at once", "keys rotate --activate-in 999ms", "",
			"--activate-in takes 1s at least: all servers have to know a key before one signs with it",
		},
		{"a key without a name", "keys retire", "", `expected "<kid>"; see tenantry keys retire --help`},
		{
			"sample data in production", "serve --environment production --demo --jwt-signing-key " + random, "",
			"--demo is refused in production: anyone could know the sample users",
		},
		{
			"demo in production", "demo --environment production --jwt-signing-key " + random, "",
			"demo is refused in production: anyone could know the sample users",
		},
		{
			"a second URL without the first", "migrate up --migration-url postgres://u:hunter2@h/d", "",
			"--migration-url is for PostgreSQL; it takes --database-url as well",
		},
		{"a negative number", "demo --tasks=-1", "", `--tasks: "-1" is not a whole number from 0 to 100000; see tenantry demo --help`},
		{"a bad slug", "tenant create Acme!", "", `"Acme!" is no slug: 1 to 63 lower-case letters, digits and inner hyphens, and not a UUID`},
		{"an empty password", "user create ann --password-stdin", "", "--password-stdin: the first line of standard input is empty"},
		{
			"two passwords", "user create ann --password-stdin --password hunter2", "",
			"--password and --password-stdin can't be used together; see tenantry user create --help",
		},
		{"no password and no terminal", "user set-password ann", "", "no password is given; use --password-stdin"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.environ = strings.Fields(test.environ)
			got := b.run(strings.Fields(test.args)...)
			if diff := cmp.Diff(result{2, "", "tenantry: " + test.want + "\n"}, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Error(diff)
			}
			if left, _ := os.ReadDir(b.dir); len(left) > 0 {
				t.Errorf("left %s behind", left[0].Name())
			}
		})
	}
}

func TestFailureIsOneLineThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := filepath.Join(b.dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("dial tcp 127.0.0.1:5432: connect: connection refused\nwhile using postgres://u:hunter2@h/d, hunter2")
	tests := []struct {
		name, args string
		err        error
		want       string
	}{
		{
			"a file where the data directory should be", "migrate up --data-dir " + file, nil,
			"the data directory " + file + " can't be written (not a directory); make it writable or choose another with --data-dir",
		},
		{
			"a data directory that can't be made", "serve --data-dir " + file + "/data", nil,
			"the data directory " + file + "/data can't be written (not a directory); make it writable or choose another with --data-dir",
		},
		{
			"a signing key file that isn't there", "serve --jwt-signing-key @none", nil,
			"--jwt-signing-key: the file none can't be read: no such file or directory",
		},
		{"a directory where the tokens file should be", "demo --out .", nil, "--out: . is a directory; it takes the name of a file"},
		{"a tokens file where there is no directory", "demo --out none/tokens.json", nil, "--out: none/tokens.json can't be written: no such file or directory"},
		{
			"a place for files that the program doesn't know", "serve --files-url ftp://h/d --addr 127.0.0.1:0", errors.New("this program takes file:///DIR"),
			"--files-url: this program takes file:///DIR",
		},
		{
			"one of two roles", "migrate status --database-url postgres://u:hunter2@h/d --migration-url postgres://o@h/d", errors.New(`user "o": the password was refused`),
			`PostgreSQL at postgres://u@h/d (--database-url, --migration-url) can't be used: user "o": the password was refused; check that it runs and that the URL is right`,
		},
		{
			"an unreachable database", "migrate status --database-url postgres://u:hunter2@h/d", refused,
			"PostgreSQL at postgres://u@h/d (--database-url) can't be used: dial tcp 127.0.0.1:5432: connect: connection refused; " +
				"while using postgres://u@h/d, (secret); check that it runs and that the URL is right",
		},
		{
			"a database that says what to do", "migrate status --data-dir " + b.dir + "/new",
			fault.New(fault.Unavailable, "platform.db is not a database of ours; move it away."),
			"embedded SQLite in " + b.dir + "/new (--data-dir) can't be used: platform.db is not a database of ours; move it away",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fake.openErr = test.err
			if strings.Contains(test.args, "--files-url") {
				b.fake.openErr, b.fake.serverErr = nil, test.err
			}
			got := b.run(strings.Fields(test.args)...)
			_, line, _ := strings.Cut("\n"+got.errors, "\ntenantry: "+test.want[:20])
			if got.code != 1 || test.want[:20]+line != test.want+"\n" || got.out != "" {
				t.Errorf("code %d, out %q, want\n%s, got\n%s", got.code, got.out, test.want, got.errors)
			}
		})
	}
}

// TestARefusalIsNotTheFilesFault is about a server that production refuses, for another reason than the place for files.
func TestARefusalIsNotTheFilesFault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.serverErr = &doctor.RefusalError{Check: "secret_files", Finding: finding.Finding{Found: "Bad.", Do: "Mend."}}
	got := b.run("serve", "--addr", "127.0.0.1:0", "--files-url", "file:///srv")
	if got.code != 1 || !strings.HasSuffix(got.errors, "tenantry: production refuses to start: Bad. Mend. (check secret_files)\n") {
		t.Errorf("got %+v", got)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"-h"}} {
		got := b.run(args...)
		if got.code != 0 || got.errors != "" || !strings.Contains(got.out, "migrate status") || !strings.Contains(got.out, "user add-to-tenant") {
			t.Errorf("%q: code %d, %s, %s", args, got.code, got.errors, got.out)
		}
	}
	// Help of a command names each of its settings with default and variable, and none of another command.
	got := b.run("migrate", "up", "--help")
	for _, want := range []string{"--data-dir=DIR", "default ./data", "TENANTRY_DATABASE_URL"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in %s", want, got.out)
		}
	}
	if strings.Contains(got.out, "--addr") {
		t.Errorf("help of migrate names --addr: %s", got.out)
	}
}

func TestVersionAndDocument(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := []struct{ args, want string }{
		{"version", "tenantry 1.2.3 (go"},
		{"--version", "tenantry 1.2.3 (go"},
		{"openapi", "3.1 as json\n"},
		{"openapi --version 3.0 --format yaml", "3.0 as yaml\n"},
	}
	for _, test := range tests {
		got := b.run(strings.Fields(test.args)...)
		if got.code != 0 || !strings.HasPrefix(got.out, test.want) {
			t.Errorf("%s: code %d, %q, %s", test.args, got.code, got.out, got.errors)
		}
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	const dotenv = "TENANTRY_JWT_ISSUER=from-file\nOTHER=x\nexport TENANTRY_ACCESS_TTL='7m' # short\n"
	tests := []struct {
		name    string
		args    []string
		environ []string
		dotenv  string
		want    string
		ttl     time.Duration
	}{
		{"the default", nil, nil, "", "multitenant-api", 15 * time.Minute},
		{"the file beats the default", nil, nil, dotenv, "from-file", 7 * time.Minute},
		{"the environment beats the file", nil, []string{"TENANTRY_JWT_ISSUER=from-env"}, dotenv, "from-env", 7 * time.Minute},
		{
			"a flag beats the environment",
			[]string{"--jwt-issuer=from-flag"},
			[]string{"TENANTRY_JWT_ISSUER=from-env"},
			dotenv,
			"from-flag", 7 * time.Minute,
		},
		{"an empty variable hides the file", nil, []string{"TENANTRY_JWT_ISSUER="}, dotenv, "multitenant-api", 7 * time.Minute},
		{
			"a bad value that a flag overrides does no harm",
			[]string{"--access-ttl=1m"},
			[]string{"TENANTRY_ACCESS_TTL=soon"},
			"",
			"multitenant-api", time.Minute,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.environ = test.environ
			if test.dotenv != "" {
				writeFile(t, filepath.Join(b.dir, ".env"), test.dotenv)
			}
			got := b.run(append([]string{"demo"}, test.args...)...)
			if got.code != 0 {
				t.Fatalf("code %d: %s", got.code, got.errors)
			}
			tokens := b.fake.settings.Tokens
			if tokens.JWTIssuer != test.want || tokens.AccessTTL.Duration() != test.ttl {
				t.Errorf("issuer %q, access %s; want %q, %s", tokens.JWTIssuer, tokens.AccessTTL.Duration(), test.want, test.ttl)
			}
		})
	}
}

func TestDotenvMistakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	writeFile(t, filepath.Join(b.dir, ".env"), "TENANTRY_ADDR=:1\nTENANTRY_JWT_SIGNING_KEY hunter2\n")
	got := b.run("serve")
	if want := (result{2, "", "tenantry: .env:2 is not NAME=value\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	writeFile(t, filepath.Join(b.dir, ".env"), "\nTENANTRY_MAX_BODY=big\n")
	got = b.run("serve")
	if got.code != 2 || !strings.HasPrefix(got.errors, `tenantry: TENANTRY_MAX_BODY (.env:2): "big" is not a size`) {
		t.Errorf("got %+v", got)
	}
}

func TestUnknownVariablesAreWarnedOf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.environ = []string{"TENANTRY_DATABASE_ULR=postgres://u:hunter2@h/d", "TENANTRY_TEST_POSTGRES_URL=x", "HOME=/", "TENANTRY_SEED=1"}
	writeFile(t, filepath.Join(b.dir, ".env"), "TENANTRY_FAVOURITE_COLOUR=blue\nTENANTRY_MAX_BODY=1KiB")
	got := b.run("version")
	want := "tenantry: warning: TENANTRY_DATABASE_ULR is not a setting and is ignored; did you mean TENANTRY_DATABASE_URL?\n" +
		"tenantry: warning: TENANTRY_FAVOURITE_COLOUR (.env:1) is not a setting and is ignored\n"
	if got.code != 0 || got.errors != want {
		t.Errorf("code %d, got\n%s\nwant\n%s", got.code, got.errors, want)
	}
}

func TestSettingsReachTheProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	writeFile(t, filepath.Join(b.dir, "key"), "9f86d081884c7d659a2feaa0c55ad015\r\n")
	b.fake.server.serveErr = errors.New("enough")
	b.run("serve", "--database-url", "postgres://u:p@h/d", "--migration-url", "postgres://o:p@h/d", "--jwt-signing-key", "@key",
		"--addr", "127.0.0.1:0", "--max-body", "2KiB", "--refresh-ttl", "48h", "--sqlite-synchronous", "normal", "--drain-delay", "2s")
	got := b.fake.settings
	if string(got.Storage.DatabaseURL) != "postgres://u:p@h/d" || string(got.Storage.MigrationURL) != "postgres://o:p@h/d" ||
		string(got.Tokens.Key) != "9f86d081884c7d659a2feaa0c55ad015" || got.Serving.MaxBody != 2048 ||
		got.Tokens.RefreshTTL.Duration() != 48*time.Hour || got.Storage.SqliteSynchronous != "normal" ||
		got.Serving.DrainDelay.Duration() != 2*time.Second || got.Storage.Environment != cli.Development {
		t.Errorf("got %+v", got)
	}
	if left, _ := os.ReadDir(b.dir); len(left) != 1 {
		t.Errorf("PostgreSQL with a key of its own needs no data directory: %v", left)
	}
}

func TestIssuersReachTheProgram(t *testing.T) {
	t.Parallel()
	one := issuer.Issuer{URL: "https://one.example", Audience: "api", TenantClaim: "org", Algorithms: []string{"ES256", "RS256"}}
	two := issuer.Issuer{URL: "https://two.example", Audience: "api", TenantClaim: "t", Join: "viewer", Tenants: []string{"acme"}}
	const words = "https://one.example,audience=api,tenant=org,algorithms=ES256|RS256;https://two.example,audience=api,tenant=t,join=viewer,tenants=acme"
	for _, way := range []string{"flag", "flags", "variable"} {
		b := setup(t)
		b.fake.server.serveErr = errors.New("enough")
		args := []string{"serve", "--addr", "127.0.0.1:0"}
		switch way {
		case "flag":
			args = append(args, "--oidc-issuer", words)
		case "flags":
			for word := range strings.SplitSeq(words, ";") {
				args = append(args, "--oidc-issuer", word)
			}
		case "variable":
			b.environ = append(b.environ, "TENANTRY_OIDC_ISSUER="+words)
		}
		b.run(args...)
		if diff := cmp.Diff([]issuer.Issuer{one, two}, b.fake.settings.Issuers.OIDCIssuer); diff != "" {
			t.Errorf("%s: %s", way, diff)
		}
	}
}

func TestContextKeysReachTheProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const next, before = "9f86d081884c7d659a2feaa0c55ad015", "60303ae22b998861bce3b28f33eec1be"
	writeFile(t, filepath.Join(b.dir, "next"), next+"\n")
	b.environ = []string{"TENANTRY_DATABASE_URL=postgres://u@h/d", "TENANTRY_CONTEXT_KEY=@next", "TENANTRY_PREVIOUS_CONTEXT_KEY=" + before}
	b.run("migrate", "up")
	if got := b.fake.settings.Storage; string(got.Context) != next || string(got.PreviousContext) != before || got.ProofsOff {
		t.Errorf("got %+v", got)
	}
	b.environ = b.environ[:1]
	b.run("migrate", "up", "--context-key", "off")
	if got := b.fake.settings.Storage; got.Context != nil || got.PreviousContext != nil || !got.ProofsOff {
		t.Errorf("off: got %+v", got)
	}
	b.run("migrate", "up")
	if got := b.fake.settings.Storage; got.Context != nil || got.ProofsOff {
		t.Errorf("none: got %+v", got)
	}
}

func TestLimitsReachTheProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.server.serveErr = errors.New("enough redis://:hunter2@h:6379/1")
	b.environ = append(b.environ, "TENANTRY_RATE_OPERATION=listTasks=5/m,getMe=off", "TENANTRY_CORS_ORIGINS=https://a.example,http://localhost:3000")
	got := b.run("serve", "--addr", "127.0.0.1:0", "--rate-tenant", "9/h", "--rate-tenant", "acme=10/h", "--trusted-proxies", "10.0.0.0/8,192.0.2.7",
		"--redis-url", "redis://:hunter2@h:6379/1", "--rate-anonymous", "off")
	if strings.Contains(got.errors+got.out, "hunter2") {
		t.Errorf("the password is printed: %s %s", got.out, got.errors)
	}
	want := cli.Limits{
		RateAuthenticated: limit.Rate{Count: 1000, Per: time.Hour}, RateLogin: limit.Rate{Count: 10, Per: time.Minute}, RateLoginAddress: limit.Rate{Count: 60, Per: time.Minute},
		RateTenant:    []cli.TenantRate{{Rate: limit.Rate{Count: 9, Per: time.Hour}}, {Slug: "acme", Rate: limit.Rate{Count: 10, Per: time.Hour}}},
		RateOperation: []cli.OperationRate{{Name: "listTasks", Rate: limit.Rate{Count: 5, Per: time.Minute}}, {Name: "getMe"}},
		RedisURL:      "redis://:hunter2@h:6379/1", CORSOrigins: []origin.Origin{"https://a.example", "http://localhost:3000"},
		TrustedProxies: []cli.Network{cli.Network(netip.MustParsePrefix("10.0.0.0/8")), cli.Network(netip.MustParsePrefix("192.0.2.7/32"))},
	}
	if got := b.fake.settings.Limits; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if shown := fmt.Sprintf("%v %+v %#v", want, want, want); strings.Contains(shown, "hunter2") {
		t.Errorf("shown as %s", shown)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
