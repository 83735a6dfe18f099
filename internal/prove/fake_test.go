package prove_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/prove"
)

// service is a small service with tenants and notes. It keeps them apart, but for one flaw.
type service struct {
	flaw string

	mu      sync.Mutex
	made    int
	tenants map[string]string // slug by id
	users   map[string]string // id by name
	members map[string]string // role by tenant/user
	shut    map[string]bool
	tokens  map[string]caller
	notes   map[string]*note
	keys    map[string]string // the note by Idempotency-Key
}

type caller struct{ tenant, user string }

type note struct {
	tenant string
	values map[string]any
}

type object = map[string]any

// prepare starts a service with a flaw, and returns what attacks it.
func prepare(t *testing.T, flaw string) prove.Config {
	t.Helper()
	s := &service{
		flaw: flaw, tenants: map[string]string{}, users: map[string]string{}, members: map[string]string{}, shut: map[string]bool{},
		tokens: map[string]caller{}, notes: map[string]*note{}, keys: map[string]string{},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return prove.Config{URL: server.URL, Provision: s, Clock: time.Now}
}

func (s *service) newID() string {
	s.made++
	sum := sha256.Sum256([]byte(strconv.Itoa(s.made)))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-" + h[16:20] + "-" + h[20:]
}

func (s *service) Tenant(_ context.Context, slug, _ string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.newID()
	s.tenants[id] = slug
	return id, nil
}

func (s *service) User(_ context.Context, username, _ string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[username] = s.newID()
	return s.users[username], nil
}

func (s *service) Join(_ context.Context, tenant, username, role string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[tenant+"/"+s.users[username]] = role
	return nil
}

func (s *service) Leave(_ context.Context, tenant, username string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, tenant+"/"+s.users[username])
	return nil
}

func (s *service) Suspend(_ context.Context, tenant string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut[tenant] = true
	return nil
}

func (s *service) Disable(_ context.Context, user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flaw != "disabled users" {
		maps.DeleteFunc(s.tokens, func(_ string, who caller) bool { return who.user == user })
	}
	return nil
}

func (s *service) Operator() (username, password string) { return "", "" }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body, header := s.answer(r)
	for name, value := range header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

type headers = map[string]string

