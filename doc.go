// Package tenantry serves REST resources to many tenants, each of which sees its own records alone.
//
// A resource is a struct with tags and one call of Register; routes, tables on both engines, validation, filters,
// OpenAPI and the audit trail follow from it:
//
//	type Invoice struct {
//		tenantry.Record // id, created_by, created_at, updated_at
//
//		Number string `json:"number" tenantry:"required,unique,immutable,max=40"`
//		Cents  int64  `json:"cents"  tenantry:"required,min=0,sort"`
//	}
//
//	func main() {
//		app := tenantry.New(tenantry.Config{})
//		tenantry.Register(app, "invoices", tenantry.Resource[Invoice]{Read: tenantry.Viewers, Write: tenantry.Members})
//		os.Exit(app.Main(os.Args[1:]))
//	}
//
// Nothing here takes a tenant: hooks, actions and reports get a Tx that is bound to the caller's.
//
// This package is the public API and the place where everything is wired together. It decides nothing itself.
package tenantry
