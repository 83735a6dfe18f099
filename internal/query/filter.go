package query

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// separator stands between a field's parameter and its look-up. No field's name has two underscores in a row.
const separator = "__"

// lookup is one look-up of a filter.
type lookup struct {
	suffix string
	op     Op
}

// Lookups returns the parameters by which lists are filtered by the field, none where they can't be.
func Lookups(f *schema.Field) []string {
	var names []string
	for _, l := range lookups(f) {
		names = append(names, f.Param+l.suffix)
	}
	return names
}

func lookups(f *schema.Field) []lookup {
	if !f.Filter || f.Type == schema.JSON {
		return nil
	}
	out := []lookup{{"", Equal}}
	if f.Type != schema.Boolean {
		out = append(out, lookup{separator + "in", In})
	}
	if ordered(f) {
		out = append(out, lookup{separator + "gt", Greater}, lookup{separator + "gte", GreaterEqual},
			lookup{separator + "lt", Less}, lookup{separator + "lte", LessEqual})
	}
	if f.Type == schema.Text && len(f.Enum) == 0 {
		out = append(out, lookup{separator + "icontains", Contains})
	}
	if f.Nullable {
		out = append(out, lookup{separator + "isnull", IsNull})
	}
	return out
}

// ordered reports whether it says something that one value of the field is less than another.
func ordered(f *schema.Field) bool {
	switch f.Type {
	case schema.Text:
		return len(f.Enum) == 0
	case schema.Integer, schema.Number, schema.Time, schema.Date:
		return true
	default:
		return false
	}
}

// filter reads a parameter that must be a filter.
func (p *parser) filter(parsed *Parsed, name, text string) {
	param, suffix := name, ""
	if at := strings.LastIndex(name, separator); at >= 0 {
		param, suffix = name[:at], name[at:]
	}
	f := p.byParam(param)
	if f == nil {
		p.failf(name, fault.FieldUnknown, "is unknown; there are %s", strings.Join(p.parameters(), ", "))
		return
	}
	known := lookups(f)
	at := slices.IndexFunc(known, func(l lookup) bool { return l.suffix == suffix })
	if at < 0 {
		p.failf(name, fault.FieldUnknown, "is unknown; there are %s", strings.Join(Lookups(f), ", "))
		return
	}
	condition, ok := p.condition(f, known[at].op, name, text)
	if !ok {
		return
	}
	if len(parsed.List.Where) == MaxConditions {
		p.failf(name, fault.FieldTooLong, "is one condition too many: there may be %d", MaxConditions)
		return
	}
	parsed.List.Where = append(parsed.List.Where, condition)
}

// byParam returns the field that lists are filtered by with the parameter.
func (p *parser) byParam(param string) *schema.Field {
	for i := range p.resource.Fields {
		if f := &p.resource.Fields[i]; f.Param == param && len(lookups(f)) > 0 {
			return f
		}
	}
	return nil
}

// parameters returns what a list takes: each filter by its plain name.
func (p *parser) parameters() []string {
	names := []string{ParamCursor, ParamPage, ParamPageSize, ParamCount, ParamFields}
	if p.expands() {
		names = append(names, ParamExpand)
	}
	if p.searchable() {
		names = append(names, ParamSearch)
	}
	if len(p.sortable()) > 0 {
		names = append(names, ParamOrdering)
	}
	for i := range p.resource.Fields {
		if f := &p.resource.Fields[i]; len(lookups(f)) > 0 {
			names = append(names, f.Param)
		}
	}
	return names
}

func (p *parser) condition(f *schema.Field, op Op, name, text string) (Condition, bool) {
	c := Condition{Field: f, Op: op}
	switch op {
	case In:
		values, ok := p.members(f, name, text)
		c.Values = values
		return c, ok
	case Contains:
		c.Values = []schema.Value{schema.String(text)}
		return c, true
	case IsNull:
		value, ok := parse(schema.Boolean, text)
		if !ok {
			p.failf(name, fault.FieldFormat, "must be true or false")
		}
		c.Values = []schema.Value{value}
		return c, ok
	default:
		value, ok := p.value(f, name, text)
		c.Values = []schema.Value{value}
		return c, ok
	}
}

// value reads one value of the field's type, and for an enum one of its values: of another, a list would only ever
// be empty, and the client hardly means that.
func (p *parser) value(f *schema.Field, name, text string) (schema.Value, bool) {
	value, ok := parse(f.Type, text)
	switch {
	case !ok:
		p.failf(name, fault.FieldFormat, "must be %s", form(f.Type))
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, text):
		p.failf(name, fault.FieldChoice, "must be one of: %s", strings.Join(f.Enum, ", "))
		return value, false
	}
	return value, ok
}

// parse reads one value. A boolean may be written as clients in other languages and forms do: True, 1.
func parse(t schema.Type, text string) (schema.Value, bool) {
	if t != schema.Boolean {
		return schema.ParseText(t, text)
	}
	switch strings.ToLower(text) {
	case "true", "1":
		return schema.Bool(true), true
	case "false", "0":
		return schema.Bool(false), true
	default:
		return schema.Value{}, false
	}
}

// members reads the values of an __in, sorted and each once, so that equal lists are equal conditions.
func (p *parser) members(f *schema.Field, name, text string) ([]schema.Value, bool) {
	if strings.Count(text, ",") >= MaxIn {
		p.failf(name, fault.FieldTooLong, "must have at most %d values", MaxIn)
		return nil, false
	}
	parts := strings.Split(text, ",")
	slices.Sort(parts)
	if parts[0] == "" {
		p.failf(name, fault.FieldFormat, "must be values separated by single commas")
		return nil, false
	}
	var values []schema.Value
	for _, part := range parts {
		value, ok := p.value(f, name, part)
		if !ok {
			return nil, false
		}
		if !slices.ContainsFunc(values, value.Equal) {
			values = append(values, value)
		}
	}
	return values, true
}

// form says what a value of the type looks like in a query.
func form(t schema.Type) string {
	switch t {
	case schema.Integer:
		return "a whole number"
	case schema.Number:
		return "a number"
	case schema.Boolean:
		return "true or false"
	case schema.Time:
		return "a time in RFC 3339, such as 2026-11-23T09:00:00Z (a + in it is written %2B)"
	case schema.Date:
		return "a date of the form YYYY-MM-DD"
	case schema.UUID:
		return "a UUID in its canonical form"
	default:
		return "text"
	}
}
