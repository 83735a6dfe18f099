package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
)

// ref points at a schema of the document.
func ref(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

// nullable adds null to a schema of one type.
func nullable(s object) object {
	out := make(object, 0, len(s))
	for _, m := range s {
		switch m.name {
		case "type":
			out = append(out, member{"type", array{m.value, "null"}})
		case "enum":
			choices, _ := m.value.(array)
			out = append(out, member{"enum", append(append(array{}, choices...), nil)})
		default:
			out = append(out, m)
		}
	}
	return out
}

// addRecord adds the schemas of a resource: the record as it is answered, whole and sparse, the page of a list, and
// what a create, a replace and a patch take.
func (b *builder) addRecord(r *schema.Resource) {
	name := typeName(r.Singular)
	properties, required := b.answerProperties(r)
	whole := object{{"type", "object"}}
	if r.Description != "" {
		whole = whole.with(member{"description", r.Description})
	}
	b.addSchema(name, whole.with(member{"properties", properties}, member{"required", required}))
	b.addSchema(name+"Sparse", object{
		{"type", "object"},
		{"description", "Some fields of a record: those that `fields` asked for. Without `fields` an answer has all of them."},
		{"properties", properties},
	})
	b.addSchema(name+"Page", pageSchema(anyRecord(name)))
	if b.has(r, operation.Create) {
		b.addSchema(name+"Create", inputSchema(r, (*schema.Field).Writable, true))
	}
	if b.has(r, operation.Replace) {
		b.addSchema(name+"Replace", inputSchema(r, (*schema.Field).Writable, true))
	}
	if b.has(r, operation.Patch) {
		b.addSchema(name+"Patch", inputSchema(r, func(f *schema.Field) bool { return f.Writable() && !f.Immutable }, false))
	}
	if once, names := onceProperties(r); len(once) > 0 {
		b.addSchema(name+onceSuffix, object{
			{"type", "object"},
			{"description", "A record with what is shown of it this once."},
			{"properties", append(slices.Clone(properties), once...)},
			{"required", append(slices.Clone(required), names...)},
		})
	}
}

// onceSuffix marks the schema of a record with its secret.
const onceSuffix = "WithSecret"

func onceProperties(r *schema.Resource) (properties object, names array) {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Once {
			properties = append(properties, member{f.Name, answerSchema(r, f)})
			names = append(names, f.Name)
		}
	}
	return properties, names
}

// has reports whether there is an operation of the kind on records of r.
func (b *builder) has(r *schema.Resource, kind operation.Kind) bool {
	return slices.ContainsFunc(b.ops, func(op operation.Operation) bool { return op.Resource == r && op.Kind == kind })
}

// anyRecord is a record that is whole unless the client asked for a part of it. It is a choice of two schemas, so that
// both kinds of answer are valid and a client that never asks for a part can take the first for granted.
func anyRecord(name string) object { return object{{"anyOf", array{ref(name), ref(name + "Sparse")}}} }

func pageSchema(item object) object {
	page := func(description string) object {
		return object{{"type", array{"string", "null"}}, {"format", "uri-reference"}, {"description", description}}
	}
	return object{
		{"type", "object"},
		{"properties", object{
			{"count", object{{"type", "integer"}, {"format", "int64"}, {"minimum", 0}, {"description", "How many records all pages have together; only with `count=exact` or `page`."}}},
			{"next", page("The address of the next page, null on the last.")},
			{"previous", page("The address of the page before, null on the first.")},
			{"results", object{{"type", "array"}, {"items", item}}},
		}},
		{"required", texts("next", "previous", "results")},
	}
}

func (b *builder) answerProperties(r *schema.Resource) (properties object, required array) {
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Shown() {
			continue
		}
		properties = append(properties, member{f.Name, answerSchema(r, f)})
		required = append(required, f.Name)
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if b.expandable(f) {
			properties = append(properties, member{f.Name + "_details", b.detailsSchema(f)})
		}
	}
	return properties, required
}

// expandable reports whether ?expand= takes the field.
func (b *builder) expandable(f *schema.Field) bool {
	return f.Ref != nil && b.records[f.Ref.Resource] != nil
}

func (b *builder) detailsSchema(f *schema.Field) object {
	details := ref(typeName(b.records[f.Ref.Resource].Singular))
	if !f.Nullable {
		return details
	}
	return object{{"anyOf", array{details, object{{"type", "null"}}}}}
}

// answerSchema is a field as answers have it.
func answerSchema(r *schema.Resource, f *schema.Field) object {
	s := fieldSchema(f)
	if r.AppendOnly {
		s = eventSchema(f, s)
	}
	if f.Shape != nil {
		s = shapeSchema(f.Shape)
	}
	if f.Nullable {
		s = nullable(s)
	}
	s = described(s, f.Description)
	if f.ReadOnly || f.BuiltIn || f.Derived != nil || f.Once {
		s = s.with(member{"readOnly", true})
	}
	return s
}

func described(s object, description string) object {
	if description == "" {
		return s
	}
	return s.with(member{"description", description})
}

