package scenario_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
)

var update = flag.Bool("update", false, "write docs/ROLES.md anew")

// documented is an operation as the served document has it.
type documented struct {
	ID     string `json:"operationId"`
	Role   string `json:"x-tenantry-role"`
	Access string `json:"x-tenantry-access"`
	// Security is empty where no token is asked for, and absent where a tenant's is.
	Security *[]map[string][]string `json:"security"`

	method, path string
}

func (d documented) audience() string {
	switch {
	case d.Security == nil:
		return "tenant"
	case len(*d.Security) > 0 && (*d.Security)[0]["operatorAuth"] != nil:
		return "operator"
	default:
		return "public"
	}
}

func (w *world) operations() []documented {
	w.t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(w.send(request{method: "GET", path: "/api/schema/"}).body, &document); err != nil {
		w.t.Fatal(err)
	}
	var out []documented
	for path, methods := range document.Paths {
		for method, text := range methods {
			d := documented{method: strings.ToUpper(method), path: path}
			if err := json.Unmarshal(text, &d); err != nil {
				w.t.Fatal(err)
			}
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b documented) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return out
}

// caller is a kind of caller: their token, and in which role, with which scopes.
type caller struct {
	name  string
	role  policy.Role
	scope string
}

// verdict is what the matrix says of a caller at an operation: 0 is let in.
func (c caller) verdict(d documented) int {
	role, _ := policy.ParseRole(d.Role)
	switch {
	case d.audience() == "public":
		return 0
	case (d.audience() == "operator") != (c.name == "operator"), c.name == "nobody":
		return http.StatusUnauthorized
	case d.audience() == "operator":
		return 0
	case c.role < role, c.scope != "" && d.Access != "" && c.scope != d.Access:
		return http.StatusForbidden
	default:
		return 0
	}
}

// callers signs all kinds of callers in.
func (w *world) callers() []caller {
	w.t.Helper()
	w.operator()
	all := []caller{{name: "nobody"}, {name: "operator"}}
	for _, role := range policy.Roles() {
		all = append(all, caller{name: role.String() + "-acme", role: role})
		w.robots(role, &all)
	}
	a := w.send(request{as: "operator", method: "POST", path: "/api/admin/v1/tenants/" + w.tenants["acme"] + "/token/", body: `{"reason":"the matrix"}`})
	access, _ := lookup(decode(a.body), "access")
	w.tokens["inside"], _ = access.(string)
	return append(all, caller{name: "inside", role: policy.Admin})
}

// robots adds a service account of the role to acme, with a token that is not narrowed and one for each access.
func (w *world) robots(role policy.Role, all *[]caller) {
	w.t.Helper()
	a := w.send(request{as: "owner-acme", method: "POST", path: "/api/v1/service-accounts/", body: fmt.Sprintf(`{"name":"robot","role":%q}`, role.String())})
	client, _ := lookup(decode(a.body), "client_id")
	secret, _ := lookup(decode(a.body), "client_secret")
	for _, scope := range []string{"", "read", "write"} {
		name := "service-" + role.String() + "-" + scope
		if got := w.clientToken(name, fmt.Sprint(client), fmt.Sprint(secret), scope); got.status != http.StatusOK {
			w.t.Fatalf("%s: %d %s", name, got.status, got.body)
		}
		*all = append(*all, caller{name: name, role: role, scope: scope})
	}
}

// TestRoleMatrix asks for every operation of the document as every kind of caller. Who is let in gets any answer but a
// refusal: the records that are asked for do not exist, and the bodies are empty.
func TestRoleMatrix(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		callers, cells := w.callers(), 0
		for _, d := range w.operations() {
			if strings.Contains(d.path, "/auth/") {
				continue // their bodies carry what they judge by
			}
			path := strings.NewReplacer("{id}", id.New().String(), "{member_id}", id.New().String()).Replace(d.path)
			for _, c := range callers {
				r := request{as: c.name, method: d.method, path: path}
				if c.name == "nobody" {
					r.as = ""
				}
				if d.method == "POST" || d.method == "PATCH" || d.method == "PUT" {
					r.body = "{}"
				}
				got, want := w.send(r), c.verdict(d)
				refused := got.status == http.StatusUnauthorized || got.status == http.StatusForbidden
				if refused != (want != 0) || refused && got.status != want || got.status >= 500 {
					t.Errorf("%s as %s: %d %s, want %d", d.ID, c.name, got.status, got.body, want)
				}
				cells++
			}
		}
		if cells < 500 {
			t.Errorf("the matrix has %d cells", cells)
		}
		if strings.HasSuffix(t.Name(), "sqlite") {
			w.checkRoles(t)
		}
	})
}

// checkRoles compares docs/ROLES.md with the document.
func (w *world) checkRoles(t *testing.T) {
	t.Helper()
	const file = "../../docs/ROLES.md"
	var table strings.Builder
	table.WriteString("| Operation | | viewer | member | admin | owner | scope | operator |\n|---|---|---|---|---|---|---|---|\n")
	for _, d := range w.operations() {
		fmt.Fprintf(&table, "| `%s %s` | `%s` |", d.method, d.path, d.ID)
		for _, role := range policy.Roles() {
			table.WriteString(mark(caller{name: "member", role: role}.verdict(d) == 0))
		}
		scope := " "
		if d.Access != "" {
			scope = " `" + d.Access + "` "
		}
		table.WriteString(scope + "|" + mark(caller{name: "operator"}.verdict(d) == 0) + "\n")
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- table -->\n", "<!-- end of table -->\n"
	head, rest, ok := strings.Cut(string(page), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", file)
	}
	want := head + begin + table.String() + end + tail
	if want == string(page) {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is stale: go test ./test/scenario -run TestRoleMatrix/sqlite -update", file)
}

func mark(let bool) string {
	if let {
		return " ✓ |"
	}
	return " |"
}
