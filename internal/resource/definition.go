package resource

import (
	"context"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
)

// RecordFunc is a hook or an action on one record; rec is a pointer to the user's struct.
type RecordFunc func(ctx context.Context, tx *Tx, rec any) error

// ReportFunc computes the answer of a report.
type ReportFunc func(ctx context.Context, tx *Tx) (any, error)

// Definition is a resource with the functions that belong to it.
type Definition struct {
	Schema *schema.Resource
	// Read and Write say from which role on; the zero rules admit owners only.
	Read, Write policy.Rule
	// Struct moves records in and out of the user's struct, for hooks and actions.
	Struct *codec.Struct
	// BeforeWrite may change a record that is about to be created or changed, or refuse it with an error.
	BeforeWrite RecordFunc
	// BeforeDelete may refuse a deletion with an error.
	BeforeDelete RecordFunc
	// Actions and Reports run the ones that Schema names.
	Actions map[string]RecordFunc
	Reports map[string]ReportFunc
	// Keeper holds the records of a resource that lies on the platform plane; nil for a tenant's own. It is bound by
	// Service, once there are use cases to bind to.
	Keeper *Keeper

	encoder *codec.Encoder
	content *content // nil where the records have no files
	// children are the references of other resources that name this one.
	children []reference
}

// reference is a field of a resource that names records of another one.
type reference struct {
	from  *Definition
	field *schema.Field
}

// Registry holds all definitions of an application, checked against each other.
type Registry struct {
	ordered []*Definition
	byName  map[string]*Definition
	events  *Definition
	memos   *schema.Resource
	// kept are the definitions of the platform's records, keptOperations what is done with them.
	kept           map[*schema.Resource]*Definition
	keptOperations []operation.Operation
}

// Keep adds the operations on records of the platform plane.
func (g *Registry) Keep(operations []operation.Operation) {
	for _, op := range operations {
		if op.Resource != nil && g.kept[op.Resource] == nil {
			g.kept[op.Resource] = &Definition{Schema: op.Resource, encoder: codec.NewEncoder(op.Resource, nil)}
		}
	}
	g.keptOperations = append(g.keptOperations, operations...)
}

// Resources returns the schemas in the order of registration.
func (g *Registry) Resources() []*schema.Resource {
	out := make([]*schema.Resource, len(g.ordered))
	for i, d := range g.ordered {
		out[i] = d.Schema
	}
	return out
}

// Tables returns the schemas of all tables that a tenant has for them: the resources', and the memory of answers.
func (g *Registry) Tables() []*schema.Resource { return append(g.Resources(), g.memos) }

// Operations returns the table of all operations.
func (g *Registry) Operations() []operation.Operation {
	rules := make(map[string]operation.Rules, len(g.ordered))
	for _, d := range g.ordered {
		rules[d.Schema.Name] = operation.Rules{Read: d.Read, Write: d.Write}
	}
	return append(operation.Table(g.Resources(), g.events.Schema, rules), g.keptOperations...)
}

func (g *Registry) definition(r *schema.Resource) *Definition {
	if r == g.events.Schema {
		return g.events
	}
	if kept := g.kept[r]; kept != nil {
		return kept
	}
	return g.byName[r.Name]
}
