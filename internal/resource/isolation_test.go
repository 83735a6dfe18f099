package resource_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// store is a store that refuses nothing by itself. It remembers what it was asked to require.
type store struct {
	storage.Store
	storage.Tx

	required map[id.ID]string
}

func (s *store) Close() {}

func (s *store) View(_ context.Context, fn func(storage.Tx) error) error { return fn(s) }

func (s *store) Update(_ context.Context, fn func(storage.Tx) error) error { return fn(s) }

func (s *store) Get(context.Context, *schema.Resource, id.ID) (storage.Record, error) {
	return storage.Record{}, fault.Missing()
}

func (s *store) List(context.Context, *schema.Resource, query.List, func(storage.Record) error) (int64, error) {
	return -1, nil
}

func (s *store) Put(context.Context, *schema.Resource, storage.Record, int64) error { return nil }

func (s *store) Require(_ context.Context, _ *schema.Resource, i id.ID, field string) error {
	s.required[i] = field
	return nil
}

func (s *store) Append(context.Context, ...storage.Event) error { return nil }

func (s *store) Return(_ context.Context, r *schema.Resource, i id.ID, rec *storage.Record) error {
	rec.Values = make([]schema.Value, len(r.Fields))
	rec.Values[0] = schema.ID(i)
	return nil
}

// opened are the tenants and passes that stores and files were opened with.
type opened struct {
	tenants []tenant.ID
	passes  []tenant.Pass
}

func (o *opened) note(t tenant.ID, pass tenant.Pass) {
	o.tenants, o.passes = append(o.tenants, t), append(o.passes, pass)
}

var errClosed = errors.New("there are no files here")

// isolated is a service over a store that refuses nothing, with projects, and tasks that name a project and a member.
type isolated struct {
	*resource.Service
	store      *store
	opened     *opened
	operations map[string]*operation.Operation
	member     id.ID
}

func isolate(t *testing.T) *isolated {
	t.Helper()
	fields := func(of ...schema.Field) []schema.Field {
		built := []schema.Field{{Name: schema.FieldID, Type: schema.UUID, BuiltIn: true}}
		for _, name := range []string{schema.FieldCreatedAt, schema.FieldUpdatedAt} {
			built = append(built, schema.Field{Name: name, Type: schema.Time, BuiltIn: true})
		}
		return append(append(built, schema.Field{Name: schema.FieldCreatedBy, Type: schema.UUID, BuiltIn: true, Nullable: true}), of...)
	}
	projects := &resource.Definition{Read: policy.Viewers, Write: policy.Members, Schema: &schema.Resource{
		Name: "projects", Singular: "project",
		Content: schema.Content{Path: "path", Checksum: "checksum"},
		Fields: fields(
			schema.Field{Name: "path", Type: schema.Text},
			schema.Field{Name: "checksum", Type: schema.Text, Nullable: true, ReadOnly: true},
		),
	}}
	tasks := &resource.Definition{Read: policy.Viewers, Write: policy.Members, Schema: &schema.Resource{Name: "tasks", Singular: "task", Fields: fields(
		schema.Field{Name: "project", Type: schema.UUID, Ref: &schema.Ref{Resource: "projects"}},
		schema.Field{Name: "assignee", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: schema.Members}},
	)}}
	registry, mistakes := resource.NewRegistry([]*resource.Definition{projects, tasks})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	s := &isolated{store: &store{required: map[id.ID]string{}}, opened: &opened{}, operations: map[string]*operation.Operation{}, member: id.New()}
	var err error
	s.Service, err = resource.New(resource.Config{
		Registry: registry, Clock: time.Now, Secret: []byte("a secret of thirty-two bytes, or more"),
		Open: func(_ context.Context, of tenant.ID, pass tenant.Pass) (storage.Store, error) {
			s.opened.note(of, pass)
			return s.store, nil
		},
		Files: func(of tenant.ID, pass tenant.Pass) (storage.Files, error) {
			s.opened.note(of, pass)
			return nil, errClosed
		},
		IsMember: func(_ context.Context, _ tenant.ID, user id.ID) (bool, error) { return user == s.member, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range registry.Operations() {
		s.operations[op.ID] = &op
	}
	return s
}

// TestStoresAreOpenedForTheCallersTenant calls every kind of operation and looks for whom something was opened.
func TestStoresAreOpenedForTheCallersTenant(t *testing.T) {
	t.Parallel()
	s := isolate(t)
	passes, err := tenant.NewPasses(counting{})
	if err != nil {
		t.Fatal(err)
	}
	own := tenant.NewID()
	call := resource.Call{Actor: policy.Actor{ID: id.New(), Tenant: own, Role: policy.Owner, Pass: passes.For(own)}, IdempotencyKey: "key"}
	record := id.New().String()
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"get": func() error { _, err := s.Get(ctx, call, s.operations["getTask"], record, nil); return err },
		"list": func() error {
			_, err := s.List(ctx, call, s.operations["listTasks"], "", nil)
			return err
		},
		"create": func() error {
			_, err := s.Create(ctx, call, s.operations["createTask"], []byte(`{"project":"`+record+`"}`))
			return err
		},
		"patch": func() error {
			_, err := s.Patch(ctx, call, s.operations["updateTask"], record, []byte(`{}`), nil)
			return err
		},
		"delete": func() error { return s.Delete(ctx, call, s.operations["deleteTask"], record, nil) },
		"file": func() error {
			_, err := s.GetContent(ctx, call, s.operations["getProjectContent"], record)
			return err
		},
	} {
		before := len(s.opened.tenants)
		_ = do() // whatever it comes to in a store of this kind
		if len(s.opened.tenants) == before {
			t.Errorf("%s opened nothing", name)
		}
		for i, of := range s.opened.tenants[before:] {
			if of != own || s.opened.passes[before+i] != call.Actor.Pass {
				t.Errorf("%s opened what is %s's", name, of)
			}
		}
	}
}

type counting struct{}

func (counting) Read(p []byte) (int, error) { return len(p), nil }

// TestReferencesAreLookedUp creates records in a store that has no keys of its own.
func TestReferencesAreLookedUp(t *testing.T) {
	t.Parallel()
	s := isolate(t)
	own := tenant.NewID()
	call := resource.Call{Actor: policy.Actor{ID: id.New(), Tenant: own, Role: policy.Owner}}
	create := func(assignee id.ID) (project id.ID, err error) {
		project = id.New()
		_, err = s.Create(t.Context(), call, s.operations["createTask"],
			[]byte(`{"project":"`+project.String()+`","assignee":"`+assignee.String()+`"}`))
		return project, err
	}
	project, err := create(s.member)
	if err != nil {
		t.Fatal(err)
	}
	if s.store.required[project] != "project" {
		t.Error("the project was not required of the tenant")
	}
	if _, err := create(id.New()); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("somebody who is no member becomes the assignee: %v", err)
	}
}
