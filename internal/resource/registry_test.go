package resource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
)

func definition(name string, fields ...schema.Field) *resource.Definition {
	built := []schema.Field{{Name: schema.FieldID, Type: schema.UUID, BuiltIn: true}}
	return &resource.Definition{Schema: &schema.Resource{Name: name, Singular: "one", Fields: append(built, fields...)}}
}

func TestRegistryReportsAllMistakes(t *testing.T) {
	t.Parallel()
	listed := definition("listed")
	listed.Schema.Listings = []schema.Listing{{Name: "by-x", Requires: []string{"x"}}, {Name: "by-x"}}
	_, mistakes := resource.NewRegistry([]*resource.Definition{
		definition("Bad Name"),
		definition("auth"),
		definition("twice"), definition("twice"),
		definition("same-table"), definition("same_table"),
		definition("a", schema.Field{Name: "b", Type: schema.UUID, Ref: &schema.Ref{Resource: "nowhere"}}),
		definition("c", schema.Field{Name: "n", Type: schema.Integer, Derived: &schema.Derived{Count: "a", Via: "b"}}),
		definition("d", schema.Field{Name: "l", Type: schema.Text, Derived: &schema.Derived{Via: "x", Lookup: "y"}}),
		listed,
	})
	got := errors.Join(mistakes...).Error()
	for _, want := range []string{
		`resource "Bad Name": a name is`, `resource "auth": the name is used`, `resource "twice": registered twice`,
		`resource "same_table": has the same table`, `resource "a": field "b": ref=nowhere`, `resource "c": field "n": count=a.b`,
		`resource "d": field "l": lookup=x.y`, `listing "by-x": requires "x"`, `listing "by-x": the name is used twice`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among the mistakes:\n%s", want, got)
		}
	}
}

func TestRegistryCompletesLookups(t *testing.T) {
	t.Parallel()
	parent := definition("parents", schema.Field{Name: "state", Type: schema.Text, Enum: []string{"a", "b"}})
	child := definition("children",
		schema.Field{Name: "parent", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: "parents"}},
		schema.Field{Name: "parent_state", Type: schema.Text, Derived: &schema.Derived{Via: "parent", Lookup: "state"}},
	)
	if _, mistakes := resource.NewRegistry([]*resource.Definition{child, parent}); len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if f := child.Schema.Field("parent_state"); !f.Nullable || len(f.Enum) != 2 {
		t.Errorf("the look-up did not take over what it looks up: %+v", f)
	}
}
