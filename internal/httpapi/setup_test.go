package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/openapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

const (
	recordID = "01935a2f-7c1e-7d3a-9b64-2f0c8e5a1d01"
	one      = "/api/v1/tasks/" + recordID + "/"
	all      = "/api/v1/tasks/"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// call is what a use case was called with.
type call struct {
	name, id, body string
	call           resource.Call
	params         url.Values
	condition      *resource.Precondition
}

// resources is a fake of the use cases: it remembers the last call and answers what the test says.
type resources struct {
	mu     sync.Mutex
	calls  []call
	answer resource.Answer
	file   resource.Content
	linger time.Duration
	page   resource.Page
	report []byte
	err    error
	do     func(ctx context.Context)
}

func (f *resources) take(ctx context.Context, op *operation.Operation, c call) error {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	if err := policy.Decide(c.call.Actor, op.Access, op.Resource.Name, op.Rule); err != nil {
		return err
	}
	if f.do != nil {
		f.do(ctx)
	}
	return f.err
}

func (f *resources) last() call {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		return call{}
	}
	return f.calls[len(f.calls)-1]
}

func (f *resources) List(ctx context.Context, c resource.Call, op *operation.Operation, parent string, params url.Values) (resource.Page, error) {
	return f.page, f.take(ctx, op, call{name: "List", id: parent, call: c, params: params})
}

func (f *resources) Get(ctx context.Context, c resource.Call, op *operation.Operation, id string, params url.Values) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "Get", id: id, call: c, params: params})
}

func (f *resources) Create(ctx context.Context, c resource.Call, op *operation.Operation, body []byte) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "Create", body: string(body), call: c})
}

func (f *resources) Replace(ctx context.Context, c resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "Replace", id: id, body: string(body), call: c, condition: p})
}

func (f *resources) Patch(ctx context.Context, c resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "Patch", id: id, body: string(body), call: c, condition: p})
}

func (f *resources) Act(ctx context.Context, c resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error) {
	return f.answer, f.take(ctx, op, call{name: "Act", id: id, body: string(body), call: c, condition: p})
}

// Once runs the act.
func (f *resources) Once(_ context.Context, _ resource.Call, _ *operation.Operation, _ string, _ []byte, act resource.Act) (resource.Answer, error) {
	told, err := act.Do()
	return resource.Answer{Body: told}, err
}

func (f *resources) Delete(ctx context.Context, c resource.Call, op *operation.Operation, id string, p *resource.Precondition) error {
	return f.take(ctx, op, call{name: "Delete", id: id, call: c, condition: p})
}

func (f *resources) Report(ctx context.Context, c resource.Call, op *operation.Operation) ([]byte, error) {
	return f.report, f.take(ctx, op, call{name: "Report", call: c})
}

// Meant finds the one record that there is.
func (f *resources) Meant(ctx context.Context, _ resource.Call, _ *operation.Operation, text string) id.ID {
	if text != recordID || ctx.Err() != nil {
		return id.ID{}
	}
	record, _ := id.Parse(text)
	return record
}

func (f *resources) VerifyEvents(ctx context.Context, c resource.Call, op *operation.Operation) ([]byte, error) {
	return f.report, f.take(ctx, op, call{name: "VerifyEvents", call: c})
}

// accounts is a fake of the gate: the token is the role's name.
type accounts struct {
	mu       sync.Mutex
	asked    []string
	tenant   tenant.Tenant
	user     id.ID
	signedIn []string
	keys     []account.Key
	err      error
	// refused are the refusals that left an event, refusing is why none can.
	refused  []account.Refusal
	refusing error
}

func (f *accounts) Refused(ctx context.Context, by account.By, r account.Refusal) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.refused = append(f.refused, r)
	if by.Actor.ID != f.user || by.RequestID == "" || by.IP == "" {
		return errors.New("nobody was refused")
	}
	return f.refusing
}

