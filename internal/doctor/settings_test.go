package doctor_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
)

// goodKey is random.
const goodKey = "mTq2Zx0vJ8rYw5Lk1cHd7NbG4sPf9aUe6oRi3WtXyEo="

// healthy are settings without a fault.
func healthy(t *testing.T) doctor.Settings {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	write(t, file, 0o600)
	return doctor.Settings{
		Production: true, Key: []byte(goodKey), SecretFiles: []string{file, filepath.Join(dir, ".env")}, TokensFile: filepath.Join(dir, "test_tokens.json"),
		DatabaseURL: "postgres://server:Zx0vJ8rYw5Lk1cHd@db.example.com/d?sslmode=verify-full", Listeners: map[string]string{"--addr": "0.0.0.0:8000"},
		Origins: []string{"https://app.example.com"}, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Redis: func(context.Context) error { return nil }, Files: func(context.Context) error { return nil },
	}
}

func write(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// found returns what is wrong, by check: "status: found".
func found(t *testing.T, s doctor.Settings) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, result := range examine(t, s.Checks()...).Checks {
		for _, f := range result.Findings {
			if f.Status == finding.OK {
				continue
			}
			if f.Do == "" {
				t.Errorf("%s: %q does not say what to do", result.ID, f.Found)
			}
			out[result.ID] = append(out[result.ID], f.Status.String()+": "+f.Found)
		}
	}
	return out
}

