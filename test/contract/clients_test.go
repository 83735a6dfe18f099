package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The tests here run other tools, which take all of a machine: one after the other, not in parallel.

func TestSpectral(t *testing.T) {
	node := installNode(t)
	for _, version := range []string{"3.1", "3.0"} {
		run(t, node, nil, bin(node, "spectral"), "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", writeDocument(t, version))
	}
}

func TestRedocly(t *testing.T) {
	node := installNode(t)
	env := []string{"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true"}
	for _, version := range []string{"3.1", "3.0"} {
		out := run(t, node, env, bin(node, "redocly"), "lint", "--config", "redocly.yaml", "--format", "json", writeDocument(t, version))
		var report struct {
			Totals *struct{ Errors, Warnings, Ignored int }
		}
		if err := json.Unmarshal(out, &report); err != nil || report.Totals == nil {
			t.Fatalf("redocly's report: %v\n%s", err, out)
		}
		// Its exit status only counts errors.
		if n := *report.Totals; n.Errors+n.Warnings+n.Ignored > 0 {
			t.Errorf("OpenAPI %s: redocly has objections:\n%s", version, out)
		}
	}
}

// TestGoClient makes a client from the document in 3.0, since oapi-codegen can't read type lists, and runs
// goclient/flow_test.go with it.
func TestGoClient(t *testing.T) {
	env := serveForClient(t)
	dir := t.TempDir()
	client := filepath.Join(dir, "client.go")
	run(t, ".", nil, "go", "tool", "oapi-codegen", "-config", "goclient/oapi-codegen.yaml", "-o", client, writeDocument(t, "3.0"))
	place, err := filepath.Abs(filepath.Join("goclient", "client.go"))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: client}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "overlay.json"), overlay)
	out := run(t, ".", env, "go", "test", "-v", "-count=1", "-tags=generated", "-overlay="+filepath.Join(dir, "overlay.json"), "./goclient")
	if !bytes.Contains(out, []byte("--- PASS: TestFlow")) {
		t.Errorf("the client did not run:\n%s", out)
	}
}

// TestTypeScriptClient makes types from the document, compiles node/flow.ts with them and runs it.
func TestTypeScriptClient(t *testing.T) {
	node := installNode(t)
	env := serveForClient(t)
	generated := filepath.Join(node, "generated")
	if err := os.RemoveAll(generated); err != nil {
		t.Fatal(err)
	}
	// It takes a field with a default for one that is always there, which is true of answers alone, unless it is told not to.
	run(t, node, nil, bin(node, "openapi-typescript"), writeDocument(t, "3.1"), "--default-non-nullable=false",
		"--output", filepath.Join(generated, "schema.d.ts"))
	run(t, node, nil, bin(node, "tsc"))
	if out := run(t, node, env, "node", filepath.Join(generated, "flow.js")); !bytes.Contains(out, []byte("done")) {
		t.Errorf("the client did not run to its end:\n%s", out)
	}
}

// installNode installs the packages of node/package-lock.json, unless they are there, and returns their folder.
func installNode(t *testing.T) string {
	t.Helper()
	node, err := installedNode()
	if err != nil {
		t.Fatal(err)
	}
	return node
}

var installedNode = sync.OnceValues(func() (string, error) {
	node, err := filepath.Abs("node")
	if err != nil {
		return "", err
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", errors.New("There is no " + tool + " to check the OpenAPI document with: run scripts/ensure-node, or install Node.js 18.18 or newer with npm.")
		}
	}
	lock, err := os.ReadFile(filepath.Join(node, "package-lock.json"))
	if err != nil {
		return "", err
	}
	stamp := filepath.Join(node, "node_modules", ".installed-lock.json")
	if installed, err := os.ReadFile(stamp); err == nil && bytes.Equal(installed, lock) {
		return node, nil
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = node
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.New("npm ci in test/contract/node: " + err.Error() + "\n" + string(out))
	}
	return node, os.WriteFile(stamp, lock, 0o600)
})

func bin(node, tool string) string { return filepath.Join(node, "node_modules", ".bin", tool) }

// writeDocument has the binary print the document, and returns the file that it is in.
func writeDocument(t *testing.T, version string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build the server: %v", err)
	}
	file := filepath.Join(t.TempDir(), "openapi-"+version+".json")
	writeFile(t, file, run(t, ".", nil, path, "openapi", "--version", version))
	return file
}

func writeFile(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveForClient starts a server and returns the environment that tells a client where it is and who may sign in.
func serveForClient(t *testing.T) []string {
	t.Helper()
	base, issued := startServer(t)
	tenant := issued.Tenants[0]
	return []string{
		"TENANTRY_URL=" + base, "TENANTRY_TENANT=" + tenant.Slug,
		"TENANTRY_USERNAME=" + tenant.Users[0].Username, "TENANTRY_PASSWORD=" + tenant.Users[0].Password,
	}
}

// run runs a command that has to succeed, and returns what it wrote to standard output.
func run(t *testing.T, dir string, env []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), env...), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out
}
