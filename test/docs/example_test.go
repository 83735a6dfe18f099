package docs_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// examplesPage shows every operation once.
const examplesPage = "API_EXAMPLES.md"

var (
	exampleHeading = regexp.MustCompile("(?m)^#### (\\w+): `([A-Z]+ [^`]+)`$")
	logged         = regexp.MustCompile(`msg=request .*method=(\S+) route=(\S+) status=2\d\d `)
)

// document is what the page's program says of itself.
func (s *shell) document(t *testing.T) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(s.binaries, "tenantry"), "openapi").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// operations returns what a document names, as `name: METHOD /path/`.
func operations(t *testing.T, out []byte) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(out, &document); err != nil {
		t.Fatal(err)
	}
	var found []string
	for path, methods := range document.Paths {
		for method, raw := range methods {
			var operation struct{ OperationID string }
			if json.Unmarshal(raw, &operation) == nil && operation.OperationID != "" {
				found = append(found, fmt.Sprintf("%s: %s %s", operation.OperationID, strings.ToUpper(method), path))
			}
		}
	}
	return found
}

// checkExamples holds the page to the document: each operation has one heading, under it a request and its answer, and
// the server's log says that the operation was asked for with success.
func checkExamples(t *testing.T, content, log string, operations []string) {
	t.Helper()
	served := map[string]bool{}
	for _, request := range logged.FindAllStringSubmatch(log, -1) {
		served[request[1]+" "+request[2]] = true
	}
	var listed []string
	seen := map[string]bool{}
	headings := exampleHeading.FindAllStringSubmatchIndex(content, -1)
	for i, at := range headings {
		name, request, end := content[at[2]:at[3]], content[at[4]:at[5]], len(content)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		listed = append(listed, name+": "+request)
		if section := content[at[1]:end]; !strings.Contains(section, "```sh\n") || !regexp.MustCompile("(?m)^```(json|text)$").MatchString(section) {
			t.Errorf("%s has no request or no answer", name)
		}
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if !served[request] {
			t.Errorf("%s: no request of the page got there", name)
		}
	}
	same(t, "docs/"+examplesPage+", the headings", listed, operations)
}

// TestComparedRoutes holds the comparison to the document: what it says is here is here, and each resource's operations
// are all compared.
func TestComparedRoutes(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/tenantry", "openapi")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, operation := range operations(t, out) {
		_, request, _ := strings.Cut(operation, ": ")
		served[request] = true
	}
	compared := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([A-Z]+ /[^`]*)` \\|")
	for _, found := range row.FindAllStringSubmatch(page(t, "docs/COMPARISON.md"), -1) {
		compared[found[1]] = true
		if !served[found[1]] {
			t.Errorf("docs/COMPARISON.md: there is no %s", found[1])
		}
	}
	for request := range served {
		if regexp.MustCompile(`/api/v1/(projects|tasks|documents)/`).MatchString(request) &&
			!strings.HasSuffix(request, "/content/") && !compared[request] {
			t.Errorf("docs/COMPARISON.md: %s is not compared", request)
		}
	}
}
