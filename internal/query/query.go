// Package query holds what a list asks for, checked against a schema: conditions, search, order, position, page.
// It turns a request's parameters into that and back into cursors. It knows no SQL and no HTTP.
package query

import (
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// Op is how a condition compares.
type Op uint8

// The comparisons, with the look-up of the query parameter that asks for each.
const (
	Equal        Op = iota // field=
	In                     // field__in=a,b
	Greater                // field__gt=
	GreaterEqual           // field__gte=
	Less                   // field__lt=
	LessEqual              // field__lte=
	Contains               // field__icontains=, without regard to case
	IsNull                 // field__isnull=true|false
)

// Condition is one comparison of a field. A null field meets none but IsNull.
type Condition struct {
	Field *schema.Field
	Op    Op
	// Values has one value of the field's type; for In one or more, for Contains a text, for IsNull a boolean.
	Values []schema.Value
}

// Key is one key of an order. Null comes last in a rising order and first in a falling one, on every engine.
type Key struct {
	Field *schema.Field
	Desc  bool
}

// List is one page of records that is asked for. All conditions must hold.
type List struct {
	Where []Condition
	// Search are terms; each must occur, without regard to case, in one of the fields that may be searched.
	Search []string
	// Order ends in the id, so that it is total.
	Order []Key
	// After holds the values of Order in the record that the page follows; nil for the first page.
	After []schema.Value
	// Backward asks for the records before After instead of those behind it, nearest first.
	Backward bool
	// Limit is the most records to return, at least 1. The callers ask for one more than a page holds.
	Limit int
	// Offset skips records; only numbered pages use it.
	Offset int
	// Count asks for the number of all records that meet Where and Search as well.
	Count bool
	// Lock takes the records for the transaction, so that nobody changes them before it ends.
	Lock bool
}

// ByID returns the list of the records with one of the ids, in the order of ids.
func ByID(r *schema.Resource, ids []id.ID) List {
	field := r.Field(schema.FieldID)
	values := make([]schema.Value, len(ids))
	for i := range ids {
		values[i] = schema.ID(ids[i])
	}
	return List{
		Where: []Condition{{Field: field, Op: In, Values: values}},
		Order: []Key{{Field: field}},
		Limit: max(len(ids), 1),
	}
}

// Aggregate asks for numbers over the records that meet Where, one group per combination of the values of GroupBy.
type Aggregate struct {
	Resource *schema.Resource
	Where    []Condition
	GroupBy  []*schema.Field
	// Sum is an Integer field to add up; nil adds nothing. A sum beyond 64 bits stays at their end.
	Sum *schema.Field
	// Distinct is a field whose different values (null aside) are counted; nil counts none.
	Distinct *schema.Field
}

// Group is one row of an Aggregate's answer. Without GroupBy there is exactly one.
type Group struct {
	Keys     []schema.Value
	Count    int64
	Sum      int64
	Distinct int64
}
