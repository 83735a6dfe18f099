package resource

import (
	"context"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
)

// Meant returns the record that a path means, for the event of a refusal: zero where it means none, or none that the
// caller's tenant has. An id that is another tenant's, or nobody's, must not get into a trail only because it was tried.
func (s *Service) Meant(ctx context.Context, call Call, op *operation.Operation, path string) id.ID {
	target := op.Resource
	if op.ParentResource != nil { // the id in the path is its
		target = op.ParentResource
	}
	if target == nil || path == "" && !singleton(op) {
		return id.ID{}
	}
	def := s.registry.definition(target)
	if def == nil {
		return id.ID{}
	}
	if def.Keeper != nil {
		rec, err := s.keptRecord(ctx, call, op, def, path)
		if err != nil {
			return id.ID{}
		}
		return recordID(def.Schema, rec.Values)
	}
	record, err := parseID(path)
	if err != nil {
		return id.ID{}
	}
	store, err := s.store(ctx, call)
	if err != nil {
		return id.ID{}
	}
	defer store.Close()
	if _, err := store.Get(ctx, def.Schema, record); err != nil {
		return id.ID{}
	}
	return record
}