func (f *accounts) Authenticate(_ context.Context, _ account.By, raw string) (account.Session, error) {
	f.mu.Lock()
	f.asked = append(f.asked, raw)
	f.mu.Unlock()
	if f.err != nil {
		return account.Session{}, f.err
	}
	role, known := policy.ParseRole(raw)
	if !known {
		return account.Session{}, fault.Wrap(fault.TokenInvalid, "The token is not valid.", errors.New("private reason"))
	}
	actor := policy.Actor{Kind: policy.User, ID: f.user, Name: "ada", Tenant: f.tenant.ID, Role: role, Scopes: []string{"read", "write"}}
	return account.Session{
		Actor: actor, Tenant: f.tenant, User: account.User{ID: f.user, Username: "ada"},
		Claims: token.Claims{Kind: policy.User, ExpiresAt: now.Add(time.Minute)},
	}, nil
}

func (f *accounts) SignIn(_ context.Context, _ account.By, username, password, ref string) (account.Grant, error) {
	f.signedIn = []string{username, password, ref}
	return f.grant(), f.err
}

func (f *accounts) Refresh(_ context.Context, _ account.By, raw string) (account.Grant, error) {
	f.asked = append(f.asked, raw)
	return f.grant(), f.err
}

func (f *accounts) grant() account.Grant {
	return account.Grant{Access: "a.b.c", Refresh: "r.s.t", ExpiresIn: 15 * time.Minute, Tenant: f.tenant, Role: policy.Admin}
}

func (f *accounts) Verify(_ context.Context, raw string) (account.Verified, error) {
	f.asked = append(f.asked, raw)
	return account.Verified{Type: token.Refresh, User: f.user, Tenant: f.tenant.ID, Role: policy.Owner, ExpiresAt: now}, f.err
}

func (f *accounts) Revoke(_ context.Context, _ account.By, raw string) error {
	f.asked = append(f.asked, raw)
	return f.err
}

func (f *accounts) SignInService(_ context.Context, _ account.By, clientID, secret string, scopes []string) (account.ServiceGrant, error) {
	f.signedIn = append([]string{clientID, secret}, scopes...)
	return account.ServiceGrant{Access: "a.b.c", ExpiresIn: 15 * time.Minute, Scopes: scopes}, f.err
}

func (f *accounts) AuthenticateOperator(_ context.Context, raw string) (account.Session, error) {
	if raw != "operator" {
		return account.Session{}, fault.New(fault.TokenInvalid, "")
	}
	return account.Session{
		Actor: policy.Actor{Kind: policy.Operator, ID: f.user, Name: "root"}, User: account.User{ID: f.user, Username: "root"},
		Claims: token.Claims{Kind: policy.Operator, ExpiresAt: now.Add(time.Minute)},
	}, nil
}

func (f *accounts) SignInOperator(_ context.Context, _ account.By, username, password string) (account.Grant, error) {
	f.signedIn = []string{username, password}
	return f.grant(), f.err
}

func (f *accounts) RefreshOperator(_ context.Context, _ account.By, raw string) (account.Grant, error) {
	f.asked = append(f.asked, raw)
	return f.grant(), f.err
}

func (f *accounts) RevokeOperator(_ context.Context, _ account.By, raw string) error {
	f.asked = append(f.asked, raw)
	return f.err
}

func (f *accounts) Exchange(_ context.Context, by account.By, ref, reason string, role policy.Role) (account.Grant, error) {
	f.signedIn = []string{by.Actor.Name, ref, reason, role.String()}
	grant := f.grant()
	grant.Role = role
	return grant, f.err
}

func (f *accounts) Keys(context.Context) ([]account.Key, error) { return f.keys, f.err }

func (f *accounts) PlanKey(algorithm string, activation time.Duration) (account.KeyPlan, error) {
	f.signedIn = []string{algorithm, activation.String()}
	return account.KeyPlan{}, f.err
}

func (f *accounts) AddKey(_ context.Context, by account.By, _ account.KeyPlan) (account.Key, error) {
	f.signedIn = append([]string{by.Actor.Name}, f.signedIn...)
	return account.Key{ID: "k", Algorithm: f.signedIn[1], State: token.Next, Verifies: true, Public: `{"kty":"OKP"}`}, f.err
}

func (f *accounts) RetireKey(_ context.Context, by account.By, key string) error {
	f.signedIn = []string{by.Actor.Name, key}
	return f.err
}

