package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

func TestMain(m *testing.M) {
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/vnd.oai.openapi+json", openapi3filter.JSONBodyDecoder)
	m.Run()
}

//nolint:tparallel // one call after the other: they work on the same records
func TestSQLite(t *testing.T) {
	t.Parallel()
	testEveryOperation(t)
}

//nolint:tparallel // as above
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	testEveryOperation(t, "--database-url", db.ServerURL, "--migration-url", db.OwnerURL)
}

func testEveryOperation(t *testing.T, flags ...string) {
	t.Helper()
	a := &api{}
	a.base, a.issued = startServer(t, flags...)
	a.doc = a.document(t, "/api/schema/")
	a.operator, _ = a.operatorTokens(t)
	a.document(t, "/api/schema/?format=yaml")
	a.document(t, "/api/schema/?version=3.0")

	for _, path := range slices.Sorted(maps.Keys(a.doc.Paths.Map())) {
		for _, method := range slices.Sorted(maps.Keys(a.doc.Paths.Value(path).Operations())) {
			op := a.operation(t, method, path)
			t.Run(op.OperationID, func(t *testing.T) { a.testOperation(t, op) })
		}
	}
	t.Run("files", a.testFiles)
}

// testOperation makes the calls of one operation: one that succeeds and those errors that it can have.
func (a *api) testOperation(t *testing.T, op *operation) {
	t.Helper()
	c := a.prepare(t, op)
	t.Run("answers", func(t *testing.T) {
		if got := a.send(t, op, c); got.status < 200 || got.status > 299 {
			t.Errorf("got %d: %s", got.status, got.body)
		}
	})
	if c.token != "" {
		t.Run("refuses a call without a token", func(t *testing.T) {
			c := c
			c.token = ""
			a.send(t, op, c).isProblem(t, http.StatusUnauthorized, "not_authenticated")
		})
	}
	if strings.Contains(op.path, "{id}") {
		t.Run("does not find an id that never was", func(t *testing.T) {
			c := c
			c.id = randomID()
			a.send(t, op, c).isProblem(t, http.StatusNotFound, "not_found")
		})
	}
	if strings.HasPrefix(op.path, "/api/v1/") && op.path != clientTokenPath {
		t.Run("refuses what it does not know", func(t *testing.T) {
			c := c
			if fields, ok := c.body.(map[string]any); ok {
				fields = maps.Clone(fields)
				fields["no_such_field"] = 1
				c.body = fields
			} else {
				c.query = "?no_such_parameter=1"
			}
			a.send(t, op, c).isProblem(t, http.StatusUnprocessableEntity, "validation_failed")
		})
	}
}

// api is a running server and the document that it serves.
type api struct {
	base   string
	issued tokens
	// operator is an operator's access token.
	operator string
	doc      *openapi3.T
}

// clientTokenPath is OAuth 2's, with errors of its own.
const clientTokenPath = "/api/v1/auth/oauth/token/"

type operation struct {
	*openapi3.Operation
	method, path string
	item         *openapi3.PathItem
}

// call is one request of an operation.
type call struct {
	token       string
	id          string // for {id} in the path
	below       string // for {member_id} and {service_account_id}
	key         string // for {kid}
	query       string
	contentType string
	header      http.Header
	body        any // a string goes as it is, all else as JSON
}

func (a *api) operation(t *testing.T, method, path string) *operation {
	t.Helper()
	item := a.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		t.Fatalf("the document has no %s %s", method, path)
	}
	return &operation{Operation: item.GetOperation(method), method: method, path: path, item: item}
}

// prepare derives a call that should succeed from the document, and completes it by the operation's recipe.
func (a *api) prepare(t *testing.T, op *operation) call {
	t.Helper()
	var c call
	switch {
	case op.Security == nil:
		c.token = a.issued.Tenants[0].AccessToken
	case len(*op.Security) > 0 && (*op.Security)[0]["operatorAuth"] != nil:
		c.token = a.operator
	}
	if collection, _, ok := strings.Cut(op.path, "{id}"); ok {
		c.id = text(a.create(t, collection)["id"])
	}
	for _, p := range slices.Concat(op.item.Parameters, op.Parameters) {
		if p.Value.In == "query" && p.Value.Required {
			c.query = "?" + p.Value.Name + "=" + text(a.sample(t, p.Value.Name, p.Value.Schema.Value, false))
		}
	}
	if op.RequestBody != nil {
		for _, media := range []string{"application/json", "application/merge-patch+json"} {
			if content := op.RequestBody.Value.Content[media]; content != nil && content.Schema != nil && c.body == nil {
				c.contentType = media
				// A creation shows that the required fields are enough; a change shows that all are taken.
				c.body = a.sample(t, "", content.Schema.Value, op.method != http.MethodPost)
			}
		}
	}
	if recipe := recipes()[op.method+" "+op.path]; recipe != nil {
		recipe(t, a, &c)
	}
	return c
}

