package openapi

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
)

func parameterRef(name string) object { return object{{"$ref", "#/components/parameters/" + name}} }

// sharedParameters are those that many operations take.
func sharedParameters() object {
	header := func(name, description string, s object) object {
		return object{{"name", name}, {"in", "header"}, {"description", description}, {"schema", s}}
	}
	param := func(name, description string, s object) object {
		return object{{"name", name}, {"in", "query"}, {"description", description}, {"schema", s}}
	}
	tags := object{{"type", "string"}}
	return object{
		{"Id", object{
			{"name", "id"},
			{"in", "path"},
			{"required", true},
			{"description", "The record's id."},
			{"schema", object{{"type", "string"}, {"format", "uuid"}}},
		}},
		{"RequestId", header("X-Request-ID", "A name for the request, 1 to 128 printable ASCII characters. It comes back in the answer and stands in logs and events.",
			object{{"type", "string"}, {"minLength", 1}, {"maxLength", 128}})},
		{"IfMatch", header("If-Match", "Do it only where the record still is what one of these entity tags was given for; `*` for any.", tags)},
		{"IfNoneMatch", header("If-None-Match", "Answer 304 where one of these entity tags is that of the answer.", tags)},
		{"IdempotencyKey", header("Idempotency-Key", "Any text of the client's choice, new for each new request: repeated with it within 24 hours, the request takes effect once and gets its first answer again.",
			object{{"type", "string"}, {"minLength", 1}, {"maxLength", 255}})},
		{"PageSize", param(query.ParamPageSize, "How many records a page has.",
			object{{"type", "integer"}, {"minimum", 1}, {"maximum", query.MaxPageSize}, {"default", query.DefaultPageSize}})},
		{"Cursor", param(query.ParamCursor, "Where the page begins: opaque, taken from `next` or `previous`, and good only with the same filters and order.",
			object{{"type", "string"}})},
		{"Page", param(query.ParamPage, "A numbered page instead of a cursor, with `count`. No page that begins past the 10,000th record.",
			object{{"type", "integer"}, {"minimum", 1}})},
		{"Count", param(query.ParamCount, "Count the records of all pages.", object{{"type", "string"}, {"enum", texts("exact")}})},
	}
}

// listParameters are the parameters of a list of r's records.
func (b *builder) listParameters(op *operation.Operation) array {
	r := op.Resource
	params := array{parameterRef("PageSize"), parameterRef("Cursor"), parameterRef("Page"), parameterRef("Count")}
	if slices.ContainsFunc(r.Fields, func(f schema.Field) bool { return f.Search }) {
		params = append(params, searchParameter(r))
	}
	if ordering := orderingParameter(r); ordering != nil {
		params = append(params, ordering)
	}
	params = append(params, b.selectionParameters(r)...)
	for i := range r.Fields {
		params = append(params, filterParameters(&r.Fields[i], op.Listing)...)
	}
	return params
}

func searchParameter(r *schema.Resource) object {
	var names []string
	for _, f := range r.Fields {
		if f.Search {
			names = append(names, "`"+f.Name+"`")
		}
	}
	return object{
		{"name", query.ParamSearch},
		{"in", "query"},
		{"description", "Words that must all occur, without regard to case, in one of: " + strings.Join(names, ", ") + "."},
		{"schema", object{{"type", "string"}}},
	}
}

func orderingParameter(r *schema.Resource) object {
	var choices array
	var names []string
	for _, f := range r.Fields {
		if f.Sort && f.Shown() {
			choices = append(choices, f.Name, "-"+f.Name)
			names = append(names, "`"+f.Name+"`")
		}
	}
	if len(choices) == 0 {
		return nil
	}
	var usual []string
	for _, o := range r.Order {
		name := o.Field
		if o.Desc {
			name = "-" + name
		}
		usual = append(usual, name)
	}
	return listed(query.ParamOrdering, "The fields to order by, falling with `-` in front, ties broken by id; by default `"+
		strings.Join(usual, ",")+"`. Possible: "+strings.Join(names, ", ")+".", object{{"type", "string"}, {"enum", choices}}, query.MaxOrder)
}

// selectionParameters choose what of a record is answered.
func (b *builder) selectionParameters(r *schema.Resource) array {
	var shown, expandable array
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Shown() {
			shown = append(shown, f.Name)
		}
		if b.expandable(f) {
			expandable = append(expandable, f.Name)
		}
	}
	params := array{listed(query.ParamFields, "Answer with these fields alone.", object{{"type", "string"}, {"enum", shown}}, len(shown))}
	if len(expandable) > 0 {
		params = append(params, listed(query.ParamExpand, "Add the records that these fields name, as `<field>_details`.",
			object{{"type", "string"}, {"enum", expandable}}, len(expandable)))
	}
	return params
}

// listed is a parameter that takes several values with commas between them.
func listed(name, description string, item object, most int) object {
	return object{
		{"name", name},
		{"in", "query"},
		{"description", description},
		{"style", "form"},
		{"explode", false},
		{"schema", object{{"type", "array"}, {"items", item}, {"minItems", 1}, {"maxItems", most}}},
	}
}

// filterParameters are the look-ups of one field.
func filterParameters(f *schema.Field, listing *schema.Listing) array {
	var params array
	for _, name := range query.Lookups(f) {
		parameter := filterParameter(f, name)
		if name == f.Param && listing != nil && slices.Contains(listing.Requires, f.Name) {
			parameter = parameter.with(member{"required", true})
		}
		params = append(params, parameter)
	}
	return params
}

// filterParameter describes one look-up by its name, as query has it.
func filterParameter(f *schema.Field, name string) object {
	value := typeSchema(f.Type)
	if len(f.Enum) > 0 {
		value = value.with(member{"enum", texts(f.Enum...)})
	}
	what := "Only records whose `" + f.Param + "` is "
	describe := func(description string) object {
		return object{{"name", name}, {"in", "query"}, {"description", description}, {"schema", value}}
	}
	switch strings.TrimPrefix(name, f.Param) {
	case "__in":
		return listed(name, what+"one of these.", value, query.MaxIn)
	case "__icontains":
		return describe("Only records whose `" + f.Param + "` contains this, without regard to case.")
	case "__isnull":
		value = typeSchema(schema.Boolean)
		return describe(what + "null, or is not.")
	case "__gt":
		return describe(what + "above this.")
	case "__gte":
		return describe(what + "this or above.")
	case "__lt":
		return describe(what + "below this.")
	case "__lte":
		return describe(what + "this or below.")
	default:
		return describe(what + "this.")
	}
}
