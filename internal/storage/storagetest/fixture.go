package storagetest

import (
	"github.com/tenantry/tenantry/internal/schema"
)

// Resources returns the resources that the suite uses: projects, and tasks with a field of every kind.
func Resources() []*schema.Resource { return []*schema.Resource{projects(), tasks()} }

func projects() *schema.Resource {
	return finished(&schema.Resource{
		Name: "projects", Singular: "project",
		Fields: []schema.Field{
			{Name: "id", Type: schema.UUID, BuiltIn: true},
			{Name: "name", Type: schema.Text, Required: true, Unique: true, MaxLength: 255, Filter: true, Sort: true, Search: true},
			{Name: "code", Type: schema.Text, Nullable: true, Unique: true, Filter: true},
			{Name: "description", Type: schema.Text, Search: true},
			{Name: "status", Type: schema.Text, Enum: []string{"active", "it's over"}, Default: schema.String("active"), Filter: true},
			{Name: "tasks_count", Type: schema.Integer, ReadOnly: true, Filter: true, Sort: true, Derived: &schema.Derived{Count: "tasks", Via: "project"}},
		},
	})
}

func tasks() *schema.Resource {
	return finished(&schema.Resource{
		Name: "tasks", Singular: "task",
		Fields: []schema.Field{
			{Name: "id", Type: schema.UUID, BuiltIn: true},
			{Name: "project", Type: schema.UUID, Required: true, Ref: &schema.Ref{Resource: "projects", Cascade: true}, Filter: true},
			{Name: "project_name", Type: schema.Text, ReadOnly: true, Filter: true, Sort: true, Derived: &schema.Derived{Via: "project", Lookup: "name"}},
			{Name: "parent", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: "tasks"}, Filter: true},
			{Name: "assignee", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: schema.Members}, Filter: true},
			{Name: "title", Type: schema.Text, Filter: true, Sort: true, Search: true},
			{Name: "note", Type: schema.Text, Nullable: true, Filter: true, Sort: true, Search: true},
			{Name: "rank", Type: schema.Integer, Filter: true, Sort: true},
			{Name: "size", Type: schema.Integer, Nullable: true, Filter: true, Sort: true},
			{Name: "score", Type: schema.Number, Nullable: true, Filter: true, Sort: true},
			{Name: "done", Type: schema.Boolean, Filter: true, Sort: true},
			{Name: "flag", Type: schema.Boolean, Nullable: true, Filter: true, Sort: true},
			{Name: "due", Type: schema.Date, Nullable: true, Filter: true, Sort: true},
			{Name: "at", Type: schema.Time, Nullable: true, Filter: true, Sort: true},
			{Name: "group", Type: schema.Text, Filter: true}, // a word of SQL
			{Name: "meta", Type: schema.JSON},
		},
	})
}

// finished adds the fields that every record has.
func finished(r *schema.Resource) *schema.Resource {
	r.Fields = append(r.Fields,
		schema.Field{Name: "created_by", Type: schema.UUID, Nullable: true, ReadOnly: true, BuiltIn: true, Filter: true},
		schema.Field{Name: "created_at", Type: schema.Time, ReadOnly: true, BuiltIn: true, Filter: true, Sort: true},
		schema.Field{Name: "updated_at", Type: schema.Time, ReadOnly: true, BuiltIn: true, Filter: true, Sort: true},
	)
	r.Order = []schema.Order{{Field: "created_at", Desc: true}}
	r.Finish()
	return r
}
