//go:build generated

// Package goclient is a Go client that oapi-codegen makes from the OpenAPI document, and a program that uses it. The
// client is not committed: TestGoClient of the folder above makes it and runs this with it, by an overlay.
package goclient

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/oapi-codegen/runtime" // what the client imports, so that go.mod has all of it
	"github.com/oapi-codegen/runtime/types"
)

func TestFlow(t *testing.T) {
	api := signedIn(t)
	name := "Go " + uuid.NewString()

	created, err := api.CreateProjectWithResponse(t.Context(), &CreateProjectParams{IdempotencyKey: new(name)}, ProjectCreate{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	project := created.JSON201
	if project == nil {
		t.Fatalf("create: %s: %s", created.Status(), created.Body)
	}
	var id types.UUID = project.Id
	var at time.Time = project.CreatedAt
	if project.Name != name || project.Status != ProjectStatusActive || id == uuid.Nil || at.IsZero() {
		t.Errorf("created %+v", project)
	}
	testList(t, api, *project)
	testConditional(t, api, id)
	testErrors(t, api)
}

// signedIn returns a client with the token that a sign-in gave.
func signedIn(t *testing.T) *ClientWithResponses {
	t.Helper()
	token := ""
	api, err := NewClientWithResponses(os.Getenv("TENANTRY_URL"), WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := api.SignInWithResponse(t.Context(), nil, SignIn{
		Username: os.Getenv("TENANTRY_USERNAME"), Password: os.Getenv("TENANTRY_PASSWORD"), Tenant: new(os.Getenv("TENANTRY_TENANT")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.JSON200 == nil || got.JSON200.Tenant.Slug != os.Getenv("TENANTRY_TENANT") {
		t.Fatalf("sign in: %s: %s", got.Status(), got.Body)
	}
	token = got.JSON200.Access
	return api
}

func testList(t *testing.T, api *ClientWithResponses, want Project) {
	t.Helper()
	got, err := api.ListProjectsWithResponse(t.Context(), &ListProjectsParams{
		Search: &want.Name, Status: new(ListProjectsParamsStatusActive), Count: new(ListProjectsParamsCountExact),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := got.JSON200
	if page == nil || len(page.Results) != 1 || page.Count == nil || *page.Count != 1 || page.Next != nil {
		t.Fatalf("list: %s: %s", got.Status(), got.Body)
	}
	if project, err := page.Results[0].AsProject(); err != nil || project.Id != want.Id || !project.UpdatedAt.Equal(want.UpdatedAt) {
		t.Errorf("listed %+v (%v), want %+v", project, err, want)
	}
}

func testConditional(t *testing.T, api *ClientWithResponses, id types.UUID) {
	t.Helper()
	first, err := api.GetProjectWithResponse(t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.JSON200 == nil || first.Headers200.ETag == nil {
		t.Fatalf("get: %s: %s", first.Status(), first.Body)
	}
	again, err := api.GetProjectWithResponse(t.Context(), id, &GetProjectParams{IfNoneMatch: first.Headers200.ETag})
	if err != nil {
		t.Fatal(err)
	}
	if again.StatusCode() != http.StatusNotModified || again.JSON200 != nil {
		t.Errorf("get what the client has: %s: %s", again.Status(), again.Body)
	}
}

func testErrors(t *testing.T, api *ClientWithResponses) {
	t.Helper()
	invalid, err := api.CreateProjectWithResponse(t.Context(), nil, ProjectCreate{Status: new(ProjectCreateStatus("lost"))})
	if err != nil {
		t.Fatal(err)
	}
	problem := invalid.ApplicationproblemJSON422
	if problem == nil || problem.Code != ProblemCodeValidationFailed || problem.Errors == nil {
		t.Fatalf("create an invalid one: %s: %s", invalid.Status(), invalid.Body)
	}
	codes := map[string]FieldErrorCode{}
	for _, field := range *problem.Errors {
		codes[field.Field] = field.Code
	}
	if codes["name"] == "" || codes["status"] != FieldErrorCodeInvalidChoice {
		t.Errorf("fields at fault: %v", codes)
	}

	missing, err := api.GetProjectWithResponse(t.Context(), uuid.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := missing.ApplicationproblemJSON404; p == nil || p.Code != ProblemCodeNotFound || p.Status != http.StatusNotFound {
		t.Errorf("get an unknown id: %s: %s", missing.Status(), missing.Body)
	}
}