// fieldSchema is the type of a field and its bounds.
func fieldSchema(f *schema.Field) object {
	s := typeSchema(f.Type)
	switch f.Type {
	case schema.Text:
		if len(f.Enum) > 0 {
			return s.with(member{"enum", texts(f.Enum...)})
		}
		if f.MinLength > 0 {
			s = s.with(member{"minLength", f.MinLength})
		}
		if f.MaxLength > 0 {
			s = s.with(member{"maxLength", f.MaxLength})
		}
		if f.Word {
			s = s.with(member{extensionWord, true})
		}
	case schema.Integer, schema.Number:
		if f.Min != nil {
			s = s.with(member{"minimum", *f.Min})
		}
		if f.Max != nil {
			s = s.with(member{"maximum", *f.Max})
		}
		s = s.with(measures(f)...)
	default:
	}
	switch {
	case f.Ref != nil:
		s = s.with(references(f.Ref.Resource)...)
	case f.Names != "":
		s = s.with(references(f.Names)...)
	case f.BuiltIn && f.Name == schema.FieldCreatedBy:
		s = s.with(references(schema.Members)...)
	}
	return s
}

func typeSchema(t schema.Type) object {
	switch t {
	case schema.Text:
		return object{{"type", "string"}}
	case schema.Integer:
		return object{{"type", "integer"}, {"format", "int64"}}
	case schema.Number:
		return object{{"type", "number"}, {"format", "double"}}
	case schema.Boolean:
		return object{{"type", "boolean"}}
	case schema.Time:
		return object{{"type", "string"}, {"format", "date-time"}}
	case schema.Date:
		return object{{"type", "string"}, {"format", "date"}}
	case schema.UUID:
		return object{{"type", "string"}, {"format", "uuid"}}
	case schema.JSON, schema.Object:
		return object{{"type", "object"}, {"additionalProperties", true}}
	case schema.Array, schema.Invalid:
	}
	return object{}
}

// eventSchema says more of the two JSON fields of an event than their type does.
func eventSchema(f *schema.Field, plain object) object {
	if f.Type != schema.JSON {
		return plain
	}
	if f.Name == "actor" {
		kinds := texts(string(policy.User), string(policy.Service), string(policy.Operator), string(policy.System))
		return object{
			{"type", "object"},
			{"properties", object{
				{"id", object{{"type", "string"}, {"format", "uuid"}}},
				{"kind", object{{"type", "string"}, {"enum", kinds}}},
				{"name", object{{"type", "string"}}},
				{"on_behalf_of", object{{"type", "string"}, {"format", "uuid"}, {"description", "The operator who acted as the caller, where one did."}}},
			}},
			{"required", texts("id", "kind", "name")},
		}
	}
	return object{{"type", "object"}, {"additionalProperties", object{
		{"type", "array"}, {"items", fieldValue()}, {"minItems", 2}, {"maxItems", 2}, {"description", "The old value and the new one."},
	}}}
}

// fieldValue is a value of any field. An empty schema would say nearly the same, but there are validators that take
// it for one that refuses null.
func fieldValue() object {
	return object{{"type", texts("string", "number", "boolean", "object", "null")}}
}

// inputSchema is a body that consists of the fields that take says.
func inputSchema(r *schema.Resource, take func(*schema.Field) bool, whole bool) object {
	properties, required := object{}, array{}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !take(f) {
			continue
		}
		properties = append(properties, member{f.Name, fieldInput(f, whole)})
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
	if whole && len(required) > 0 {
		s = s.with(member{"required", required})
	}
	return s
}

func fieldInput(f *schema.Field, whole bool) object {
	s := fieldSchema(f)
	if f.Nullable {
		s = nullable(s)
	}
	if whole && !f.Required && !f.Default.IsNull() {
		s = s.with(member{"default", f.Default})
	}
	return described(s, inputDescription(f))
}

func inputDescription(f *schema.Field) string {
	parts := []string{f.Description}
	if f.Ref != nil {
		parts = append(parts, "The id of one of the tenant's "+f.Ref.Resource+".")
	}
	if f.Type == schema.JSON && f.MaxLength > 0 {
		parts = append(parts, fmt.Sprintf("At most %d bytes as compact JSON.", f.MaxLength))
	}
	if f.Unique {
		parts = append(parts, "Unique in the tenant.")
	}
	if f.Immutable {
		parts = append(parts, "Can't be changed later.")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// shapeSchema is the schema of a report's answer.
func shapeSchema(s *schema.Shape) object {
	var out object
	switch {
	case s == nil:
		return object{}
	case s.Type == schema.Array:
		out = object{{"type", "array"}, {"items", shapeSchema(s.Items)}}
	case s.Type == schema.Object && len(s.Properties) == 0 && s.Items != nil:
		out = object{{"type", "object"}, {"additionalProperties", shapeSchema(s.Items)}}
	case s.Type == schema.Object && len(s.Properties) > 0:
		out = shapeObject(s)
	default:
		out = typeSchema(s.Type)
	}
	if s.Nullable {
		out = nullable(out)
	}
	return out
}

func shapeObject(s *schema.Shape) object {
	var properties object
	var required array
	for _, p := range s.Properties {
		properties = append(properties, member{p.Name, described(shapeSchema(p.Shape), p.Description)})
		if !p.Optional {
			required = append(required, p.Name)
		}
	}
	out := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		out = out.with(member{"required", required})
	}
	return out
}

// typeName turns task and by-status into Task and ByStatus.
func typeName(name string) string {
	var out strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '-' || c == '_' }) {
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}
