package openapi_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/openapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func builtIn() (first schema.Field, last []schema.Field) {
	return schema.Field{Name: "id", Type: schema.UUID, ReadOnly: true, BuiltIn: true, Filter: true},
		[]schema.Field{
			{Name: "created_by", Type: schema.UUID, ReadOnly: true, BuiltIn: true, Filter: true},
			{Name: "created_at", Type: schema.Time, ReadOnly: true, BuiltIn: true, Filter: true, Sort: true},
		}
}

func record(name, singular string, fields ...schema.Field) *schema.Resource {
	first, last := builtIn()
	r := &schema.Resource{
		Name: name, Singular: singular, Fields: append(append([]schema.Field{first}, fields...), last...),
		Order: []schema.Order{{Field: "created_at", Desc: true}},
	}
	return r
}

// resources are two resources that between them have every kind of field.
func resources() []*schema.Resource {
	projects := record(
		"projects", "project",
		schema.Field{Name: "name", Type: schema.Text, Required: true, Unique: true, MinLength: 1, MaxLength: 255, Filter: true, Sort: true, Search: true},
		schema.Field{Name: "tasks_count", Type: schema.Integer, ReadOnly: true, Derived: &schema.Derived{Count: "tasks", Via: "project"}, Sort: true, Unit: "tasks", Gauge: true},
		schema.Field{Name: "metadata", Type: schema.JSON, MaxLength: 16384},
	)
	projects.Description = "Pieces of work."
	projects.Fields = append(projects.Fields,
		schema.Field{Name: "plan", Type: schema.Text, MaxLength: 500},
		schema.Field{Name: "plan_checksum", Type: schema.Text, Nullable: true, ReadOnly: true, MaxLength: 100})
	projects.Content = schema.Content{Path: "plan", Checksum: "plan_checksum"}
	projects.Reports = []schema.Report{{Name: "statistics", Shape: &schema.Shape{
		Type: schema.Object, Properties: []schema.Property{
			{Name: "total", Description: "All.", Shape: &schema.Shape{Type: schema.Integer}},
			{Name: "by_name", Shape: &schema.Shape{Type: schema.Object, Items: &schema.Shape{Type: schema.Number, Nullable: true}}},
			{Name: "days", Optional: true, Shape: &schema.Shape{Type: schema.Array, Items: &schema.Shape{Type: schema.Date}}},
		},
	}}}
	tasks := record(
		"tasks", "task",
		schema.Field{Name: "project", Type: schema.UUID, Required: true, Immutable: true, Filter: true, Ref: &schema.Ref{Resource: "projects", Nested: true}},
		schema.Field{Name: "parent", Type: schema.UUID, Nullable: true, Filter: true, Ref: &schema.Ref{Resource: "tasks"}},
		schema.Field{Name: "assignee", Type: schema.UUID, Nullable: true, Filter: true, Ref: &schema.Ref{Resource: schema.Members}},
		schema.Field{Name: "status", Type: schema.Text, Enum: []string{"todo", "done"}, Default: schema.String("todo"), Filter: true, Sort: true},
		schema.Field{Name: "mood", Type: schema.Text, Nullable: true, Enum: []string{"good", "bad"}, Filter: true},
		schema.Field{Name: "due_date", Type: schema.Date, Nullable: true, Filter: true, Sort: true},
		schema.Field{Name: "effort", Type: schema.Number, Min: new(int64(0)), Max: new(int64(100)), Filter: true},
		schema.Field{Name: "urgent", Type: schema.Boolean, Filter: true},
		schema.Field{Name: "secret", Type: schema.Text, Hidden: true, ReadOnly: true},
		schema.Field{Name: "completed_at", Type: schema.Time, Nullable: true, ReadOnly: true},
	)
	tasks.Actions = []schema.Action{{Name: "complete"}}
	tasks.Listings = []schema.Listing{{Name: "by-status", Requires: []string{"status"}}}
	all := []*schema.Resource{projects, tasks}
	for _, r := range all {
		r.Finish()
	}
	return all
}

func table() []operation.Operation {
	rules := operation.Rules{Read: policy.Viewers, Write: policy.Members}
	return operation.Table(resources(), storage.Events(), map[string]operation.Rules{"projects": rules, "tasks": rules})
}

func build(t *testing.T) *openapi.Document {
	t.Helper()
	doc, err := openapi.Build(openapi.Info{Title: "Sample", Version: "1"}, table())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