// TestEachFaultOfTheSettingsIsFound plants one fault and expects its finding and no other.
func TestEachFaultOfTheSettingsIsFound(t *testing.T) {
	t.Parallel()
	key := func(key string) func(*testing.T, *doctor.Settings) {
		return func(_ *testing.T, s *doctor.Settings) { s.Key = []byte(key) }
	}
	mode := func(mode os.FileMode) func(*testing.T, *doctor.Settings) {
		return func(t *testing.T, s *doctor.Settings) { t.Helper(); write(t, s.SecretFiles[0], mode) }
	}
	proxy := func(network string) func(*testing.T, *doctor.Settings) {
		return func(_ *testing.T, s *doctor.Settings) { s.Proxies = []netip.Prefix{netip.MustParsePrefix(network)} }
	}
	for name, test := range map[string]struct {
		plant func(*testing.T, *doctor.Settings)
		check string
		want  []string // nothing where the check is empty
	}{
		"nothing":          {plant: func(*testing.T, *doctor.Settings) {}},
		"no key":           {key(""), "signing_key", []string{"critical: There is no signing key."}},
		"a short key":      {key("Zx0vJ8rYw5Lk1cHd"), "signing_key", []string{"critical: The signing key is shorter than 32 bytes."}},
		"a simple key":     {key("aabbccddaabbccddaabbccddaabbccdd1"), "signing_key", []string{"critical: The signing key has too few different characters."}},
		"a repeated key":   {key(strings.Repeat("Zx0vJ8rYw5Lk", 3)), "signing_key", []string{"critical: The signing key repeats itself."}},
		"a counted key":    {key("abcdefghijklmnopqrstuvwxyz0123456789"), "signing_key", []string{"critical: The signing key is a sequence."}},
		"an example's key": {key("your-256-bit-secret-for-the-server"), "signing_key", []string{"critical: The signing key is that of an example."}},
		"a weak key in development": {
			func(_ *testing.T, s *doctor.Settings) {
				s.Production, s.Key = false, []byte("this is a password for my server!")
			},
			"signing_key",
			[]string{"warning: The signing key is that of an example; production would refuse it."},
		},
		"no key in development": {plant: func(_ *testing.T, s *doctor.Settings) { s.Production, s.Key = false, nil }},
		"a key that can't be read": {
			func(_ *testing.T, s *doctor.Settings) { s.Key, s.KeyProblem = nil, "The file key can't be read." },
			"signing_key",
			[]string{"critical: The file key can't be read."},
		},
		"a secret that others may read":  {mode(0o644), "secret_files", []string{"warning: FILE holds a secret and has the mode 0644: others than its owner get at it."}},
		"a secret that a group may read": {mode(0o640), "secret_files", []string{"warning: FILE holds a secret and has the mode 0640: others than its owner get at it."}},
		"a secret that others may write": {mode(0o602), "secret_files", []string{"critical: FILE holds a secret and has the mode 0602: others than its owner get at it."}},
		"a password of our own pages": {
			func(_ *testing.T, s *doctor.Settings) {
				s.DatabaseURL = "postgres://tenantry_server:secret@127.0.0.1/d"
			},
			"database_password",
			[]string{"warning: The password in --database-url is one that is tried first."},
		},
		"a password that is the name": {
			func(_ *testing.T, s *doctor.Settings) {
				s.Production, s.MigrationURL = false, "postgres://shop:shop@127.0.0.1/d"
			},
			"database_password",
			[]string{"warning: The password in --migration-url is one that is tried first."},
		},
		"the owner's connection": {
			func(_ *testing.T, s *doctor.Settings) {
				s.MigrationURL = "postgres://owner:Zx0vJ8rYw5Lk1cHd@127.0.0.1/d"
			},
			"migration_url",
			[]string{"warning: The connection of the tables' owner is set where the server runs: whoever breaks into the server has it."},
		},
		"sample data": {
			func(_ *testing.T, s *doctor.Settings) { s.SampleData = true },
			"sample_data",
			[]string{"critical: Sample users are asked for in production: anyone could know them."},
		},
		"tokens of sample users": {
			func(t *testing.T, s *doctor.Settings) { t.Helper(); write(t, s.TokensFile, 0o600) },
			"sample_tokens",
			[]string{"warning: TOKENS holds passwords and tokens of sample users."},
		},
		"tokens of sample users in development": {
			plant: func(t *testing.T, s *doctor.Settings) {
				t.Helper()
				s.Production = false
				write(t, s.TokensFile, 0o600)
			},
		},
		"a public address without a proxy": {
			func(_ *testing.T, s *doctor.Settings) { s.Proxies = nil },
			"listeners",
			[]string{"warning: --addr 0.0.0.0:8000 can be reached from other machines, by plain HTTP, and no proxy is trusted."},
		},
		"every interface": {
			func(_ *testing.T, s *doctor.Settings) { s.Proxies, s.Listeners["--addr"] = nil, ":8000" },
			"listeners",
			[]string{"warning: --addr :8000 can be reached from other machines, by plain HTTP, and no proxy is trusted."},
		},
		"metrics for everybody": {
			func(_ *testing.T, s *doctor.Settings) { s.Metrics = ":9464" },
			"metrics",
			[]string{"warning: --metrics-addr :9464 can be reached from other machines and asks nobody who they are."},
		},
		"metrics for this machine": {plant: func(_ *testing.T, s *doctor.Settings) { s.Metrics = "127.0.0.1:9464" }},
		"metrics in development":   {plant: func(_ *testing.T, s *doctor.Settings) { s.Metrics, s.Production = ":9464", false }},
		"loopback":                 {plant: func(_ *testing.T, s *doctor.Settings) { s.Proxies, s.Listeners["--addr"] = nil, "[::1]:8000" }},
		"everybody":                {proxy("0.0.0.0/0"), "trusted_proxies", []string{"critical: Everybody (0.0.0.0/0) is believed about who he is."}},
		"everybody's IPv6":         {proxy("::/0"), "trusted_proxies", []string{"critical: Everybody (::/0) is believed about who he is."}},
		"half of everybody": {
			proxy("0.0.0.0/1"), "trusted_proxies",
			[]string{"warning: The network 0.0.0.0/1 is believed about clients, and is too wide to be yours."},
		},
		"a network in private": {plant: proxy("fc00::/7")},
		"pages by plain HTTP": {
			func(_ *testing.T, s *doctor.Settings) { s.Origins = append(s.Origins, "http://app.example.com") },
			"origins",
			[]string{"warning: Pages of http://app.example.com may call the API, and anybody on their way can change them."},
		},
		"no limits": {
			func(_ *testing.T, s *doctor.Settings) { s.RatesOff = []string{"--rate-anonymous", "--rate-login"} },
			"rate_limits",
			[]string{"warning: There is no limit for requests, as --rate-anonymous, --rate-login says."},
		},
		"a Redis that is away": {
			func(_ *testing.T, s *doctor.Settings) {
				s.Redis = func(context.Context) error { return errors.New("connection refused") }
			},
			"redis",
			[]string{"warning: The Redis does not answer: connection refused."},
		},
		"no Redis": {plant: func(_ *testing.T, s *doctor.Settings) { s.Redis = nil }},
		"a bucket that is away": {
			func(_ *testing.T, s *doctor.Settings) {
				s.Files = func(context.Context) error { return errors.New("there is no bucket b") }
			},
			"files",
			[]string{"critical: The place for files can't be used: there is no bucket b."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := healthy(t)
			test.plant(t, &s)
			want := map[string][]string{}
			if test.check != "" {
				want[test.check] = test.want
			}
			got := found(t, s)
			for _, all := range got {
				for i := range all {
					all[i] = strings.NewReplacer(s.SecretFiles[0], "FILE", s.TokensFile, "TOKENS").Replace(all[i])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestRandomKeysHaveNoFault makes keys as our pages tell people to, always the same ones.
func TestRandomKeysHaveNoFault(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	key := make([]byte, 48)
	for range 5000 {
		_, _ = random.Read(key) // which never fails
		for _, text := range []string{base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key[:16]), string(key[:32])} {
			if fault := doctor.KeyFault([]byte(text)); fault != "" {
				t.Fatalf("%q %s", text, fault)
			}
		}
	}
}
