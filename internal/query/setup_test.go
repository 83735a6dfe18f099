package query_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	someID  = "01890a5d-ac96-774b-bcce-b302099a8057"
	otherID = "01890a5d-ac96-774b-bcce-b302099a8058"
)

// tasks returns a resource with a field of every type.
func tasks() *schema.Resource {
	r := &schema.Resource{
		Name: "tasks", Singular: "task",
		Order: []schema.Order{{Field: "created_at", Desc: true}},
		Fields: []schema.Field{
			{Name: "id", Type: schema.UUID, BuiltIn: true, Filter: true, Sort: true},
			{Name: "project", Type: schema.UUID, Ref: &schema.Ref{Resource: "projects"}, Filter: true},
			{Name: "title", Type: schema.Text, Filter: true, Sort: true, Search: true},
			{Name: "description", Type: schema.Text, Search: true},
			{Name: "status", Type: schema.Text, Enum: []string{"todo", "done"}, Filter: true, Sort: true},
			{Name: "assignee", Type: schema.UUID, Nullable: true, Filter: true, Ref: &schema.Ref{Resource: "members"}},
			{Name: "size", Type: schema.Integer, Filter: true, Sort: true},
			{Name: "weight", Type: schema.Number, Nullable: true, Filter: true, Sort: true},
			{Name: "urgent", Type: schema.Boolean, Filter: true, Sort: true},
			{Name: "due_date", Type: schema.Date, Nullable: true, Filter: true, Sort: true},
			{Name: "metadata", Type: schema.JSON},
			{Name: "owner_id", Type: schema.UUID, Hidden: true, Filter: true, Param: "owner"},
			{Name: "created_at", Type: schema.Time, BuiltIn: true, Filter: true, Sort: true},
		},
	}
	r.Finish()
	return r
}

func options() query.Options {
	return query.Options{
		Tenant: tenant.ID{1}, Signer: query.NewSigner([]byte("a key of thirty-two bytes or more")),
		Expandable: func(field string) bool { return field == "project" },
	}
}

func parse(tb testing.TB, text string, opt query.Options) (*query.Parsed, error) {
	tb.Helper()
	params, err := url.ParseQuery(text)
	if err != nil {
		tb.Fatal(err)
	}
	return query.Parse(tasks(), params, opt)
}

func mustParse(tb testing.TB, text string, opt query.Options) *query.Parsed {
	tb.Helper()
	parsed, err := parse(tb, text, opt)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return parsed
}

func faults(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	var failed *fault.Error
	if !errors.As(err, &failed) || failed.Code != fault.ValidationFailed {
		tb.Fatalf("not a validation: %v", err)
	}
	out := make([]string, 0, len(failed.Fields))
	for _, f := range failed.Fields {
		out = append(out, f.Name+": "+f.Code+": "+f.Message)
	}
	return out
}

func mustID(text string) id.ID {
	parsed, _ := id.Parse(text)
	return parsed
}

// conditions writes conditions as text.
func conditions(list []query.Condition) []string {
	names := [...]string{"=", "in", ">", ">=", "<", "<=", "contains", "isnull"}
	var out []string
	for _, c := range list {
		text := c.Field.Name + " " + names[c.Op]
		for _, v := range c.Values {
			text += " " + string(v.AppendJSON(nil))
		}
		out = append(out, text)
	}
	return out
}

func order(keys []query.Key) []string {
	var out []string
	for _, k := range keys {
		if k.Desc {
			out = append(out, "-"+k.Field.Name)
		} else {
			out = append(out, k.Field.Name)
		}
	}
	return out
}

func diff(tb testing.TB, want, got any) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Error("-want +got\n" + d)
	}
}
