package cli_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/prove"
)

// proof is a report of one operation that was attacked once.
func proof(leaks int, findings ...*prove.Finding) *prove.Report {
	return &prove.Report{
		URL: "https://api.example.com", Findings: findings,
		Operations: []*prove.Operation{{ID: "getTask", Method: "GET", Path: "/api/v1/tasks/{id}/", Attempts: 1, Controls: 1, Leaks: leaks}},
	}
}

// proving is a command line with all that prove takes.
func proving(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	b.environ = []string{"TENANTRY_OPERATOR_PASSWORD=hunter2-hunter2"}
	b.fake.proof = proof(0)
	return b
}

func (b *bundle) prove(args ...string) result {
	return b.run(append([]string{"prove", "--url", "https://api.example.com/", "--operator", "root"}, args...)...)
}

func TestProveEndsWithOneOnALeakAndTwoOnWhatWasNotTried(t *testing.T) {
	t.Parallel()
	leak := &prove.Finding{Kind: prove.Leak, Operation: "getTask", Place: "id in the path", Detail: "It was read."}
	missed := &prove.Finding{Kind: prove.Missed, Operation: "getTask", Place: "everywhere", Detail: "The operation was not attacked."}
	for name, c := range map[string]struct {
		report *prove.Report
		err    error
		code   int
		says   string
	}{
		"nothing came through":         {proof(0), nil, 0, ""},
		"a leak":                       {proof(1, leak), nil, 1, "tenantry: Something of another tenant's came through: 1 attempts, 1 controls, 1 leaks on 1 operations.\n"},
		"an attack that was not tried": {proof(0, missed), nil, 2, "tenantry: Nothing came through, but not everything could be proved: 1 attempts, 1 controls, 0 leaks on 1 operations.\n"},
		"nothing was tried":            {&prove.Report{}, nil, 2, "tenantry: Nothing came through, but not everything could be proved: 0 attempts, 0 controls, 0 leaks on 0 operations.\n"},
		"it broke off":                 {proof(0), errors.New("connection refused"), 2, "tenantry: the proof did not come to its end: connection refused\n"},
		"it broke off behind a leak":   {proof(1, leak), context.DeadlineExceeded, 1, "tenantry: Something of another tenant's came through: 1 attempts, 1 controls, 1 leaks on 1 operations.\n"},
		"it took too long":             {proof(0), context.DeadlineExceeded, 2, "tenantry: gave up after 30m0s (--timeout)\n"},
		"it never began":               {nil, errors.New("no such database"), 2, "tenantry: the proof did not come to its end: no such database\n"},
	} {
		b := proving(t)
		b.fake.proof, b.fake.proveErr = c.report, c.err
		got := b.prove()
		if got.code != c.code || got.errors != c.says {
			t.Errorf("%s: %+v, want code %d and %q", name, got, c.code, c.says)
		}
		if c.report != nil && !strings.Contains(got.out, c.report.Verdict()) {
			t.Errorf("%s: the report is not printed: %s", name, got.out)
		}
	}
}

func TestProveIsGivenWhatItAsksFor(t *testing.T) {
	t.Parallel()
	b := proving(t)
	if got := b.prove("--rate", "7", "--database-url", "postgres://u:secret@h/d"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	got := b.fake.proved
	if got.URL != "https://api.example.com" || got.Operator != "root" || got.Password != "hunter2-hunter2" || got.Rate != 7 ||
		got.DatabaseURL != "postgres://u:secret@h/d" || got.Progress != nil {
		t.Errorf("options %+v", got)
	}
}

func TestProveIsGivenTheContextKey(t *testing.T) {
	t.Parallel()
	const key, before = "9f86d081884c7d659a2feaa0c55ad015", "postgres://u:secret@h/d"
	b := proving(t)
	writeFile(t, filepath.Join(b.dir, "context.key"), key+"\n")
	if got := b.prove("--database-url", before, "--context-key", "@context.key"); got.code != 0 || string(b.fake.proved.ContextKey) != key {
		t.Errorf("%+v with the key %q", got, b.fake.proved.ContextKey)
	}
	b.environ = append(b.environ, "TENANTRY_CONTEXT_KEY="+key)
	if got := b.prove("--database-url", before); got.code != 0 || string(b.fake.proved.ContextKey) != key {
		t.Errorf("by the variable: %+v with the key %q", got, b.fake.proved.ContextKey)
	}
	b.fake.proveErr = errors.New("it says " + key)
	if got := b.prove("--database-url", before); strings.Contains(got.out+got.errors, key) {
		t.Errorf("the key is printed: %+v", got)
	}
	b.fake.proveErr = nil
	if got := b.prove(); got.code != 0 || b.fake.proved.ContextKey != nil {
		t.Errorf("without a database: %+v with the key %q", got, b.fake.proved.ContextKey)
	}
	for args, want := range map[string]string{
		"--context-key=short --database-url=" + before: "--context-key has 5 bytes",
		"--context-key=" + key:                         "--context-key is for PostgreSQL; it takes --database-url as well",
	} {
		if got := b.prove(strings.Fields(args)...); got.code == 0 || !strings.Contains(got.errors, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// TestTheOperatorsPasswordStandsInNoCommand takes it from a file or a variable alone.
func TestTheOperatorsPasswordStandsInNoCommand(t *testing.T) {
	t.Parallel()
	b := proving(t)
	if err := os.WriteFile(filepath.Join(b.dir, "password"), []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.prove("--operator-password", "@password"); got.code != 0 || b.fake.proved.Password != "from-a-file" {
		t.Errorf("%+v with the password %q", got, b.fake.proved.Password)
	}
	b.environ = nil
	for args, want := range map[string]string{
		"":                               "no password is given; use --operator-password @FILE or TENANTRY_OPERATOR_PASSWORD",
		"--operator-password=in-command": "--operator-password takes @FILE: other users of this machine may see what stands in a command",
		"--operator-password=@missing":   "--operator-password: the file missing can't be read: no such file or directory",
	} {
		if got := b.prove(strings.Fields(args)...); got.code == 0 || got.errors != "tenantry: "+want+"\n" {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

func TestProveWritesItsReports(t *testing.T) {
	t.Parallel()
	b := proving(t)
	if got := b.prove("--report", "r.html", "--report", "r.json", "--report", "r.xml", "--report", "r.txt"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	for name, want := range map[string]string{
		"r.html": "<!doctype html>", "r.json": `"operations": [`, "r.xml": "<testsuite ", "r.txt": "Nothing of another tenant's came through",
	} {
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	b.fake.proof = nil
	if got := b.prove("--report", "r.pdf"); got.code != 2 || got.errors != "tenantry: --report r.pdf: the name ends in .txt, .json, .xml or .html\n" {
		t.Errorf("%+v", got)
	}
	if got := b.run("prove", "--url", "api.example.com", "--operator", "root"); got.code != 2 || !strings.Contains(got.errors, "a service's URL is http://HOST or https://HOST") {
		t.Errorf("%+v", got)
	}
}
