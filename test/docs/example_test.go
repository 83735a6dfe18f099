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

// operations returns what the document names, as `name: METHOD /path/`.
func (s *shell) operations(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(s.binaries, "tenantry"), "openapi").Output()
	if err != nil {
		t.Fatal(err)
	}
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
