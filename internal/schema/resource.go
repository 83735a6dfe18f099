package schema

// Resource is one kind of record: its name in paths and tables, its fields, and what can be done with it beside
// list, get, create, update and delete. It is read-only once Finish has been called.
type Resource struct {
	// Name is the plural, in snake_case or kebab-case: the path segment. Table gives the table's name.
	Name string
	// Singular names one record in operation ids and titles: "task".
	Singular    string
	Description string
	// Fields are all fields in the order of the answer, the built-in and the derived ones included.
	Fields []Field
	// Order is the order of a list that asks for none.
	Order []Order
	// AppendOnly resources have no version, and no operation changes or deletes them (events).
	AppendOnly bool
	// Platform resources lie on the platform plane, and have no version either.
	Platform bool

	Actions  []Action
	Reports  []Report
	Listings []Listing
	// Content names the fields that tell of a record's file; zero where records have none.
	Content Content

	byName map[string]int
}

// The names of the fields that every record has.
const (
	FieldID        = "id"
	FieldCreatedBy = "created_by"
	FieldCreatedAt = "created_at"
	FieldUpdatedAt = "updated_at"
)

// Field is one field of a record.
type Field struct {
	Name        string
	Description string
	Type        Type
	// Nullable fields may be null; others are given their default, or their type's zero value, where a create
	// leaves them out.
	Nullable bool
	// Required fields must be in a create and in a replace.
	Required bool
	// ReadOnly fields are set by the server alone.
	ReadOnly bool
	// Immutable fields can be set by a create and never changed.
	Immutable bool
	// Kept fields keep their value where a replace leaves them out.
	Kept bool
	// Hidden fields are stored and filtered by, never shown.
	Hidden bool
	// WriteOnly fields are taken from a client and never shown, as a password is.
	WriteOnly bool
	// Once fields are shown by the answer of a create, and of an action that renews them, and never again.
	Once bool
	// Acted fields are the server's, and what actions change: for If-Match they are as much the record's as what a client writes.
	Acted bool
	// Unique fields hold a value once in a tenant.
	Unique bool
	// MinLength and MaxLength bound a text in characters (Unicode code points); MaxLength 0 is no bound.
	// For JSON, MaxLength bounds the bytes of the compact text.
	MinLength, MaxLength int
	// Min and Max bound an Integer or a Number.
	Min, Max *int64
	// Enum are a text's possible values.
	Enum []string
	// Word texts are one of our own names each, which there is no list of: logged_in, service-accounts.
	Word bool
	// Default is what a create that leaves the field out stores; Null stands for "none".
	Default Value
	// Ref is the record that a UUID names; nil for a plain id.
	Ref *Ref
	// Names is the resource whose record a UUID without a Ref names: whoever reads it may look there.
	Names string
	// Filter, Sort and Search say what a list may do with the field. Param is the name of its query parameter
	// where it differs from Name.
	Filter, Sort, Search bool
	Param                string
	// Derived fields are computed by the statement that reads the record, and have no column.
	Derived *Derived
	// BuiltIn fields are the ones every record has.
	BuiltIn bool
	// Shape describes what is in a JSON field; nil where that is the client's business.
	Shape *Shape
	// Unit is what an Integer counts; empty where its name says so.
	Unit Unit
	// Gauge numbers tell a state, not how often something happened: those of several times are not added up.
	Gauge bool
}

// Unit is what a number counts.
type Unit string

// Octets is the unit of sizes.
const Octets Unit = "bytes"

// Members is the Ref.Resource of a field that names a user who belongs to the tenant.
const Members = "members"

// Ref says which record a field names, always one of the same tenant.
type Ref struct {
	Resource string
	// Cascade deletes the record together with the one it names; otherwise that one can't be deleted while
	// this record names it.
	Cascade bool
	// Nested adds the list of the records below the one they name: GET projects/{id}/tasks/.
	Nested bool
}

