package storage

import (
	"context"
	"errors"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Door opens what belongs to a tenant with the gate's pass for that very tenant, and with nothing else. It stands between
// the use cases, which name a tenant, and the engine, which opens any: a use case that names another one than its
// caller was let into is stopped here.
type Door struct {
	Engine Engine
	Passes *tenant.Passes
	// Files returns the files of a tenant.
	Files func(t tenant.ID) Files
}

// errStray is a mistake of ours, or an attack that came this far: it is never shown.
var errStray = errors.New("a tenant's data was asked for without its pass")

// Open is Engine.Open.
func (d Door) Open(ctx context.Context, t tenant.ID, pass tenant.Pass) (Store, error) {
	if !d.Passes.Admit(pass, t) {
		return nil, errStray
	}
	return d.Engine.Open(ctx, t)
}

// OpenFiles returns the tenant's files.
func (d Door) OpenFiles(t tenant.ID, pass tenant.Pass) (Files, error) {
	if !d.Passes.Admit(pass, t) {
		return nil, errStray
	}
	return d.Files(t), nil
}

// Directory is Platform.Directory. The pass of the platform's operators is good for every tenant, and for the records of
// none.
func (d Door) Directory(t tenant.ID, pass tenant.Pass) (Directory, error) {
	if (t.IsZero() || !d.Passes.Admit(pass, t)) && !d.Passes.Admit(pass, tenant.Platform) {
		return nil, errStray
	}
	return d.Engine.Platform().Directory(t), nil
}

// Self returns the directory of the platform's records in which the tenant finds itself and nobody else.
func (d Door) Self(t tenant.ID, pass tenant.Pass) (Directory, error) {
	if !d.Passes.Admit(pass, t) {
		return nil, errStray
	}
	return self{d.Engine.Platform().Directory(tenant.ID{}), t}, nil
}

// self is a directory with one record.
type self struct {
	Directory

	tenant tenant.ID
}

// Get implements Directory.
func (s self) Get(ctx context.Context, r *schema.Resource, i id.ID) (Record, error) {
	if tenant.ID(i) != s.tenant {
		return Record{}, fault.Missing()
	}
	return s.Directory.Get(ctx, r, i)
}

// List implements Directory.
func (s self) List(context.Context, *schema.Resource, query.List, func(Record) error) (int64, error) {
	return -1, errStray
}
