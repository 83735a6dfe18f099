package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// ShapeOf describes the JSON that Marshal makes of a T, the answer of a report: a struct with json and doc tags, or
// a map with string keys. Inside may be structs, maps, slices, arrays, pointers (which may be null) and the types
// of resources' fields. What has no fixed shape is an error that names type and field.
func ShapeOf[T any]() (*schema.Shape, error) {
	typ := reflect.TypeFor[T]()
	shape, err := shapeOf(typ, nil)
	if err != nil {
		return nil, err
	}
	if shape.Type != schema.Object || shape.Nullable {
		return nil, fmt.Errorf("%s: a report answers with a JSON object: a struct, or a map with string keys", typ)
	}
	return shape, nil
}

// shapeOf describes a type; within holds the structs around it.
func shapeOf(t reflect.Type, within []reflect.Type) (*schema.Shape, error) {
	switch t {
	case reflect.TypeFor[id.ID]():
		return &schema.Shape{Type: schema.UUID}, nil
	case reflect.TypeFor[time.Time]():
		return &schema.Shape{Type: schema.Time}, nil
	case reflect.TypeFor[Date]():
		return &schema.Shape{Type: schema.Date}, nil
	case reflect.TypeFor[map[string]any](), reflect.TypeFor[json.RawMessage]():
		return &schema.Shape{Type: schema.JSON}, nil
	case reflect.TypeFor[time.Duration]():
		return nil, fmt.Errorf("%s has no unit in JSON; use an int64 whose name says the unit", t)
	}
	if t.Kind() != reflect.Pointer && marshals(t) {
		return nil, fmt.Errorf("%s has a form of its own, which the schema can't know", t)
	}
	switch t.Kind() {
	case reflect.String:
		return &schema.Shape{Type: schema.Text}, nil
	case reflect.Bool:
		return &schema.Shape{Type: schema.Boolean}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return &schema.Shape{Type: schema.Integer}, nil
	case reflect.Float32, reflect.Float64:
		return &schema.Shape{Type: schema.Number}, nil
	case reflect.Pointer:
		return shapeOfPointer(t, within)
	case reflect.Slice, reflect.Array:
		return shapeOfItems(schema.Array, t, within)
	case reflect.Map:
		if t.Key().Kind() != reflect.String || marshals(t.Key()) {
			return nil, fmt.Errorf("%s: the keys of a map are strings", t)
		}
		return shapeOfItems(schema.Object, t, within)
	case reflect.Struct:
		return shapeOfStruct(t, within)
	default:
		return nil, fmt.Errorf("%s has no shape in JSON", t)
	}
}

func shapeOfPointer(t reflect.Type, within []reflect.Type) (*schema.Shape, error) {
	shape, err := shapeOf(t.Elem(), within)
	if err != nil {
		return nil, err
	}
	if shape.Nullable {
		return nil, fmt.Errorf("%s: a pointer to a pointer", t)
	}
	shape.Nullable = true
	return shape, nil
}

func shapeOfItems(of schema.Type, t reflect.Type, within []reflect.Type) (*schema.Shape, error) {
	if of == schema.Array && t.Elem().Kind() == reflect.Uint8 {
		return nil, fmt.Errorf("%s: bytes have no shape of their own; use a string", t)
	}
	items, err := shapeOf(t.Elem(), within)
	if err != nil {
		return nil, err
	}
	return &schema.Shape{Type: of, Items: items}, nil
}

func shapeOfStruct(t reflect.Type, within []reflect.Type) (*schema.Shape, error) {
	if slices.Contains(within, t) {
		return nil, fmt.Errorf("%s contains itself", t)
	}
	within = append(slices.Clip(within), t)
	shape := &schema.Shape{Type: schema.Object, Properties: []schema.Property{}}
	for f := range t.Fields() {
		property, err := propertyOf(f, within)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if property == nil {
			continue
		}
		for _, other := range shape.Properties {
			if other.Name == property.Name {
				return nil, fmt.Errorf("%s.%s: the name %q occurs twice", t, f.Name, property.Name)
			}
		}
		shape.Properties = append(shape.Properties, *property)
	}
	return shape, nil
}

// propertyOf describes one field of a struct, nil for one that JSON does not show.
func propertyOf(f reflect.StructField, within []reflect.Type) (*schema.Property, error) {
	tags, err := splitTag(string(f.Tag))
	if err != nil {
		return nil, err
	}
	tag, tagged := tags["json"]
	if f.Anonymous || !f.IsExported() {
		if f.Anonymous || tagged {
			return nil, fmt.Errorf("only named, exported fields are shown")
		}
		return nil, nil //nolint:nilnil // no property and no mistake
	}
	if tag == "-" {
		return nil, nil //nolint:nilnil // no property and no mistake
	}
	name, options, _ := strings.Cut(tag, ",")
	if len(name) > maxName || !nameForm.MatchString(name) {
		return nil, fmt.Errorf(`a json tag with a snake_case name is missing: json:"name", or json:"-"`)
	}
	if options != "" && options != "omitzero" && options != "omitempty" {
		return nil, fmt.Errorf("the json tag takes no option but omitzero and omitempty")
	}
	shape, err := shapeOf(f.Type, within)
	if err != nil {
		return nil, err
	}
	return &schema.Property{Name: name, Description: tags["doc"], Shape: shape, Optional: options != ""}, nil
}
