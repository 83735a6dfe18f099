package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// kind is how a Go field keeps its value.
type kind uint8

const (
	kindNone   kind = iota
	kindText        // string
	kindTextID      // string that holds a UUID
	kindID          // id.ID
	kindInt         // int, int64
	kindFloat       // float64
	kindBool        // bool
	kindTime        // time.Time
	kindDate        // Date
	kindMap         // map[string]any
	kindRaw         // json.RawMessage
)

func (k kind) schemaType() schema.Type {
	return [...]schema.Type{
		schema.Invalid, schema.Text, schema.UUID, schema.UUID, schema.Integer, schema.Number, schema.Boolean,
		schema.Time, schema.Date, schema.JSON, schema.JSON,
	}[k]
}

// slot says where one field of the resource lies in the struct.
type slot struct {
	index   []int
	kind    kind
	pointer bool
}

// compiler reads one struct and collects what is wrong with it.
type compiler struct {
	typ      reflect.Type
	fields   []schema.Field
	slots    []slot
	origins  []string // the Go field of each
	problems []error
}

// Compile reads the fields of T and their tags into r.Fields, id first and the other built-in fields last, finishes
// r and returns the plan by which records go into a T and back. All mistakes are returned at once; the Struct is
// nil then. The targets of references, counts and look-ups are the registry's to check: they are other resources.
func Compile[T any](r *schema.Resource) (*Struct, []error) {
	return compile(reflect.TypeFor[T](), r)
}

func compile(typ reflect.Type, r *schema.Resource) (*Struct, []error) {
	c := &compiler{typ: typ}
	if typ.Kind() != reflect.Struct {
		return nil, []error{fmt.Errorf("%s: a resource is a struct", typ)}
	}
	record := c.record()
	c.add(record, "ID", schema.Field{
		Name: schema.FieldID, Type: schema.UUID, Description: "The record's id.",
	}, kindID)
	for f := range typ.Fields() {
		c.field(f)
	}
	c.add(record, "CreatedBy", schema.Field{
		Name: schema.FieldCreatedBy, Type: schema.UUID, Nullable: true, Description: "The id of the caller who created the record.",
	}, kindID)
	c.add(record, "CreatedAt", schema.Field{
		Name: schema.FieldCreatedAt, Type: schema.Time, Description: "When the record was created.",
	}, kindTime)
	c.add(record, "UpdatedAt", schema.Field{
		Name: schema.FieldUpdatedAt, Type: schema.Time, Description: "When the record was last changed.",
	}, kindTime)
	c.checkTogether()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	r.Fields = c.fields
	r.Finish()
	return &Struct{resource: r, typ: typ, slots: c.slots}, nil
}

