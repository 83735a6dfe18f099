package contract_test

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// sample makes a value that the schema admits; of an object it gives the required properties, or all of them.
func (a *api) sample(t *testing.T, name string, s *openapi3.Schema, all bool) any {
	t.Helper()
	if id, ok := a.reference(t, name); ok {
		return id
	}
	for _, choices := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} {
		for _, choice := range choices {
			if !slices.Equal(choice.Value.Type.Slice(), []string{"null"}) {
				return a.sample(t, name, choice.Value, all)
			}
		}
	}
	for _, value := range append([]any{s.Const}, s.Enum...) {
		if value != nil {
			return value
		}
	}
	switch {
	case s.Type.Permits("object") && s.Type != nil, len(s.Properties) > 0, len(s.AllOf) > 0:
		object := map[string]any{}
		properties, required := members(s)
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			property := properties[key].Value
			if !property.ReadOnly && (all || slices.Contains(required, key)) {
				object[key] = a.sample(t, key, property, all)
			}
		}
		return object
	case s.Type == nil:
		return "anything"
	case s.Type.Permits("array"):
		return slices.Repeat([]any{a.sample(t, name, s.Items.Value, all)}, int(s.MinItems))
	case s.Type.Permits("boolean"):
		return true
	case s.Type.Permits("integer"), s.Type.Permits("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	default:
		return sampleText(s)
	}
}

func sampleText(s *openapi3.Schema) string {
	unique := strings.ToLower(rand.Text())
	switch s.Format {
	case "uuid":
		return randomID()
	case "date":
		return "2099-01-31"
	case "date-time":
		return "2099-01-31T12:00:00.000000Z"
	}
	if s.MaxLength != nil && uint64(len(unique)) > *s.MaxLength {
		return unique[:*s.MaxLength]
	}
	return unique
}

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// members gathers what an object may and must have from a schema and the ones that it is put together from.
func members(s *openapi3.Schema) (properties openapi3.Schemas, required []string) {
	properties, required = maps.Clone(s.Properties), slices.Clone(s.Required)
	if properties == nil {
		properties = openapi3.Schemas{}
	}
	for _, part := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		more, musts := members(part.Value)
		maps.Copy(properties, more)
		required = append(required, musts...)
	}
	return properties, required
}

// undocumented returns the paths of fields that the schema doesn't name. They are valid JSON Schema, but what the
// document doesn't name, no generated client has.
func undocumented(s *openapi3.Schema, value any, path string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		properties, _ := members(s)
		for key, field := range value {
			switch property := properties[key]; {
			case property != nil:
				found = append(found, undocumented(property.Value, field, path+"."+key)...)
			case len(properties) > 0 && s.AdditionalProperties.Schema == nil && !allows(s.AdditionalProperties):
				found = append(found, path+"."+key)
			}
		}
	case []any:
		for i, item := range value {
			if s.Items != nil {
				found = append(found, undocumented(s.Items.Value, item, fmt.Sprintf("%s.%d", path, i))...)
			}
		}
	}
	return found
}

func allows(more openapi3.AdditionalProperties) bool { return more.Has != nil && *more.Has }
