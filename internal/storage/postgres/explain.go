package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// goneError says that what stood in the way of a write is no longer there: the write may be tried again. It turns
// into the error within when it does not help.
type goneError struct{ final error }

func (goneError) Error() string { return "postgres: what refused a write has gone since" }

func (e goneError) Unwrap() error { return e.final }

// explainPut returns what a refused Put means. The database says which rule was broken, but on Citus not for which
// field, so the fields are asked about one by one.
func (s *store) explainPut(r *schema.Resource, rec storage.Record) func(context.Context, *pgconn.PgError) error {
	return func(ctx context.Context, refused *pgconn.PgError) error {
		switch refused.Code {
		case requirementMissed:
			return fault.New(fault.PreconditionFailed, "The record has changed since it was read.")
		case uniqueViolation:
			return s.explainUnique(ctx, r, rec)
		case foreignKeyViolation:
			return s.explainReference(ctx, r, rec)
		default:
			return nil
		}
	}
}

// explainUnique finds the fields whose values another record has, or the record that has the id.
func (s *store) explainUnique(ctx context.Context, r *schema.Resource, rec storage.Record) error {
	own := rec.Values[r.Index(schema.FieldID)].ID()
	exists := s.builder.Exists(r, own)
	probes := []probe{{field: schema.FieldID, step: step{Statement: exists}}}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Unique && f.Stored() && !rec.Values[i].IsNull() {
			probes = append(probes, probe{field: f.Name, step: step{Statement: s.builder.Taken(r, f, rec.Values[i], own)}})
		}
	}
	found, err := s.ask(ctx, probes)
	if err != nil {
		return err
	}
	// An update finds its own id, so the id counts where nothing else does.
	taken := fault.New(fault.Conflict, "Another record has this value already.")
	taken.Fields = takenFields(found)
	switch {
	case len(taken.Fields) > 0:
		return taken
	case len(found) > 0:
		taken.Fields = []fault.Field{fault.Taken(schema.FieldID)}
		return taken
	default: // it was the same transaction, or one that is over
		taken.Fields = takenFields(probes)
		return goneError{taken}
	}
}

func takenFields(probes []probe) []fault.Field {
	var out []fault.Field
	for _, p := range probes {
		if p.field != schema.FieldID {
			out = append(out, fault.Taken(p.field))
		}
	}
	return out
}

// explainReference finds the fields that name no record.
func (s *store) explainReference(ctx context.Context, r *schema.Resource, rec storage.Record) error {
	var probes []probe
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Ref == nil || !f.Stored() || rec.Values[i].IsNull() || s.engine.resources[f.Ref.Resource] == nil {
			continue
		}
		exists := s.builder.Exists(s.engine.resources[f.Ref.Resource], rec.Values[i].ID())
		probes = append(probes, probe{field: f.Name, step: step{Statement: exists}})
	}
	found, err := s.ask(ctx, probes)
	if err != nil {
		return err
	}
	var missing []fault.Field
	for _, p := range probes {
		if !p.in(found) {
			missing = append(missing, fault.UnknownReference(p.field))
		}
	}
	if len(missing) == 0 {
		return goneError{fault.New(fault.Conflict, "The record collides with another change; try again.")}
	}
	return fault.Invalid(missing...)
}

func explainRequire(field string) func(context.Context, *pgconn.PgError) error {
	return func(_ context.Context, refused *pgconn.PgError) error {
		if refused.Code != requirementMissed {
			return nil
		}
		return fault.Invalid(fault.UnknownReference(field))
	}
}

func explainDelete(_ context.Context, refused *pgconn.PgError) error {
	if refused.Code != foreignKeyViolation {
		return nil
	}
	return fault.New(fault.Conflict, "Other records still refer to this one.")
}

// probe is a statement that gives a row where something about the field is so.
type probe struct {
	field string
	step  step
}

func (p probe) in(found []probe) bool {
	for i := range found {
		if found[i].field == p.field {
			return true
		}
	}
	return false
}

// ask runs the probes in a transaction of their own and returns those that gave a row.
func (s *store) ask(ctx context.Context, probes []probe) (found []probe, err error) {
	err = s.engine.attempt(ctx, func(session *session) error {
		found = nil
		steps := []step{plain(beginOne), s.enter}
		for _, p := range probes {
			p.step.read = func(rows *pgconn.ResultReader) error {
				if rows.NextRow() {
					found = append(found, p)
				}
				return nil
			}
			steps = append(steps, p.step)
		}
		_, err := session.trip(ctx, append(steps, plain("ROLLBACK")))
		return err
	})
	return found, err
}
