package tenantry

import (
	"context"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
)

// Record is what every record has; a resource's struct embeds it.
type Record = codec.Record

// ID is the UUIDv7 of a record or a user.
type ID = id.ID

// Date is a day of the calendar, without a time.
type Date = codec.Date

// Tx is the transaction that hooks, actions and reports run in, bound to the caller's tenant.
type Tx = resource.Tx

// Where are conditions in the language of query strings: {"status__in": "todo,done"}.
type Where = resource.Where

// Question asks for counts and sums; see Tx.Ask.
type Question = resource.Question

// Group is one group of the answer to a Question.
type Group = resource.Group

// Actor is the caller of an operation; see Tx.Actor.
type Actor = policy.Actor

// Rule says from which role on an operation is allowed. The zero Rule admits owners only.
type Rule = policy.Rule

// The rules.
var (
	Owners  = policy.Owners
	Admins  = policy.Admins
	Members = policy.Members
	Viewers = policy.Viewers
)

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date { return codec.DateOf(t.UTC()) }

// Invalid refuses a write because of one field: 422 with the message at the field.
func Invalid(field, message string) error {
	return fault.Invalid(fault.Field{Name: field, Code: fault.FieldInvalid, Message: message})
}

// Conflict refuses an operation because of the state that the record is in: 409 with the message.
func Conflict(message string) error { return fault.New(fault.Conflict, message) }

// Resource says what a resource of records T does beside what follows from T's fields. All of it is optional, but
// with zero rules it is open to a tenant's owners only.
type Resource[T any] struct {
	// Singular names one record, by default the resource's name without its plural ending.
	Singular    string
	Description string
	// Read and Write say from which role on records may be seen and changed.
	Read, Write Rule
	// BeforeWrite sees each record that is about to be created or changed. It may change the record's fields,
	// or refuse the write with an error such as Invalid's.
	BeforeWrite func(ctx context.Context, tx *Tx, rec *T) error
	// BeforeDelete may refuse a deletion with an error such as Conflict's.
	BeforeDelete func(ctx context.Context, tx *Tx, rec *T) error
	// Content gives each record a file at {id}/content/. It names the fields that tell of it; Path and Checksum at
	// least. The zero Content gives none.
	Content Content
}

// Content names the fields that tell of a record's file; see Resource.Content.
type Content = schema.Content

// Handle names a registered resource to Action, Report and Listing.
type Handle[T any] struct {
	app *App
	def *resource.Definition
}

// Register adds a resource of records T, a struct that embeds Record, below /api/v1/<name>/. The words of T's
// tags are explained in EXTENDING. Mistakes in tags and names are collected and reported together when the app
// starts.
func Register[T any](app *App, name string, r Resource[T]) *Handle[T] {
	s := &schema.Resource{
		Name: name, Singular: r.Singular, Description: r.Description, Content: r.Content,
		Order: []schema.Order{{Field: schema.FieldCreatedAt, Desc: true}},
	}
	if s.Singular == "" {
		s.Singular = singular(name)
	}
	compiled, mistakes := codec.Compile[T](s)
	app.mistakes = append(app.mistakes, mistakes...)
	def := &resource.Definition{
		Schema: s, Read: r.Read, Write: r.Write, Struct: compiled,
		BeforeWrite: erase(r.BeforeWrite), BeforeDelete: erase(r.BeforeDelete),
		Actions: map[string]resource.RecordFunc{}, Reports: map[string]resource.ReportFunc{},
	}
	app.definitions = append(app.definitions, def)
	return &Handle[T]{app: app, def: def}
}

// erase hides T: below this package nothing knows a user's type.
func erase[T any](fn func(context.Context, *Tx, *T) error) resource.RecordFunc {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, tx *Tx, rec any) error { return fn(ctx, tx, rec.(*T)) }
}

// Action adds POST {id}/<name>/, which runs fn on the record, stores what fn changed and answers with the record.
// It takes the role that writing takes. An action that changes nothing writes nothing, so that it may be repeated.
func Action[T any](h *Handle[T], name string, fn func(ctx context.Context, tx *Tx, rec *T) error) {
	h.def.Schema.Actions = append(h.def.Schema.Actions, schema.Action{Name: name})
	h.def.Actions[name] = erase(fn)
}

// Report adds GET <name>/, which answers with what fn computes, as JSON. It takes the role that reading takes.
func Report[T, Out any](h *Handle[T], name string, fn func(ctx context.Context, tx *Tx) (Out, error)) {
	shape, err := codec.ShapeOf[Out]()
	if err != nil {
		h.app.mistakes = append(h.app.mistakes, err)
	}
	h.def.Schema.Reports = append(h.def.Schema.Reports, schema.Report{Name: name, Shape: shape})
	h.def.Reports[name] = func(ctx context.Context, tx *Tx) (any, error) { return fn(ctx, tx) }
}

// Listing adds GET <name>/: the list of records under a name of its own, which takes the filters named in requires.
func Listing[T any](h *Handle[T], name string, requires ...string) {
	h.def.Schema.Listings = append(h.def.Schema.Listings, schema.Listing{Name: name, Requires: requires})
}

// singular drops the plural ending of an English noun: categories, boxes, tasks.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "sses"), strings.HasSuffix(name, "xes"), strings.HasSuffix(name, "ches"), strings.HasSuffix(name, "shes"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "s"):
		return strings.TrimSuffix(name, "s")
	default:
		return name
	}
}