// Derived says how a field is computed.
type Derived struct {
	// Count is the name of the resource whose records are counted that name this one in their field Via.
	Count string
	// Via is the reference that the count or the look-up follows.
	Via string
	// Lookup is the field of the record named by Via; empty for a count.
	Lookup string
}

// Order is one key of a list's order.
type Order struct {
	Field string
	Desc  bool
}

// Action is something that can be done to one record: POST {id}/<name>/, answered with the record.
type Action struct {
	Name string
	// Input are the fields that it takes, in a resource of their own; nil where it takes none.
	Input *Resource
	// Renews says that the record's Once fields are new and in the answer.
	Renews bool
}

// Report is something that can be asked of all records: GET <name>/, answered with an object of Shape.
type Report struct {
	Name  string
	Shape *Shape
}

// Listing is a list with a name of its own: GET <name>/. Requires are the filters that must be given.
type Listing struct {
	Name     string
	Requires []string
}

// Content names the fields of a record that tell of its file: GET, PUT and DELETE {id}/content/. Path and Checksum are
// required: Path holds the key that the server gave the file, Checksum the hash of what is in it, null while there is
// no file. The others are empty where a resource does without.
type Content struct {
	// Name gives the file its name in a download.
	Name string
	// Path may be written by clients while there is no file, and is read-only while there is one; so is Size.
	Path, Size string
	// Type is the media type that the upload came with.
	Type     string
	Checksum string
}

// IsZero reports whether the resource's records have no files.
func (c Content) IsZero() bool { return c == Content{} }

// ContentSegment is the last part of the path of a record's file.
const ContentSegment = "content"

// Shape describes a JSON value that is not a record: the answer of a report.
type Shape struct {
	Type Type // Object and Array beside the types of fields
	// Properties of an Object in their order; all are required unless Optional.
	Properties []Property
	// Items of an Array; the values of an Object that has no Properties.
	Items    *Shape
	Nullable bool
}

// Property is one member of an object.
type Property struct {
	Name, Description string
	Shape             *Shape
	Optional          bool
}

// Finish builds the resource's index. It must be called once, before the resource is used.
func (r *Resource) Finish() {
	r.byName = make(map[string]int, len(r.Fields))
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Param == "" {
			f.Param = f.Name
		}
		r.byName[f.Name] = i
	}
}

// Index returns the position of the named field in Fields, -1 where there is none.
func (r *Resource) Index(name string) int {
	if i, ok := r.byName[name]; ok {
		return i
	}
	return -1
}

// Field returns the named field, nil where there is none.
func (r *Resource) Field(name string) *Field {
	if i, ok := r.byName[name]; ok {
		return &r.Fields[i]
	}
	return nil
}

// Table returns the name of the resource's table: its name with hyphens as underscores.
func (r *Resource) Table() string {
	table := []byte(r.Name)
	for i, c := range table {
		if c == '-' {
			table[i] = '_'
		}
	}
	return string(table)
}

// Shown reports whether the field is in every answer.
func (f *Field) Shown() bool { return !f.Hidden && !f.WriteOnly && !f.Once }

// Stored reports whether the field has a column.
func (f *Field) Stored() bool { return f.Derived == nil }

// Writable reports whether a client may give the field in a create.
func (f *Field) Writable() bool {
	return !f.ReadOnly && !f.BuiltIn && f.Derived == nil && !f.Hidden && !f.Once
}

// Versioned reports whether a change of the field is one of the record itself, which ends what an If-Match was given for.
func (f *Field) Versioned() bool { return f.Writable() && f.Shown() || f.Acted }

// Zero returns what a create that leaves the field out stores: the default, else null where the field may be
// null, else the zero value of its type.
func (f *Field) Zero() Value {
	if !f.Default.IsNull() || f.Nullable {
		return f.Default
	}
	switch f.Type {
	case Text:
		return String("")
	case Integer:
		return Int(0)
	case Number:
		return Float(0)
	case Boolean:
		return Bool(false)
	case JSON:
		return RawJSON([]byte("{}"))
	default:
		return Null()
	}
}
