package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Resources are the use cases that records go through; resource.Service has them.
type Resources interface {
	List(ctx context.Context, call resource.Call, op *operation.Operation, parent string, params url.Values) (resource.Page, error)
	Create(ctx context.Context, call resource.Call, op *operation.Operation, body []byte) (resource.Answer, error)
	Size(ctx context.Context, t tenant.ID, pass tenant.Pass) (int64, error)
}

// kind is one kind of sample record: how to list and how to create it. Both are nil where the application has no
// such resource, or another one of the name.
type kind struct {
	list, create *operation.Operation
}

type kinds struct{ projects, tasks, documents kind }

// findKinds looks the sample records' operations up. An application that registered other resources gets tenants
// and users alone.
func findKinds(operations []operation.Operation) kinds {
	return kinds{
		projects:  findKind(operations, "projects", "name", "description", "status"),
		tasks:     findKind(operations, "tasks", "project", "title", "description", "status", "priority", "assignee", "due_date"),
		documents: findKind(operations, "documents", "project", "name", "content_type", "file_path", "file_size", "metadata"),
	}
}

func findKind(operations []operation.Operation, name string, fields ...string) kind {
	var found kind
	for i := range operations {
		op := &operations[i]
		if op.Resource == nil || op.Resource.Name != name || op.Path != operation.Prefix+name+"/" {
			continue
		}
		for _, field := range fields {
			if op.Resource.Field(field) == nil {
				return kind{}
			}
		}
		switch op.Kind {
		case operation.List:
			found.list = op
		case operation.Create:
			found.create = op
		default:
		}
	}
	return found
}

func (k kind) known() bool { return k.list != nil && k.create != nil }

func (k kinds) path() string {
	if k.projects.known() {
		return k.projects.list.Path
	}
	return operation.Prefix + "me/"
}

// filling is the adding of one tenant's records.
type filling struct {
	*run
	generator generator
	writers   []policy.Actor
	added     int
}

func (r *run) fillOffice(ctx context.Context, o office) (int, error) {
	if !r.kinds.projects.known() {
		return 0, nil
	}
	f := &filling{run: r, generator: generator{slug: o.company.slug, seed: r.options.Seed, today: r.options.Today}}
	for _, s := range o.seats {
		f.generator.assignees = append(f.generator.assignees, s.user.ID.String())
		if s.role >= policy.Member {
			f.writers = append(f.writers, policy.Actor{
				Kind: policy.User, ID: s.user.ID, Name: s.user.Username, Tenant: o.tenant.ID, Role: s.role, Pass: r.accounts.Pass(o.tenant.ID),
			})
		}
	}
	present, err := f.present(ctx, f.kinds.projects, "name", "")
	if err != nil {
		return f.added, err
	}
	for i := range r.options.Projects {
		if err := f.project(ctx, i, present); err != nil {
			return f.added, err
		}
	}
	if o.fresh {
		return f.added, f.past(ctx, o)
	}
	return f.added, nil
}

// project adds a project and what it holds, each only where nothing has its name yet.
func (f *filling) project(ctx context.Context, i int, present map[string]string) error {
	body := f.generator.project(i)
	projectID, exists := present[projectName(f.generator.slug, i)]
	if !exists {
		var err error
		if projectID, err = f.create(ctx, f.kinds.projects, i, body); err != nil {
			return err
		}
	}
	f.progress()
	task := func(n int) map[string]any { return f.generator.task(i, projectID, n) }
	if err := f.inProject(ctx, f.kinds.tasks, "title", f.options.Tasks, projectID, exists, task); err != nil {
		return err
	}
	document := func(n int) map[string]any { return f.generator.document(i, projectID, n) }
	return f.inProject(ctx, f.kinds.documents, "name", f.options.Documents, projectID, exists, document)
}

func (f *filling) inProject(
	ctx context.Context, k kind, name string, count int, projectID string, look bool, make func(int) map[string]any,
) error {
	if !k.known() {
		return nil
	}
	var present map[string]string
	if look {
		var err error
		if present, err = f.present(ctx, k, name, projectID); err != nil {
			return err
		}
	}
	for i := range count {
		body := make(i)
		if _, exists := present[fmt.Sprint(body[name])]; !exists {
			if _, err := f.create(ctx, k, i, body); err != nil {
				return err
			}
		}
		f.progress()
	}
	return nil
}

// create adds a record in the name of one of the users who may write.
func (f *filling) create(ctx context.Context, k kind, i int, record map[string]any) (string, error) {
	body, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	answer, err := f.resources.Create(ctx, resource.Call{Actor: f.writers[i%len(f.writers)]}, k.create, body)
	if err != nil {
		return "", fmt.Errorf("%s in %s: %w", k.create.ID, f.generator.slug, err)
	}
	f.added++
	return answer.ID.String(), nil
}

// present returns the ids of the tenant's records, or of those in the project, by their names.
func (f *filling) present(ctx context.Context, k kind, name, projectID string) (map[string]string, error) {
	params := url.Values{"fields": {"id," + name}, "page_size": {"200"}}
	if projectID != "" {
		params.Set("project", projectID)
	}
	owner := slices.MaxFunc(f.writers, func(a, b policy.Actor) int { return int(a.Role) - int(b.Role) })
	found := map[string]string{}
	for {
		page, err := f.resources.List(ctx, resource.Call{Actor: owner}, k.list, "", params)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", k.list.ID, f.generator.slug, err)
		}
		var records []map[string]string
		if err := json.Unmarshal(page.Results, &records); err != nil {
			return nil, err
		}
		for _, record := range records {
			found[record[name]] = record["id"]
		}
		if page.Next == (resource.Link{}) {
			return found, nil
		}
		params.Set(page.Next.Param, page.Next.Value)
	}
}
