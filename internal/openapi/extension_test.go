package openapi_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtensions(t *testing.T) {
	t.Parallel()
	doc := build(t)
	for version, text := range map[string][]byte{"3.1": doc.JSON31, "3.0": doc.JSON30} {
		root := parse(t, text)
		for _, c := range []struct {
			want string
			path []string
		}{
			{`"projects"`, []string{"components", "schemas", "Task", "properties", "project", "x-references"}},
			{`"tasks"`, []string{"components", "schemas", "TaskCreate", "properties", "parent", "x-references"}},
			{`"members"`, []string{"components", "schemas", "TaskPatch", "properties", "assignee", "x-references"}},
			{`"user"`, []string{"components", "schemas", "TaskPatch", "properties", "assignee", "x-references-by"}},
			{`"members"`, []string{"components", "schemas", "Task", "properties", "created_by", "x-references"}},
			{`"tasks"`, []string{"components", "schemas", "Project", "properties", "tasks_count", "x-tenantry-unit"}},
			{`true`, []string{"components", "schemas", "Project", "properties", "tasks_count", "x-tenantry-gauge"}},
			{`true`, []string{"components", "schemas", "Event", "properties", "action", "x-tenantry-word"}},
			{`"viewer"`, []string{"paths", "/api/v1/tasks/", "get", "x-tenantry-role"}},
			{`"member"`, []string{"paths", "/api/v1/tasks/{id}/complete/", "post", "x-tenantry-role"}},
			{`"admin"`, []string{"paths", "/api/v1/events/", "get", "x-tenantry-role"}},
			{`{"path":"plan","checksum":"plan_checksum"}`, []string{"paths", "/api/v1/projects/{id}/content/", "get", "x-tenantry-content"}},
		} {
			var want any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, at(t, root, c.path...)); diff != "" {
				t.Errorf("%s: %v: %s", version, c.path, diff)
			}
		}
		signIn, _ := at(t, root, "paths", "/api/v1/auth/token/", "post").(node)
		id, _ := at(t, root, "components", "schemas", "Task", "properties", "id").(node)
		if signIn["x-tenantry-role"] != nil || id["x-references"] != nil {
			t.Errorf("%s: a role for %v, or a reference of %v", version, signIn, id)
		}
	}
}
