package prove

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// node is an object of the OpenAPI document.
type node = map[string]any

// document is what the service says of itself.
type document struct {
	root node
	ops  []*operation
}

// audience is whose token an operation takes.
type audience uint8

const (
	tenants audience = iota
	nobody
	operators
)

// operation is one operation of the document.
type operation struct {
	id, method, path string
	audience         audience
	params           []parameter
	// keys are the names of the parameters in the path, from left to right.
	keys []string
	// body is the schema of what it takes as media; nil where it takes no body, or a file.
	body  node
	media string
	file  bool
	// answer is the schema of its answer where it went well, status the answer's status.
	answer node
	status int
	// recipe says which values a body needs to be taken, where that was found by trying.
	recipe recipe
}

// parameter is one in a query string or a header.
type parameter struct {
	name, in string
	required bool
	schema   node
}

// readDocument reads an OpenAPI document in JSON.
func readDocument(text []byte) (*document, error) {
	d := &document{}
	if err := json.Unmarshal(text, &d.root); err != nil {
		return nil, fmt.Errorf("the OpenAPI document can't be read: %w", err)
	}
	paths := object(d.root["paths"])
	if len(paths) == 0 {
		return nil, errors.New("the OpenAPI document has no paths")
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := object(paths[path])
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op := object(item[method]); op != nil {
				d.ops = append(d.ops, d.operation(strings.ToUpper(method), path, op))
			}
		}
	}
	return d, nil
}

func (d *document) operation(method, path string, n node) *operation {
	op := &operation{method: method, path: path, audience: d.audience(n), recipe: recipe{}}
	op.id, _ = n["operationId"].(string)
	if op.id == "" {
		op.id = method + " " + path
	}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.keys = append(op.keys, strings.TrimSuffix(name, "}"))
		}
	}
	for _, p := range list(n["parameters"]) {
		given := d.resolve(object(p))
		if in := text(given["in"]); in == "query" || in == "header" {
			op.params = append(op.params, parameter{
				name: text(given["name"]), in: in, required: given["required"] == true, schema: d.resolve(object(given["schema"])),
			})
		}
	}
	d.readBody(op, d.resolve(object(n["requestBody"])))
	d.readAnswer(op, object(n["responses"]))
	return op
}

// audience reads the security of an operation: none, or a scheme whose name says that it is the operators'.
func (d *document) audience(n node) audience {
	required, own := n["security"]
	if !own {
		required = d.root["security"]
	}
	schemes := list(required)
	if len(schemes) == 0 || slices.ContainsFunc(schemes, func(one any) bool { return len(object(one)) == 0 }) {
		return nobody
	}
	for name := range object(schemes[0]) {
		if strings.Contains(strings.ToLower(name), "operator") {
			return operators
		}
	}
	return tenants
}

func (d *document) readBody(op *operation, body node) {
	content := object(body["content"])
	for _, media := range []string{"application/json", "application/merge-patch+json", "application/x-www-form-urlencoded"} {
		if one := object(content[media]); one != nil {
			op.media, op.body = media, d.resolve(object(one["schema"]))
			return
		}
	}
	if len(content) > 0 {
		op.file, op.media = true, "application/octet-stream"
	}
}

func (d *document) readAnswer(op *operation, responses node) {
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		n, err := strconv.Atoi(status)
		if err != nil || n >= http.StatusMultipleChoices {
			continue
		}
		op.status = n
		answer := d.resolve(object(responses[status]))
		if one := object(object(answer["content"])["application/json"]); one != nil {
			op.answer = d.resolve(object(one["schema"]))
		}
		return
	}
}

// resolve follows the reference that n consists of.
func (d *document) resolve(n node) node {
	for range 10 {
		ref, ok := n["$ref"].(string)
		if !ok {
			return n
		}
		var at any = d.root
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = object(at)[part]
		}
		n = object(at)
	}
	return n
}

// properties returns what an object of the schema may hold, each resolved. Of several choices the first one counts.
func (d *document) properties(schema node) map[string]node {
	schema = d.chosen(schema)
	out := map[string]node{}
	for name, p := range object(schema["properties"]) {
		out[name] = d.chosen(object(p))
	}
	return out
}

// chosen resolves a schema, and takes the first of its choices.
func (d *document) chosen(schema node) node {
	schema = d.resolve(schema)
	for _, word := range []string{"anyOf", "oneOf", "allOf"} {
		if choices := list(schema[word]); len(choices) > 0 {
			return d.chosen(object(choices[0]))
		}
	}
	return schema
}

// required reports whether an object of the schema must have the property.
func required(schema node, name string) bool {
	return slices.Contains(list(schema["required"]), any(name))
}

// find returns the operation with the method and the path, nil where there is none.
func (d *document) find(method, path string) *operation {
	for _, op := range d.ops {
		if op.method == method && op.path == path {
			return op
		}
	}
	return nil
}

// isList reports whether the operation answers a page of records.
func (d *document) isList(op *operation) bool {
	return op.method == http.MethodGet && op.answer != nil && d.properties(op.answer)["results"] != nil
}

// isCreate reports whether the operation adds a record to a collection.
func (d *document) isCreate(op *operation) bool {
	return op.method == http.MethodPost && op.status == http.StatusCreated && op.body != nil && !strings.HasSuffix(op.path, "}/") &&
		d.properties(op.answer)["id"] != nil
}

// isItem reports whether the operation is on one record itself.
func (op *operation) isItem() bool { return strings.HasSuffix(op.path, "}/") }

// collection returns the path that the i-th key of the operation is one of the records of.
func (op *operation) collection(i int) string {
	return op.path[:strings.Index(op.path, "{"+op.keys[i]+"}")]
}

// last returns the collection whose record the operation is about, empty where it is about none.
func (op *operation) last() string {
	if len(op.keys) == 0 {
		return ""
	}
	return op.collection(len(op.keys) - 1)
}

// takes reports whether the operation has the parameter.
func (op *operation) takes(in, name string) bool {
	return slices.ContainsFunc(op.params, func(p parameter) bool { return p.in == in && p.name == name })
}

// writes reports whether the operation may change something.
func (op *operation) writes() bool { return op.method != http.MethodGet }

func object(v any) node {
	n, _ := v.(node)
	return n
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
