package resource

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	// orphanAge is how old a file must be to be taken for an orphan. An upload's transaction follows its last byte
	// within contentPatience.
	orphanAge = time.Hour
	// sweepPage is how many files are looked up at once.
	sweepPage = 500
)

// Sweep removes a tenant's files that no record names, and what is left of uploads that the death of a process cut,
// and returns how many there were.
func (s *Service) Sweep(ctx context.Context, t tenant.ID, pass tenant.Pass) (int, error) {
	if s.files == nil {
		return 0, nil
	}
	sweep := &sweep{service: s, call: Call{Actor: policy.Actor{Kind: policy.System, Tenant: t, Pass: pass}}}
	var err error
	if sweep.files, err = s.filesOf(sweep.call); err != nil {
		return 0, err
	}
	before := s.now().Add(-orphanAge)
	err = sweep.files.List(ctx, func(f storage.StoredFile) error {
		if f.Modified.After(before) {
			return nil
		}
		sweep.old = append(sweep.old, f)
		if len(sweep.old) < sweepPage {
			return nil
		}
		return sweep.run(ctx)
	})
	if err == nil {
		err = sweep.run(ctx)
	}
	return sweep.removed, err
}

// sweep is the sweeping of one tenant.
type sweep struct {
	service *Service
	call    Call
	files   storage.Files
	old     []storage.StoredFile
	removed int
}

// run removes those of the old files that no record names.
func (w *sweep) run(ctx context.Context) error {
	if len(w.old) == 0 {
		return nil
	}
	named, err := w.named(ctx)
	if err != nil {
		return err
	}
	var orphans []string
	for _, f := range w.old {
		if !named[f.Key] {
			orphans = append(orphans, f.Key)
		}
	}
	w.old = w.old[:0]
	if err := w.files.Delete(ctx, orphans...); err != nil {
		return err
	}
	w.removed += len(orphans)
	return nil
}

// named returns the keys that the records of the old files name.
func (w *sweep) named(ctx context.Context) (map[string]bool, error) {
	store, err := w.service.store(ctx, w.call)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	ids := make([]id.ID, len(w.old))
	for i, f := range w.old {
		ids[i] = f.Record
	}
	named := map[string]bool{}
	for _, def := range w.service.registry.ordered {
		if def.content == nil {
			continue
		}
		_, err := store.List(ctx, def.Schema, query.ByID(def.Schema, ids), func(rec storage.Record) error {
			if key, stored := def.content.key(w.call.Actor.Tenant, def.Schema, rec.Values); stored {
				named[key] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return named, nil
}