func (s *service) answer(r *http.Request) (int, any, headers) {
	switch r.URL.Path {
	case "/api/schema/":
		return 200, json.RawMessage(fakeDocument), nil
	case "/api/v1/auth/token/":
		return s.signIn(r)
	}
	raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	who, known := s.tokens[raw]
	if !known || s.members[who.tenant+"/"+who.user] == "" && s.flaw != "removed members" {
		return refuse(401)
	}
	if s.shut[who.tenant] && s.flaw != "suspended tenants" {
		return refuse(403)
	}
	if named := r.Header.Get("X-Tenant-Id"); named != "" && s.tenants[named] != "" && s.flaw == "a tenant in a header" {
		who.tenant = named
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1/notes/")
	switch {
	case !ok:
		return refuse(404)
	case rest == "summary/":
		return s.summary(who)
	case rest == "" && r.Method == "GET":
		return s.list(r, who)
	case rest == "":
		return s.create(r, who)
	default:
		return s.one(r, who, strings.TrimSuffix(rest, "/"))
	}
}

func refuse(status int) (int, any, headers) {
	return status, object{"code": http.StatusText(status)}, nil
}

func invalid(field, code string) (int, any, headers) {
	return 422, object{"errors": []any{object{"field": field, "code": code}}}, nil
}

func (s *service) signIn(r *http.Request) (int, any, headers) {
	var in struct{ Username, Password, Tenant string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	for id, slug := range s.tenants {
		user := s.users[in.Username]
		if (in.Tenant == slug || in.Tenant == id) && strings.HasPrefix(in.Password, "Pw-") && in.Password != "Pw-wrong-wrong" {
			if s.members[id+"/"+user] != "" {
				token := s.newID() + "." + s.newID() + "." + s.newID()
				s.tokens[token] = caller{id, user}
				return 200, object{"access": token, "tenant": object{"id": id, "slug": slug}}, nil
			}
			if s.flaw == "names of tenants" {
				return 401, object{"code": "you are no member of it"}, nil
			}
		}
	}
	return refuse(401)
}

// of returns the notes that the caller sees, in an order.
func (s *service) of(who caller) []*note {
	var out []*note
	for _, id := range slices.Sorted(maps.Keys(s.notes)) {
		if n := s.notes[id]; n.tenant == who.tenant || s.flaw == "lists" {
			out = append(out, n)
		}
	}
	return out
}

func (s *service) summary(who caller) (int, any, headers) {
	count, sum := 0, 0.0
	for _, n := range s.notes {
		if n.tenant == who.tenant || s.flaw == "a report" {
			count++
			sum += n.values["size"].(float64)
		}
	}
	return 200, object{"count": count, "sum": sum}, nil
}

func (s *service) list(r *http.Request, who caller) (int, any, headers) {
	q := r.URL.Query()
	for name := range q {
		if !slices.Contains([]string{"title", "cursor", "page_size", "count"}, name) {
			return invalid(name, "unknown")
		}
	}
	var items []any
	after, seen := q.Get("cursor"), false
	if owner, id, _ := strings.Cut(after, "~"); after != "" {
		if owner != who.tenant && s.flaw != "cursors" || s.notes[id] == nil {
			return invalid("cursor", "invalid")
		}
		after = id
	}
	size, _ := strconv.Atoi(q.Get("page_size"))
	next := ""
	for _, n := range s.of(who) {
		id := n.values["id"].(string)
		if seen = seen || id > after; !seen || q.Get("title") != "" && q.Get("title") != n.values["title"] {
			continue
		}
		if size > 0 && len(items) == size {
			next = "/api/v1/notes/?cursor=" + who.tenant + "~" + items[size-1].(object)["id"].(string)
			break
		}
		items = append(items, n.values)
	}
	page := object{"results": items}
	if next != "" {
		page["next"] = next
	}
	if q.Get("title") != "" && s.flaw == "a filter" {
		for _, n := range s.notes {
			page["searched"] = page["searched"] == true || n.values["title"] == q.Get("title")
		}
	}
	if q.Get("count") == "exact" {
		page["count"] = len(s.of(who))
		if s.flaw == "a count" {
			page["count"] = len(s.notes)
		}
	}
	return 200, page, nil
}

func (s *service) create(r *http.Request, who caller) (int, any, headers) {
	if len(r.URL.Query()) > 0 {
		return invalid("query", "unknown")
	}
	var in object
	_ = json.NewDecoder(r.Body).Decode(&in)
	key := who.tenant + who.user + r.Header.Get("Idempotency-Key")
	if s.flaw == "keys" {
		key = who.user + r.Header.Get("Idempotency-Key")
	}
	if id := s.keys[key]; id != "" && r.Header.Get("Idempotency-Key") != "" {
		return 201, s.notes[id].values, headers{"Idempotency-Replayed": "true", "ETag": tag(s.notes[id])}
	}
	n := &note{tenant: who.tenant, values: object{"id": s.newID(), "parent": nil, "created_by": who.user}}
	if status, body, header := s.write(n, in); status != 0 {
		return status, body, header
	}
	id := n.values["id"].(string)
	s.notes[id], s.keys[key] = n, id
	return 201, n.values, headers{"ETag": tag(n)}
}

// write takes the fields over, or refuses them.
func (s *service) write(n *note, in object) (int, any, headers) {
	for name, value := range in {
		switch name {
		case "parent":
			to := s.notes[fmt.Sprint(value)]
			if value != nil && (to == nil || to.tenant != n.tenant && s.flaw != "references") {
				return invalid("parent", "reference")
			}
		case "title":
			for _, other := range s.notes {
				if other != n && other.values["title"] == value && (other.tenant == n.tenant || s.flaw == "unique values") {
					return invalid("title", "unique")
				}
			}
		case "size":
		case "tenant_id":
			if s.flaw != "a tenant in the body" || s.tenants[fmt.Sprint(value)] == "" {
				return invalid(name, "unknown")
			}
			n.tenant = fmt.Sprint(value)
			continue
		default:
			return invalid(name, "unknown")
		}
		n.values[name] = value
	}
	return 0, nil, nil
}

func tag(n *note) string {
	text, _ := json.Marshal(n.values)
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

func (s *service) one(r *http.Request, who caller, id string) (int, any, headers) {
	if len(r.URL.Query()) > 0 {
		return invalid("query", "unknown")
	}
	n := s.notes[id]
	reading := r.Method == "GET"
	switch {
	case n == nil:
		return refuse(404)
	case n.tenant == who.tenant, reading && s.flaw == "reads", !reading && s.flaw == "writes":
	case s.flaw == "errors":
		return refuse(403)
	case s.flaw == "time":
		time.Sleep(500 * time.Microsecond)
		return refuse(404)
	case s.flaw == "conditions" && r.Header.Get("If-Match") == tag(n):
		return refuse(412)
	default:
		return refuse(404)
	}
	if match := r.Header.Get("If-Match"); match != "" && match != tag(n) {
		return refuse(412)
	}
	switch r.Method {
	case "PATCH":
		var in object
		_ = json.NewDecoder(r.Body).Decode(&in)
		if status, body, header := s.write(n, in); status != 0 {
			return status, body, header
		}
	case "DELETE":
		delete(s.notes, id)
	}
	return 200, n.values, headers{"ETag": tag(n)}
}

const fakeDocument = `{"openapi":"3.1.0","security":[{"bearerAuth":[]}],"paths":{
"/api/v1/auth/token/":{"post":{"operationId":"signIn","security":[],
  "requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":
    {"username":{"type":"string"},"password":{"type":"string"},"tenant":{"type":"string"}}}}}},
  "responses":{"200":{"content":{"application/json":{"schema":{"type":"object"}}}}}}},
"/api/v1/notes/":{
  "get":{"operationId":"listNotes","parameters":[
    {"name":"cursor","in":"query","schema":{"type":"string"}},{"name":"page_size","in":"query","schema":{"type":"integer"}},
    {"name":"count","in":"query","schema":{"type":"string"}},{"name":"title","in":"query","schema":{"type":"string"}}],
    "responses":{"200":{"content":{"application/json":{"schema":{"type":"object","properties":
      {"results":{"type":"array","items":{"$ref":"#/components/schemas/Note"}}}}}}}}},
  "post":{"operationId":"createNote","parameters":[{"name":"Idempotency-Key","in":"header","schema":{"type":"string"}}],
    "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NoteWrite"}}}},
    "responses":{"201":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Note"}}}}}}},
"/api/v1/notes/summary/":{"get":{"operationId":"getSummary","responses":{"200":{"content":{"application/json":{"schema":{"type":"object"}}}}}}},
"/api/v1/notes/{id}/":{
  "get":{"operationId":"getNote","parameters":[{"name":"If-Match","in":"header","schema":{"type":"string"}}],
    "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Note"}}}}}},
  "patch":{"operationId":"updateNote","parameters":[{"name":"If-Match","in":"header","schema":{"type":"string"}}],
    "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/NoteWrite"}}}},
    "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Note"}}}}}},
  "delete":{"operationId":"deleteNote","parameters":[{"name":"If-Match","in":"header","schema":{"type":"string"}}],
    "responses":{"204":{}}}}},
"components":{"schemas":{
  "Note":{"type":"object","properties":{"id":{"type":"string","format":"uuid","readOnly":true},"title":{"type":"string"},
    "parent":{"type":["string","null"],"format":"uuid"},"size":{"type":"integer"},"created_by":{"type":"string","format":"uuid","readOnly":true}}},
  "NoteWrite":{"type":"object","required":["title","size"],"properties":{"title":{"type":"string","maxLength":40},
    "parent":{"type":["string","null"],"format":"uuid","x-references":"notes"},"size":{"type":"integer"}}}}}}`
