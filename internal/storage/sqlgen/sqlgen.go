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
	*Catalog
	tenant tenant.ID
}

// New returns the builder of a tenant. The resources, by name, are those that derived fields and references may
// lead to; Check has found no fault in them.
func New(d Dialect, t tenant.ID, resources map[string]*schema.Resource) *Builder {
	return (&Catalog{dialect: d, resources: resources}).For(t)
}

// Catalog is what the builders of all tenants have in common. It is read-only.
type Catalog struct {
	dialect Dialect
	// views is set for the platform's records, which are read from views named after them.
	views     bool
	resources map[string]*schema.Resource
	selects   map[*schema.Resource]string
}

// NewCatalog returns a catalog of resources, see New. The long beginnings of their SELECT statements, which no
// tenant changes, are written here once.
func NewCatalog(d Dialect, resources map[string]*schema.Resource) *Catalog {
	c := &Catalog{dialect: d, resources: resources}
	selects := make(map[*schema.Resource]string, len(resources))
	for _, r := range resources {
		selects[r] = string(c.For(tenant.ID{}).selectRecords(r).sql)
	}
	c.selects = selects
	return c
}

// NewDirectory returns a catalog of the records of the platform plane, which are read from the views
// directory_<table>, in the schema "platform" on PostgreSQL. Each view has a tenant_id like a tenant's table.
func NewDirectory(d Dialect) *Catalog { return &Catalog{dialect: d, views: true} }

// For returns the builder of a tenant.
func (c *Catalog) For(t tenant.ID) *Builder { return &Builder{Catalog: c, tenant: t} }

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
