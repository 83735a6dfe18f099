package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
)

func report(status finding.Status, found string) doctor.Report {
	return doctor.Report{Status: status, Checks: []doctor.Result{
		{ID: "server_role", Title: "Row security binds the server's role", Status: status, Findings: []finding.Finding{{Status: status, Found: found, Do: "Mend it."}}},
	}}
}

func TestDoctorEndsWithOneOnWhatIsCritical(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status finding.Status
		args   string
		code   int
		stderr string
	}{
		{finding.OK, "doctor", 0, ""},
		{finding.OK, "doctor --strict", 0, ""},
		{finding.Warning, "doctor", 0, ""},
		{finding.Warning, "doctor --strict", 1, "tenantry: the worst finding is warning\n"},
		{finding.Critical, "doctor", 1, "tenantry: the worst finding is critical\n"},
		{finding.Critical, "doctor --format json", 1, "tenantry: the worst finding is critical\n"},
	} {
		b := setup(t)
		b.fake.report = report(test.status, "It is so.")
		got := b.run(strings.Fields(test.args)...)
		if got.code != test.code || got.errors != test.stderr || !strings.Contains(got.out, "It is so.") {
			t.Errorf("%s, %s: %+v", test.args, test.status, got)
		}
		if left, _ := os.ReadDir(b.dir); len(left) > 0 {
			t.Errorf("%s made %s", test.args, left[0].Name())
		}
	}
	b := setup(t)
	b.fake.doctorErr = errors.New("cut short")
	if got := b.run("doctor"); got.code != 1 || got.errors != "tenantry: cut short\n" || got.out != "" {
		t.Errorf("got %+v", got)
	}
}

func TestDoctorPrintsATableOrJSONAndNoSecret(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.environ = []string{"TENANTRY_JWT_SIGNING_KEY=9f86d081884c7d659a2feaa0c55ad015", "TENANTRY_REDIS_URL=redis://:hunter3@h:6379"}
	b.fake.report = report(finding.Warning, "postgres://u:hunter2@h/d, hunter2, hunter3 and 9f86d081884c7d659a2feaa0c55ad015\nsay no.")
	const url = "--database-url=postgres://u:hunter2@h/d"
	got := b.run("doctor", url)
	want := "STATUS    CHECK        FOUND\n" +
		"warning   server_role  postgres://u@h/d, (secret), (secret) and (secret); say no.\n" +
		"                       Do: Mend it.\n\n0 ok, 1 with warnings, 0 critical.\n"
	if diff := cmp.Diff(want, got.out); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	got = b.run("doctor", url, "--format", "json")
	var answer struct {
		Status string
		Checks []struct {
			ID, Title, Status string
			Findings          []struct{ Status, Found, Do string }
		}
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil {
		t.Fatalf("%v: %s", err, got.out)
	}
	if answer.Status != "warning" || answer.Checks[0].Findings[0].Found != "postgres://u@h/d, (secret), (secret) and (secret); say no." {
		t.Errorf("got %+v", answer)
	}
}

func TestDoctorSeesWhatServeWouldUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	writeFile(t, filepath.Join(b.dir, ".env"), "TENANTRY_DEMO=true\nTENANTRY_ENVIRONMENT=production\n")
	writeFile(t, filepath.Join(b.dir, "key"), "short\n")
	b.run("doctor", "--jwt-signing-key", "@key", "--key-encryption-key", "@sealing", "--addr", ":80", "--data-dir", "x")
	got := b.fake.settings
	seen := got.Seen
	if string(got.Tokens.Key) != "short" || seen.KeyProblem != "" || !seen.SampleData || seen.Listeners["--addr"] != ":80" ||
		string(got.Storage.DataDir) != filepath.Join(b.dir, "x") || seen.TokensFile != filepath.Join(b.dir, "test_tokens.json") {
		t.Errorf("got %+v, %+v", got, seen)
	}
	if diff := cmp.Diff([]string{filepath.Join(b.dir, "key"), filepath.Join(b.dir, "sealing")}, seen.SecretFiles); diff != "" {
		t.Error(diff)
	}
	b.run("doctor", "--jwt-signing-key", "@none")
	if got := b.fake.settings; len(got.Tokens.Key) > 0 || got.Seen.KeyProblem != "--jwt-signing-key: the file none can't be read: no such file or directory." {
		t.Errorf("got %+v", got)
	}
	// The key in the data directory is development's alone.
	writeFile(t, filepath.Join(b.dir, "signing.key"), "9f86d081884c7d659a2feaa0c55ad015\n")
	for environment, want := range map[string]string{"production": "", "development": "9f86d081884c7d659a2feaa0c55ad015"} {
		b.run("doctor", "--data-dir", ".", "--environment", environment)
		if got := string(b.fake.settings.Tokens.Key); got != want {
			t.Errorf("%s: the key is %q", environment, got)
		}
	}
}

func TestServeTellsWhatItSees(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.server.serveErr = errors.New("enough")
	b.run("serve", "--addr", "127.0.0.1:0")
	if diff := cmp.Diff([]string{filepath.Join(b.dir, "data", "signing.key")}, b.fake.settings.Seen.SecretFiles); diff != "" {
		t.Error(diff)
	}
}

func TestAnEnvironmentFileIsASecretWhereItHoldsOne(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		"TENANTRY_ADDR=:80\nPASSWORD=hunter2\n":                        false,
		"TENANTRY_DATABASE_URL=postgres://u@h/d\n":                     false,
		"TENANTRY_JWT_SIGNING_KEY=@key\n":                              false,
		"TENANTRY_DATABASE_URL=postgres://u:hunter2@h/d\n":             true,
		"TENANTRY_MIGRATION_URL=postgres://u@h/d?password=hunter2\n":   true,
		"TENANTRY_REDIS_URL=redis://:hunter2@h:6379\n":                 true,
		"TENANTRY_JWT_SIGNING_KEY=9f86d081884c7d659a2feaa0c55ad015\n":  true,
		"TENANTRY_JWT_SIGNING_KEY=\nTENANTRY_DATABASE_URL=\n":          false,
		"#TENANTRY_JWT_SIGNING_KEY=9f86d081884c7d659a2feaa0c55ad015\n": false,
	} {
		b := setup(t)
		writeFile(t, filepath.Join(b.dir, ".env"), content)
		b.run("doctor", "--database-url=postgres://u@h/d", "--environment=production", "--jwt-signing-key=9f86d081884c7d659a2feaa0c55ad015")
		if got := len(b.fake.settings.Seen.SecretFiles) > 0; got != want {
			t.Errorf("%s: %t", content, got)
		}
	}
}
