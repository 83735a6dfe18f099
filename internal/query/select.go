package query

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// fields reads ?fields=.
func (p *parser) fields() []string {
	return p.pick(ParamFields, p.known((*schema.Field).Shown))
}

// expand reads ?expand=.
func (p *parser) expand() []string { return p.pick(ParamExpand, p.expandable()) }

// pick reads a list of names, each out of some and at most once.
func (p *parser) pick(param string, possible []string) []string {
	var picked []string
	unknown, repeated := false, false
	for name := range strings.SplitSeq(p.values[param], ",") {
		unknown = unknown || !slices.Contains(possible, name)
		repeated = repeated || slices.Contains(picked, name)
		if unknown || repeated {
			break
		}
		picked = append(picked, name)
	}
	switch {
	case unknown:
		p.failf(param, fault.FieldChoice, "takes, separated by commas: %s", strings.Join(possible, ", "))
	case repeated:
		p.failf(param, fault.FieldRepeated, "must name each field once")
	default:
		return picked
	}
	return nil
}

// known returns the names of the resource's fields that are of a kind.
func (p *parser) known(is func(*schema.Field) bool) []string {
	var names []string
	for i := range p.resource.Fields {
		if f := &p.resource.Fields[i]; is(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

func (p *parser) expandable() []string {
	return p.known(func(f *schema.Field) bool {
		return p.opt.Expandable != nil && f.Shown() && p.opt.Expandable(f.Name)
	})
}

func (p *parser) expands() bool { return len(p.expandable()) > 0 }

func (p *parser) sortable() []string {
	return p.known(func(f *schema.Field) bool { return f.Sort && f.Shown() })
}

func (p *parser) searchable() bool {
	return slices.ContainsFunc(p.resource.Fields, func(f schema.Field) bool { return f.Search })
}

// selections returns the parameters that a single record takes.
func (p *parser) selections() []string {
	names := []string{ParamFields}
	if p.expands() {
		names = append(names, ParamExpand)
	}
	return names
}

// search splits ?search= into its terms, each once.
func (p *parser) search(text string) []string {
	var terms []string
	for term := range strings.FieldsSeq(text) {
		if !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	if len(terms) > MaxTerms {
		p.failf(ParamSearch, fault.FieldTooLong, "must have at most %d words", MaxTerms)
		return nil
	}
	return terms
}

// ordering reads ?ordering=, nil where it is at fault.
func (p *parser) ordering(text string) []Key {
	possible := p.sortable()
	var order []Key
	for name := range strings.SplitSeq(text, ",") {
		name, desc := strings.CutPrefix(name, "-")
		switch {
		case !slices.Contains(possible, name):
			p.failf(ParamOrdering, fault.FieldChoice, "takes, separated by commas and with - in front for a falling order: %s",
				strings.Join(possible, ", "))
			return nil
		case slices.ContainsFunc(order, func(k Key) bool { return k.Field.Name == name }):
			p.failf(ParamOrdering, fault.FieldRepeated, "must name each field once")
			return nil
		case len(order) == MaxOrder:
			p.failf(ParamOrdering, fault.FieldTooLong, "must name at most %d fields", MaxOrder)
			return nil
		}
		order = append(order, Key{Field: p.resource.Field(name), Desc: desc})
	}
	return total(p.resource, order)
}

// defaultOrder is the order of a list that asks for none: the resource's own, else newest first.
func defaultOrder(r *schema.Resource) []Key {
	var order []Key
	for _, o := range r.Order {
		if f := r.Field(o.Field); f != nil {
			order = append(order, Key{Field: f, Desc: o.Desc})
		}
	}
	if created := r.Field(schema.FieldCreatedAt); len(order) == 0 && created != nil {
		order = append(order, Key{Field: created, Desc: true})
	}
	return total(r, order)
}

// total makes an order end in the id: in the direction of its first key, so that one index serves it both ways.
// What stands behind the id says nothing.
func total(r *schema.Resource, order []Key) []Key {
	for i := range order {
		if order[i].Field.Name == schema.FieldID {
			return order[:i+1]
		}
	}
	f := r.Field(schema.FieldID)
	if f == nil {
		return order
	}
	return append(order, Key{Field: f, Desc: len(order) > 0 && order[0].Desc})
}
