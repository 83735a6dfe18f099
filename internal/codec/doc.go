// Package codec joins the three forms of a record: a Go struct, a row of schema.Values and a JSON object. It is
// the only package that reads Go types: once, when a resource is registered; requests use the plan made then.
// It knows no storage and no HTTP. What it takes from clients it checks completely: all fields at fault are
// reported at once, and no submitted value is ever in a message.
//
// # Structs
//
// A resource is a struct that embeds Record. Each further field has a json tag with its name, may have a tenantry
// tag with words about it, and a doc tag with a description for the documentation:
//
//	type Invoice struct {
//		codec.Record
//
//		Number   string      `json:"number"   tenantry:"required,unique,immutable,max=40" doc:"As printed."`
//		Customer id.ID       `json:"customer" tenantry:"required,ref=customers,filter,nested"`
//		Name     string      `json:"customer_name" tenantry:"lookup=customer.name"`
//		Currency string      `json:"currency" tenantry:"enum=EUR|GBP|USD,default=EUR,filter"`
//		Cents    int64       `json:"cents"    tenantry:"required,min=0,sort"`
//		Due      *codec.Date `json:"due"      tenantry:"filter,sort"`
//		Paid     bool        `json:"paid"     tenantry:"readonly,filter"`
//	}
//
// A name has lower-case letters, digits and single underscores, and begins with a letter. Names that the server
// needs itself (id, tenant, version, ...) are refused. A field with the tag json:"-" belongs to the program alone:
// it is neither stored nor shown. The json tag takes no options.
//
// # Types
//
//	string                           text; a UUID with ref=
//	int, int64                       integer
//	float64                          number
//	bool                             boolean
//	time.Time                        time, in microseconds
//	codec.Date                       date
//	id.ID                            UUID
//	map[string]any, json.RawMessage  JSON object
//
// Types declared upon string, int, int64, float64 and bool do as well. A pointer to any of these may be null; what
// is no pointer never is. The zero time.Time, Date and id.ID stand for "not set", which only a hook can see.
//
// # Words
//
// Words are separated by commas, without spaces; values can hold no comma.
//
//	required          must be given by a create and a replace; a text must not be blank
//	unique            no two records of a tenant have the same value; text: up to 500 characters
//	immutable         can be given by a create and never changed
//	readonly          set by hooks and actions alone
//	hidden            stored, and neither shown to clients nor taken from them
//	min=N, max=N      integer, number: bounds of the value; text: of the length in characters; JSON: max= bounds
//	                  the bytes of the compact text. Text without max= holds 10,000 characters (500 when unique),
//	                  JSON 16,384 bytes; required text without min= has at least one character
//	enum=A|B          the possible values of a text
//	default=V         what a create that leaves the field out stores: text, integer, number, boolean, time, date
//	ref=R             the id of a record of the resource R; ref=members: of a user who belongs to the tenant
//	cascade           with ref=: deleting the record that is named deletes this one; without it, it is refused
//	nested            with ref=: adds GET R/{id}/<this resource>/
//	filter            may be filtered by; not JSON
//	sort              may be ordered by; not JSON
//	search            is looked through by ?search=; text without enum=
//	count=R.F         derived: how many records of R name this one in their field F; int64
//	lookup=F.G        derived: the field G of the record that this one names in its field F; the Go type of G, and
//	                  a pointer where F is one
//
// Derived fields are read-only; filter and sort are all that they take beside. A field that is neither required nor
// a pointer needs a value for a create that leaves it out: its default, else the zero value of its type, which
// must then be allowed; time.Time, Date, id.ID and references have none, so they are required, pointers, or
// set by a hook (readonly, hidden).
//
// Everything that is wrong with a struct is reported at once, with the type and the field.
package codec