// create makes a record in a collection for another call to use, or takes one from a collection that is read-only.
func (a *api) create(t *testing.T, collection string) map[string]any {
	t.Helper()
	if item := a.doc.Paths.Value(collection); item != nil && item.Post == nil {
		op := a.operation(t, http.MethodGet, collection)
		rows, _ := a.send(t, op, a.prepare(t, op)).object(t)["results"].([]any)
		if len(rows) == 0 {
			t.Fatalf("%s has no record to use", collection)
		}
		return answer{value: rows[0]}.object(t)
	}
	op := a.operation(t, http.MethodPost, collection)
	got := a.send(t, op, a.prepare(t, op))
	if got.status != http.StatusCreated {
		t.Fatalf("POST %s: got %d: %s", collection, got.status, got.body)
	}
	return got.object(t)
}

// send makes the call and holds the answer against the document: its status, its headers, its body.
func (a *api) send(t *testing.T, op *operation, c call) answer {
	t.Helper()
	var body io.Reader
	if raw, ok := c.body.(string); ok {
		body = strings.NewReader(raw)
	} else if c.body != nil {
		encoded, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(encoded)
	}
	got := a.do(t, op.method, strings.NewReplacer("{id}", c.id, "{member_id}", c.below, "{service_account_id}", c.below, "{kid}", c.key).Replace(op.path)+c.query, c.token, c.contentType, c.header, body)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: got.request,
			Route:   &routers.Route{Spec: a.doc, Path: op.path, PathItem: op.item, Method: op.method, Operation: op.Operation},
		},
		Status: got.status, Header: got.header,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidator("uuid",
				openapi3.NewRegexpFormatValidator("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))},
		},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), input.SetBodyBytes(got.body)); err != nil {
		t.Errorf("%s %s answered %d, and not as the document says: %v\n%s", op.method, op.path, got.status, err, got.body)
	}
	if schema := op.answers(got); schema != nil {
		for _, field := range undocumented(schema, got.value, "body") {
			t.Errorf("%s %s answered %d with a field that the document does not name: %s", op.method, op.path, got.status, field)
		}
	}
	return got
}

func (a *api) do(t *testing.T, method, target, token, contentType string, header http.Header, body io.Reader) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, a.base+target, body)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	got := answer{request: req, status: resp.StatusCode, header: resp.Header, body: text}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &got.value); err != nil {
			t.Errorf("%s %s: %v\n%s", method, target, err, text)
		}
	}
	return got
}

// document downloads the OpenAPI document and checks it as a whole.
func (a *api) document(t *testing.T, target string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(a.do(t, http.MethodGet, target, "", "", nil, nil).body)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("%s: %v", target, err)
	}
	return doc
}

// answers returns the schema of an answer's body, if it has one.
func (op *operation) answers(got answer) *openapi3.Schema {
	response := op.Responses.Status(got.status)
	if response == nil {
		response = op.Responses.Default()
	}
	if response == nil {
		return nil
	}
	content := response.Value.Content.Get(got.header.Get("Content-Type"))
	if content == nil || content.Schema == nil {
		return nil
	}
	return content.Schema.Value
}

type answer struct {
	request *http.Request
	status  int
	header  http.Header
	body    []byte
	value   any // the body, where it is JSON
}

func (got answer) object(t *testing.T) map[string]any {
	t.Helper()
	object, ok := got.value.(map[string]any)
	if !ok {
		t.Fatalf("want an object, got %d: %s", got.status, got.body)
	}
	return object
}

func (got answer) isProblem(t *testing.T, status int, code string) {
	t.Helper()
	if got.status != status || got.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s, want the problem %d: %s", got.status, got.header.Get("Content-Type"), status, got.body)
	}
	if has := text(got.object(t)["code"]); has != code {
		t.Errorf("got code %q, want %q", has, code)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
