package resource

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// reserved are the names below /api/v1/ that the platform itself uses.
var reserved = []string{"auth", "me", "events", "event-heads", "members", "service-accounts", "tenant", "schema-resources", "idempotency-keys"}

var segment = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$`)

// NewRegistry checks the definitions against each other and completes them. All mistakes are returned together,
// each naming resource and field.
func NewRegistry(defs []*Definition) (*Registry, []error) {
	g := &Registry{byName: map[string]*Definition{}, kept: map[*schema.Resource]*Definition{}, memos: memos()}
	var mistakes []error
	for _, d := range defs {
		d.Schema.Finish()
		mistakes = append(mistakes, g.add(d)...)
	}
	for _, d := range g.ordered {
		mistakes = append(mistakes, g.link(d)...)
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	for _, d := range g.ordered {
		d.encoder = codec.NewEncoder(d.Schema, nil)
		d.content = newContent(d.Schema)
	}
	events := storage.Events()
	g.events = &Definition{Schema: events, encoder: codec.NewEncoder(events, nil)}
	return g, nil
}

func (g *Registry) add(d *Definition) []error {
	name := d.Schema.Name
	var mistakes []error
	if !segment.MatchString(name) || len(name) > 40 {
		mistakes = append(mistakes, fmt.Errorf("resource %q: a name is up to 40 lower-case letters and digits, joined by - or _", name))
	}
	if slices.Contains(reserved, name) {
		mistakes = append(mistakes, fmt.Errorf("resource %q: the name is used by Tenantry itself", name))
	}
	if g.byName[name] != nil {
		mistakes = append(mistakes, fmt.Errorf("resource %q: registered twice", name))
		return mistakes
	}
	for other, d2 := range g.byName {
		if d2.Schema.Table() == d.Schema.Table() {
			mistakes = append(mistakes, fmt.Errorf("resource %q: has the same table as %q", name, other))
		}
	}
	g.byName[name] = d
	g.ordered = append(g.ordered, d)
	return append(append(mistakes, names(d)...), checkContent(d.Schema)...)
}

// names checks that no two operations of the resource share a path.
func names(d *Definition) []error {
	var mistakes []error
	seen := map[string]bool{}
	check := func(kind, name string) {
		if !segment.MatchString(name) {
			mistakes = append(mistakes, fmt.Errorf("resource %q: %s %q: a name is lower-case letters and digits, joined by - or _", d.Schema.Name, kind, name))
		}
		if seen[name] {
			mistakes = append(mistakes, fmt.Errorf("resource %q: %s %q: the name is used twice", d.Schema.Name, kind, name))
		}
		seen[name] = true
	}
	seen[schema.ContentSegment] = !d.Schema.Content.IsZero()
	for _, a := range d.Schema.Actions {
		check("action", a.Name)
	}
	for _, r := range d.Schema.Reports {
		check("report", r.Name)
	}
	for _, l := range d.Schema.Listings {
		check("listing", l.Name)
		for _, required := range l.Requires {
			if f := d.Schema.Field(required); f == nil || !f.Filter {
				mistakes = append(mistakes, fmt.Errorf("resource %q: listing %q: requires %q, which is no field with the word filter", d.Schema.Name, l.Name, required))
			}
		}
	}
	return mistakes
}

// link resolves what the fields of d say of other resources.
func (g *Registry) link(d *Definition) []error {
	var mistakes []error
	for i := range d.Schema.Fields {
		f := &d.Schema.Fields[i]
		if f.Ref != nil && f.Ref.Resource != schema.Members {
			target := g.byName[f.Ref.Resource]
			if target == nil {
				mistakes = append(mistakes, fmt.Errorf("resource %q: field %q: ref=%s names no resource", d.Schema.Name, f.Name, f.Ref.Resource))
				continue
			}
			target.children = append(target.children, reference{from: d, field: f})
		}
		if f.Derived != nil {
			if err := g.derive(d.Schema, f); err != nil {
				mistakes = append(mistakes, fmt.Errorf("resource %q: field %q: %w", d.Schema.Name, f.Name, err))
			}
		}
	}
	return mistakes
}

// derive checks a derived field and takes over what it inherits from the field that it looks up.
func (g *Registry) derive(r *schema.Resource, f *schema.Field) error {
	if f.Derived.Count != "" {
		counted := g.byName[f.Derived.Count]
		if counted == nil {
			return fmt.Errorf("count=%s names no resource", f.Derived.Count)
		}
		via := counted.Schema.Field(f.Derived.Via)
		if via == nil || via.Ref == nil || via.Ref.Resource != r.Name {
			return fmt.Errorf("count=%s.%s is no reference to %s", f.Derived.Count, f.Derived.Via, r.Name)
		}
		return nil
	}
	via := r.Field(f.Derived.Via)
	if via == nil || via.Ref == nil || g.byName[via.Ref.Resource] == nil {
		return fmt.Errorf("lookup=%s.%s: %s is no reference to a resource", f.Derived.Via, f.Derived.Lookup, f.Derived.Via)
	}
	target := g.byName[via.Ref.Resource].Schema.Field(f.Derived.Lookup)
	if target == nil || !target.Stored() || target.Hidden {
		return fmt.Errorf("lookup=%s.%s: %s has no such stored field", f.Derived.Via, f.Derived.Lookup, via.Ref.Resource)
	}
	if target.Type != f.Type {
		return fmt.Errorf("lookup=%s.%s: is %s there and %s here", f.Derived.Via, f.Derived.Lookup, target.Type, f.Type)
	}
	f.Enum, f.Nullable = target.Enum, via.Nullable || target.Nullable
	f.MinLength, f.MaxLength = target.MinLength, target.MaxLength
	return nil
}