// bundle is an API over fakes.
type bundle struct {
	tb        testing.TB
	config    httpapi.Config
	handler   http.Handler
	resources *resources
	accounts  *accounts
	log       *syncBuffer
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func table() []operation.Operation {
	tasks := &schema.Resource{
		Name: "tasks", Singular: "task",
		Fields:   []schema.Field{{Name: "id", Type: schema.UUID, BuiltIn: true}, {Name: "project", Type: schema.UUID, Ref: &schema.Ref{Resource: "projects", Nested: true}}},
		Actions:  []schema.Action{{Name: "complete"}},
		Listings: []schema.Listing{{Name: "by-status"}},
		Content:  schema.Content{Path: "path", Checksum: "checksum"},
	}
	projects := &schema.Resource{
		Name: "projects", Singular: "project", Fields: []schema.Field{{Name: "id", Type: schema.UUID, BuiltIn: true}},
		Reports: []schema.Report{{Name: "statistics", Shape: &schema.Shape{Type: schema.Object}}},
	}
	tasks.Finish()
	projects.Finish()
	rules := operation.Rules{Read: policy.Viewers, Write: policy.Members}
	return operation.Table([]*schema.Resource{projects, tasks}, storage.Events(), map[string]operation.Rules{"tasks": rules, "projects": rules})
}

// setup returns an API over fakes; change may change its configuration.
func setup(tb testing.TB, change ...func(*httpapi.Config)) *bundle {
	tb.Helper()
	record, _ := id.Parse(recordID)
	b := &bundle{
		tb:  tb,
		log: &syncBuffer{},
		resources: &resources{
			answer: resource.Answer{ID: record, Body: []byte(`{"id":"` + recordID + `"}`), ETag: "own.whole"},
			page:   resource.Page{Results: []byte(`[{"id":"x"}]`), Count: -1},
			report: []byte(`{"total":1}`),
		},
		accounts: &accounts{user: id.New(), tenant: tenant.Tenant{ID: tenant.NewID(), Slug: "acme", Name: `Acme "&" Sons`}},
	}
	ops := table()
	document, err := openapi.Build(openapi.Info{Title: "Sample", Version: "1"}, ops)
	if err != nil {
		tb.Fatal(err)
	}
	b.config = httpapi.Config{
		Operations: ops, Resources: b.resources, Accounts: b.accounts, Document: document, Name: "Sample <&>", Version: "1.2.3",
		Logger: slog.New(slog.NewJSONHandler(b.log, nil)), Clock: func() time.Time { return now },
		NewRequestID: func() string { return "made" },
	}
	for _, c := range change {
		c(&b.config)
	}
	if b.handler, err = httpapi.New(b.config); err != nil {
		tb.Fatal(err)
	}
	return b
}

// request is one request of a test. An empty role sends no token.
type request struct {
	as, do, body string
	header       http.Header
	from         string // the address of the connection; by default 192.0.2.1:1234
}

func header(pairs ...string) http.Header {
	out := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

func (b *bundle) send(r request) *httptest.ResponseRecorder {
	b.tb.Helper()
	method, target, _ := strings.Cut(r.do, " ")
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req := httptest.NewRequestWithContext(b.tb.Context(), method, target, body)
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+r.as)
	}
	if r.from != "" {
		req.RemoteAddr = r.from
	}
	for name, values := range r.header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	return rec
}

// problem checks that an answer is a problem document of the code with the status, and returns it.
func problem(t *testing.T, rec *httptest.ResponseRecorder, status int, code string) map[string]any {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if got := rec.Header().Get("Cache-Control"); got != "private, no-store" && got != "no-store" {
		t.Errorf("a problem may be cached: %q", got)
	}
	var out map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	if out["code"] != code || out["status"] != float64(status) || out["type"] != "urn:tenantry:problem:"+code {
		t.Errorf("want %d %s, got %s", status, code, rec.Body)
	}
	if out["detail"] == "" || out["title"] == "" {
		t.Errorf("nothing to act on: %s", rec.Body)
	}
	return out
}

// fields returns "name:code" of each field at fault.
func fields(problem map[string]any) []string {
	var out []string
	list, _ := problem["errors"].([]any)
	for _, item := range list {
		field, _ := item.(map[string]any)
		name, _ := field["field"].(string)
		code, _ := field["code"].(string)
		out = append(out, name+":"+code)
	}
	return out
}