func (c *compiler) failf(field, format string, args ...any) {
	where := c.typ.String()
	if field != "" {
		where += "." + field
	}
	c.problems = append(c.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// record returns the index of the embedded Record.
func (c *compiler) record() int {
	for i := range c.typ.NumField() {
		f := c.typ.Field(i)
		if f.Anonymous && f.Type == reflect.TypeFor[Record]() {
			if f.Tag != "" {
				c.failf(f.Name, "the embedded Record takes no tags")
			}
			return i
		}
	}
	c.failf("", "a resource embeds Record, by value")
	return 0
}

// add adds a built-in field.
func (c *compiler) add(record int, name string, f schema.Field, k kind) {
	f.BuiltIn, f.ReadOnly, f.Filter, f.Sort = true, true, true, true
	inner, _ := reflect.TypeFor[Record]().FieldByName(name)
	c.fields = append(c.fields, f)
	c.slots = append(c.slots, slot{index: append([]int{record}, inner.Index...), kind: k})
	c.origins = append(c.origins, name)
}

// field reads one declared field.
func (c *compiler) field(f reflect.StructField) {
	if f.Anonymous {
		if f.Type != reflect.TypeFor[Record]() {
			c.failf(f.Name, "only Record can be embedded")
		}
		return
	}
	tags, err := splitTag(string(f.Tag))
	if err != nil {
		c.failf(f.Name, "%s", err)
		return
	}
	name, named := tags["json"]
	tag, tagged := tags["tenantry"]
	switch {
	case !f.IsExported():
		if named || tagged {
			c.failf(f.Name, "an unexported field can't be part of a record")
		}
		return
	case name == "-":
		if tagged {
			c.failf(f.Name, `json:"-" keeps the field out of the record, so the tenantry tag says nothing`)
		}
		return
	case name == "":
		c.failf(f.Name, `the json tag is missing: json:"name", or json:"-" for a field that is not stored`)
		return
	}
	if problem := checkName(name); problem != "" {
		c.failf(f.Name, "%s", problem)
	}
	w, problems := parseWords(tag)
	for _, problem := range problems {
		c.failf(f.Name, "%s", problem)
	}
	k, pointer, problem := kindOf(f.Type, w.has(wordRef))
	if problem != "" {
		c.failf(f.Name, "%s", problem)
		return
	}
	field, problems := w.field(k.schemaType(), pointer)
	for _, problem := range problems {
		c.failf(f.Name, "%s", problem)
	}
	field.Name, field.Description = name, tags["doc"]
	c.fields = append(c.fields, field)
	c.slots = append(c.slots, slot{index: f.Index, kind: k, pointer: pointer})
	c.origins = append(c.origins, f.Name)
}

// kindOf says how a field of the type keeps its value, and whether it may be null.
func kindOf(t reflect.Type, ref bool) (k kind, pointer bool, problem string) {
	if t.Kind() == reflect.Pointer {
		t, pointer = t.Elem(), true
	}
	switch t {
	case reflect.TypeFor[id.ID]():
		return kindID, pointer, ""
	case reflect.TypeFor[time.Time]():
		return kindTime, pointer, ""
	case reflect.TypeFor[Date]():
		return kindDate, pointer, ""
	case reflect.TypeFor[map[string]any]():
		return kindMap, pointer, ""
	case reflect.TypeFor[json.RawMessage]():
		return kindRaw, pointer, ""
	case reflect.TypeFor[time.Duration]():
		return kindNone, false, "a time.Duration has no unit outside of Go; use an int64 whose name says the unit"
	}
	if marshals(t) {
		return kindNone, false, fmt.Sprintf("the type %s has a form of its own, which the schema can't know", t)
	}
	switch {
	case t.Kind() == reflect.String && ref:
		k = kindTextID
	case t.Kind() == reflect.String:
		k = kindText
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		k = kindInt
	case t.Kind() == reflect.Float64:
		k = kindFloat
	case t.Kind() == reflect.Bool:
		k = kindBool
	default:
		return kindNone, false, fmt.Sprintf("the type %s can't be stored; use string, int, int64, float64, bool, "+
			"time.Time, Date, ID, map[string]any, json.RawMessage or a pointer to one", t)
	}
	return k, pointer, ""
}

// marshals reports whether the type writes itself in a way that its kind doesn't show.
func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, name := range []string{"MarshalJSON", "MarshalJSONTo", "MarshalText", "AppendText"} {
		if _, ok := p.MethodByName(name); ok {
			return true
		}
	}
	return false
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$`)

// maxName leaves room for what the engines add to a field's name where they name an index or a constraint.
const maxName = 54

// reserved names mean something else: in the tables of the engines, or as parameters of every list.
func reserved() []string {
	return []string{
		"tenant", "tenant_id", "version", schema.FieldID, schema.FieldCreatedBy, schema.FieldCreatedAt, schema.FieldUpdatedAt,
		"page", "page_size", "cursor", "count", "search", "ordering", "fields", "expand",
		"rowid", "oid", "ctid", "tableoid", "xmin", "xmax", "cmin", "cmax",
	}
}

func checkName(name string) string {
	switch {
	case strings.Contains(name, ","):
		return "the json tag takes a name alone, no options"
	case slices.Contains(reserved(), name):
		return fmt.Sprintf("the name %q is reserved", name)
	case len(name) > maxName:
		return fmt.Sprintf("a name has at most %d characters", maxName)
	case !nameForm.MatchString(name):
		return fmt.Sprintf("%q is no name: lower-case letters, digits and single underscores, a letter first", name)
	}
	return ""
}

// checkTogether checks what only shows when all fields are known.
func (c *compiler) checkTogether() {
	if len(c.problems) > 0 && len(c.fields) < 5 {
		return
	}
	first := map[string]int{}
	for i := range c.fields {
		if j, twice := first[c.fields[i].Name]; twice {
			c.failf(c.origins[i], "the name %q is taken by %s", c.fields[i].Name, c.origins[j])
			continue
		}
		first[c.fields[i].Name] = i
	}
	for i := range c.fields {
		f := &c.fields[i]
		if f.Ref != nil {
			if j, taken := first[f.Name+"_details"]; taken {
				c.failf(c.origins[j], "the name %q is needed for ?expand=%s", f.Name+"_details", f.Name)
			}
		}
		if f.Derived != nil && f.Derived.Lookup != "" {
			c.checkLookup(i, first)
		}
	}
}

func (c *compiler) checkLookup(i int, byName map[string]int) {
	f := &c.fields[i]
	j, ok := byName[f.Derived.Via]
	switch {
	case !ok || c.fields[j].Ref == nil:
		c.failf(c.origins[i], "lookup= follows %q, which is no reference of this struct", f.Derived.Via)
	case c.fields[j].Ref.Resource == schema.Members:
		c.failf(c.origins[i], "lookup= can't look into members")
	case c.fields[j].Hidden:
		c.failf(c.origins[i], "lookup= follows %q, which is hidden", f.Derived.Via)
	case c.fields[j].Nullable && !f.Nullable:
		c.failf(c.origins[i], "must be a pointer: %q may be null", f.Derived.Via)
	}
}
