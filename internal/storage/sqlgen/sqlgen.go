package sqlgen

import (
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Dialect is the kind of SQL that is written.
type Dialect uint8

// The dialects. PostgreSQL's tables lie in the schema "tenant"; SQLite's in the tenant's own file.
const (
	Postgres Dialect = iota
	SQLite
)

// Arg is one argument of a statement. Type is that of the column it meets, so that a null is typed as well.
type Arg struct {
	Type  schema.Type
	Value schema.Value
}

// Statement is SQL text and the arguments of its placeholders, $1 or ?1 being Args[0].
type Statement struct {
	SQL  string
	Args []Arg
}

// Builder writes the statements of one tenant. Its methods may be called concurrently.
//
// Statements that read records return one row per record: the version (1 for an append-only resource, which has
// none) behind the values of all fields in the order of the resource's Fields, derived ones included.
type Builder struct {
	dialect   Dialect
	tenant    tenant.ID
	resources map[string]*schema.Resource
}

// New returns the builder of a tenant. The resources, by name, are those that derived fields and references may
// lead to; Check has found no fault in them.
func New(d Dialect, t tenant.ID, resources map[string]*schema.Resource) *Builder {
	return &Builder{dialect: d, tenant: t, resources: resources}
}

// ByName returns the resources by their names, as New takes them.
func ByName(resources []*schema.Resource) map[string]*schema.Resource {
	out := make(map[string]*schema.Resource, len(resources))
	for _, r := range resources {
		out[r.Name] = r
	}
	return out
}

// The columns that every table has beside its fields.
const (
	columnTenant  = "tenant_id"
	columnVersion = "version"
)
