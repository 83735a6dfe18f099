package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/openapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
)

type node = map[string]any

func parse(t *testing.T, text []byte) node {
	t.Helper()
	var out node
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// at follows a path of names through objects.
func at(t *testing.T, from any, names ...string) any {
	t.Helper()
	for _, name := range names {
		object, ok := from.(node)
		if !ok || object[name] == nil {
			t.Fatalf("there is no %q of %q in %v", name, names, from)
		}
		from = object[name]
	}
	return from
}

// walk calls visit for each object of the tree.
func walk(path string, from any, visit func(path string, object node)) {
	switch v := from.(type) {
	case node:
		visit(path, v)
		for name, value := range v {
			walk(path+"/"+name, value, visit)
		}
	case []any:
		for i, value := range v {
			walk(fmt.Sprintf("%s/%d", path, i), value, visit)
		}
	}
}

func TestTheSameTableMakesTheSameBytes(t *testing.T) {
	t.Parallel()
	one, other := build(t), build(t)
	if !reflect.DeepEqual(one, other) { // cmp walks the texts byte by byte, which takes its time
		t.Error(cmp.Diff(one, other))
	}
}

// encoding/json takes the last of two members of one name; YAML, and the tools that read a document, take none.
func TestNoObjectHasAMemberTwice(t *testing.T) {
	t.Parallel()
	doc := build(t)
	for version, text := range map[string][]byte{"3.1": doc.JSON31, "3.0": doc.JSON30} {
		if _, err := jsontext.NewDecoder(bytes.NewReader(text)).ReadValue(); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestEveryReferenceResolves(t *testing.T) {
	t.Parallel()
	doc := build(t)
	for version, text := range map[string][]byte{"3.1": doc.JSON31, "3.0": doc.JSON30} {
		root := parse(t, text)
		used := map[string]bool{}
		walk("", root, func(path string, object node) {
			ref, ok := object["$ref"].(string)
			if !ok {
				return
			}
			used[ref] = true
			names := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
			at(t, root, names...)
			if len(object) > 1 {
				t.Errorf("%s: %s has siblings of $ref, which 3.0 ignores", version, path)
			}
		})
		for _, kind := range []string{"schemas", "parameters", "headers", "responses"} {
			components, _ := at(t, root, "components", kind).(node)
			for name := range components {
				if !used["#/components/"+kind+"/"+name] {
					t.Errorf("%s: nothing refers to %s %s", version, kind, name)
				}
			}
		}
	}
}

func TestTheDocumentHasTheTableAndNothingElse(t *testing.T) {
	t.Parallel()
	paths, _ := at(t, parse(t, build(t).JSON31), "paths").(node)
	documented := map[string]string{}
	for path, item := range paths {
		for method, op := range item.(node) {
			documented[strings.ToUpper(method)+" "+path] = op.(node)["operationId"].(string)
		}
	}
	expected := map[string]string{}
	for _, op := range table() {
		expected[op.Method+" "+op.Path] = op.ID
	}
	if diff := cmp.Diff(expected, documented); diff != "" {
		t.Errorf("the table (-) and the document (+) differ:\n%s", diff)
	}
}

func TestPathsKeepTheOrderOfTheTable(t *testing.T) {
	t.Parallel()
	text := string(build(t).JSON31)
	last := -1
	for _, op := range table() {
		place := strings.Index(text, `"operationId": "`+op.ID+`"`)
		if op.Method == "GET" && op.Kind == operation.List && place < last {
			t.Errorf("%s stands before its place", op.ID)
		}
		last = max(last, place)
	}
}

func TestVersion30HasNothingOf31(t *testing.T) {
	t.Parallel()
	root := parse(t, build(t).JSON30)
	if got := root["openapi"]; got != "3.0.3" {
		t.Errorf("version %v", got)
	}
	nullable := 0
	walk("", root, func(path string, object node) {
		if strings.Contains(path, "/example") || strings.HasSuffix(path, "/properties") {
			return
		}
		if types, isList := object["type"].([]any); isList {
			t.Errorf("%s: a list of types: %v", path, types)
		}
		if object["type"] == "null" {
			t.Errorf("%s: the type null", path)
		}
		if object["nullable"] == true {
			nullable++
			if object["type"] == nil && len(object) > 1 {
				t.Errorf("%s: nullable without a type says nothing", path)
			}
		}
		for _, word := range []string{"const", "prefixItems", "$defs", "if", "unevaluatedProperties", "contentEncoding"} {
			if _, there := object[word]; there {
				t.Errorf("%s: 3.0 has no %s", path, word)
			}
		}
		for _, word := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
			if _, number := object[word].(float64); number {
				t.Errorf("%s: %s is no number in 3.0", path, word)
			}
		}
	})
	if nullable == 0 {
		t.Error("nothing is nullable any more")
	}
}

func TestSchemasOfARecord(t *testing.T) {
	t.Parallel()
	schemas := at(t, parse(t, build(t).JSON31), "components", "schemas")
	answer := []string{"id", "project", "parent", "assignee", "status", "mood", "due_date", "effort", "urgent", "completed_at", "created_by", "created_at"}
	input := []string{"project", "parent", "assignee", "status", "mood", "due_date", "effort", "urgent"}
	for name, want := range map[string]struct {
		properties, required []string
		closed               bool
	}{
		"Task":          {append(slices.Clone(answer), "project_details", "parent_details"), answer, false},
		"TaskSparse":    {append(slices.Clone(answer), "project_details", "parent_details"), nil, false},
		"TaskCreate":    {input, []string{"project"}, true},
		"TaskReplace":   {input, []string{"project"}, true},
		"TaskPatch":     {input[1:], nil, true},
		"ProjectCreate": {[]string{"name", "metadata", "plan"}, []string{"name"}, true},
	} {
		s, _ := at(t, schemas, name).(node)
		properties, _ := s["properties"].(node)
		if diff := cmp.Diff(sorted(want.properties), slices.Sorted(maps.Keys(properties))); diff != "" {
			t.Errorf("%s: properties: %s", name, diff)
		}
		var required []string
		for _, field := range list(s["required"]) {
			required = append(required, field.(string))
		}
		if diff := cmp.Diff(want.required, required); diff != "" {
			t.Errorf("%s: required: %s", name, diff)
		}
		if closed := s["additionalProperties"] == false; closed != want.closed {
			t.Errorf("%s: closed is %v", name, closed)
		}
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

func list(v any) []any { l, _ := v.([]any); return l }

func TestSchemasOfFields(t *testing.T) {
	t.Parallel()
	schemas := at(t, parse(t, build(t).JSON31), "components", "schemas")
	for path, want := range map[string]string{
		"Task/id":                   `{"type":"string","format":"uuid","readOnly":true}`,
		"Task/mood":                 `{"type":["string","null"],"enum":["good","bad",null]}`,
		"Task/due_date":             `{"type":["string","null"],"format":"date"}`,
		"Task/effort":               `{"type":"number","format":"double","minimum":0,"maximum":100}`,
		"Task/completed_at":         `{"type":["string","null"],"format":"date-time","readOnly":true}`,
		"Task/project_details":      `{"$ref":"#/components/schemas/Project"}`,
		"Task/parent_details":       `{"anyOf":[{"$ref":"#/components/schemas/Task"},{"type":"null"}]}`,
		"TaskCreate/status":         `{"type":"string","enum":["todo","done"],"default":"todo"}`,
		"TaskPatch/status":          `{"type":"string","enum":["todo","done"]}`,
		"ProjectCreate/name":        `{"type":"string","minLength":1,"maxLength":255,"description":"Unique in the tenant."}`,
		"TaskCreate/assignee":       `{"type":["string","null"],"format":"uuid","description":"The id of one of the tenant's members.","x-references":"members","x-references-by":"user"}`,
		"TaskPatch/parent":          `{"type":["string","null"],"format":"uuid","description":"The id of one of the tenant's tasks.","x-references":"tasks"}`,
		"ProjectStatistics/total":   `{"type":"integer","format":"int64","description":"All."}`,
		"ProjectStatistics/days":    `{"type":"array","items":{"type":"string","format":"date"}}`,
		"ProjectStatistics/by_name": `{"type":"object","additionalProperties":{"type":["number","null"],"format":"double"}}`,
		"TaskPage/results":          `{"type":"array","items":{"anyOf":[{"$ref":"#/components/schemas/Task"},{"$ref":"#/components/schemas/TaskSparse"}]}}`,
		"Event/changes": `{"type":"object","additionalProperties":{"type":"array","items":{"type":["string","number","boolean","object","null"]},"minItems":2,"maxItems":2,
			"description":"The old value and the new one."},"description":"The fields that changed: [old, new] each.","readOnly":true}`,
	} {
		name, field, _ := strings.Cut(path, "/")
		var expected any
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, at(t, schemas, name, "properties", field)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	event, _ := at(t, schemas, "Event", "properties").(node)
	if event["actor_id"] != nil {
		t.Error("an event shows its hidden field")
	}
}

// TestParametersAreThoseThatQueryTakes holds the document against the parser: each parameter that is documented for a
// list must be taken, and each filter that is taken must be documented.
func TestParametersAreThoseThatQueryTakes(t *testing.T) {
	t.Parallel()
	paths := at(t, parse(t, build(t).JSON31), "paths")
	for _, op := range table() {
		if op.Kind != operation.List && op.Kind != operation.ListEvents {
			continue
		}
		documented := map[string]node{}
		for _, p := range list(at(t, paths, op.Path, "get", "parameters")) {
			if name, ok := p.(node)["name"].(string); ok {
				documented[name] = p.(node)
			}
		}
		for i := range op.Resource.Fields {
			for _, name := range query.Lookups(&op.Resource.Fields[i]) {
				if documented[name] == nil {
					t.Errorf("%s: %s is not documented", op.ID, name)
				}
				delete(documented, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(documented)) {
			params := map[string][]string{name: {sample(documented[name])}}
			if _, err := query.Parse(op.Resource, params, query.Options{Expandable: func(string) bool { return true }}); err != nil {
				t.Errorf("%s: %s is documented and refused: %v", op.ID, name, err)
			}
		}
	}
}

func sample(parameter node) string {
	s, _ := parameter["schema"].(node)
	if items, ok := s["items"].(node); ok {
		s = items
	}
	if choices := list(s["enum"]); len(choices) > 0 {
		return choices[0].(string)
	}
	return "x"
}

func TestAListingSaysWhatItRequires(t *testing.T) {
	t.Parallel()
	parameters := list(at(t, parse(t, build(t).JSON31), "paths", "/api/v1/tasks/by-status/", "get", "parameters"))
	for _, p := range parameters {
		if p := p.(node); (p["name"] == "status") != (p["required"] == true) {
			t.Errorf("%v: required is %v", p["name"], p["required"])
		}
	}
}

func TestErrorsOfOperations(t *testing.T) {
	t.Parallel()
	root := parse(t, build(t).JSON31)
	for place, want := range map[string]string{
		"GET /healthz":                      "200 422 500",
		"GET /readyz":                       "200 422 500 503",
		"GET /api/schema/":                  "200 304 400 412 422 429 500",
		"POST /api/v1/auth/token/":          "200 400 401 403 413 415 422 429 500 503",
		"POST /api/v1/auth/token/revoke/":   "204 400 413 415 422 429 500 503",
		"GET /api/v1/me/":                   "200 400 401 403 412 422 429 500 503",
		"GET /api/v1/tasks/":                "200 400 401 403 412 422 429 500 503",
		"GET /api/v1/projects/{id}/tasks/":  "200 400 401 403 404 412 422 429 500 503",
		"POST /api/v1/tasks/":               "201 400 401 403 409 412 413 415 422 429 500 503",
		"GET /api/v1/tasks/{id}/":           "200 304 400 401 403 404 412 422 429 500 503",
		"PATCH /api/v1/tasks/{id}/":         "200 400 401 403 404 409 412 413 415 422 429 500 503",
		"DELETE /api/v1/tasks/{id}/":        "204 400 401 403 404 409 412 422 429 500 503",
		"POST /api/v1/tasks/{id}/complete/": "200 400 401 403 404 409 412 413 415 422 429 500 503",
	} {
		method, path, _ := strings.Cut(place, " ")
		responses, _ := at(t, root, "paths", path, strings.ToLower(method), "responses").(node)
		if got := strings.Join(slices.Sorted(maps.Keys(responses)), " "); got != want {
			t.Errorf("%s: statuses %s, want %s", place, got, want)
		}
		for status, response := range responses {
			if status < "400" {
				continue
			}
			ref, _ := response.(node)["$ref"].(string)
			shared := at(t, root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			examples, _ := at(t, shared, "content", "application/problem+json", "examples").(node)
			for name, example := range examples {
				if got := fmt.Sprint(at(t, example, "value", "status")); got != status {
					t.Errorf("%s: the example %s of %s has status %s", place, name, status, got)
				}
			}
			if len(examples) == 0 {
				t.Errorf("%s: %s has no example", place, status)
			}
		}
	}
}

// TestAnswersUnderAPISayTheirLimits also looks at the others, which have none.
func TestAnswersUnderAPISayTheirLimits(t *testing.T) {
	t.Parallel()
	root := parse(t, build(t).JSON31)
	for _, op := range table() {
		responses, _ := at(t, root, "paths", op.Path, strings.ToLower(op.Method), "responses").(node)
		for status, response := range responses {
			ref, shared := response.(node)["$ref"].(string)
			if shared {
				response = at(t, root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
			headers, _ := response.(node)["headers"].(node)
			if want := shared || strings.HasPrefix(op.Path, "/api/"); (headers["RateLimit"] != nil) != want || (headers["RateLimit-Policy"] != nil) != want {
				t.Errorf("%s: %s has the headers %v", op.ID, status, slices.Sorted(maps.Keys(headers)))
			}
			if status == "429" && headers["Retry-After"] == nil {
				t.Errorf("%s: 429 without Retry-After", op.ID)
			}
		}
	}
}

func TestPublicOperationsAskForNoToken(t *testing.T) {
	t.Parallel()
	root := parse(t, build(t).JSON31)
	for _, op := range table() {
		described, _ := at(t, root, "paths", op.Path, strings.ToLower(op.Method)).(node)
		want := map[operation.Audience]any{
			operation.Public: []any{}, operation.TenantToken: nil, operation.OperatorToken: []any{node{"operatorAuth": []any{}}},
		}[op.Audience]
		if op.Kind == operation.ClientToken {
			want = []any{node{"clientBasic": []any{}}, node{}}
		}
		if diff := cmp.Diff(want, described["security"]); diff != "" {
			t.Errorf("%s: its security: %s", op.ID, diff)
		}
	}
}

func TestYAMLQuotesWhatIsNoPlainText(t *testing.T) {
	t.Parallel()
	var lines []string
	for line := range strings.Lines(string(build(t).YAML31)) {
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	for _, line := range []string{`openapi: "3.1.0"`, `  version: "1"`, `  "/healthz":`, `        "200":`, `  - bearerAuth: []`, `            - null`} {
		if !slices.Contains(lines, line) {
			t.Errorf("there is no line %q", line)
		}
	}
}

func TestMistakesOfTheTable(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func([]operation.Operation) []operation.Operation{
		"one name for two operations": func(ops []operation.Operation) []operation.Operation {
			ops[1].ID = ops[0].ID
			return ops
		},
		"one place for two operations": func(ops []operation.Operation) []operation.Operation {
			ops[1].Path = ops[0].Path
			return ops
		},
		"one schema for two resources": func(ops []operation.Operation) []operation.Operation {
			other := &schema.Resource{Name: "todos", Singular: "task", Fields: []schema.Field{{Name: "id", Type: schema.UUID}}}
			other.Finish()
			return append(ops, operation.Operation{ID: "listTodos", Method: "GET", Path: "/api/v1/todos/", Kind: operation.List, Resource: other})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := openapi.Build(openapi.Info{Title: "x", Version: "1"}, spoil(table())); err == nil {
				t.Error("nobody minds")
			}
		})
	}
}
