package httpapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestRefusalsOfPermissionLeaveAnEvent(t *testing.T) {
	t.Parallel()
	record, _ := id.Parse(recordID)
	for _, c := range []struct {
		as, do, body string
		want         account.Refusal
	}{
		{"viewer", "POST " + all, `{}`, account.Refusal{Operation: "createTask", Resource: "tasks"}},
		{"viewer", "PATCH " + one, `{}`, account.Refusal{Operation: "updateTask", Resource: "tasks", Record: record}},
		{"viewer", "POST " + one + "complete/", ``, account.Refusal{Operation: "completeTask", Resource: "tasks", Record: record}},
		{"viewer", "DELETE " + all + "nonsense/", ``, account.Refusal{Operation: "deleteTask", Resource: "tasks"}},
		{"viewer", "DELETE " + all + tenant.NewID().String() + "/", ``, account.Refusal{Operation: "deleteTask", Resource: "tasks"}},
		{"member", "GET /api/v1/events/", ``, account.Refusal{Operation: "listEvents", Resource: "events"}},
	} {
		b := setup(t)
		problem(t, b.send(request{as: c.as, do: c.do, body: c.body}), 403, "permission_denied")
		if diff := cmp.Diff([]account.Refusal{c.want}, b.accounts.refused); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.do, diff)
		}
	}
}

func TestARefusalBelowAnotherRecordNamesThatRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.New(fault.PermissionDenied, "")
	problem(t, b.send(request{as: "owner", do: "GET /api/v1/projects/" + recordID + "/tasks/"}), 403, "permission_denied")
	record, _ := id.Parse(recordID)
	want := []account.Refusal{{Operation: "listProjectTasks", Resource: "projects", Record: record}}
	if diff := cmp.Diff(want, b.accounts.refused); diff != "" {
		t.Error(diff)
	}
}

func TestARefusalWithoutItsEventIsStillARefusal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.accounts.refusing = errors.New("disk full")
	problem(t, b.send(request{as: "viewer", do: "POST " + all, body: `{}`}), 403, "permission_denied")
	if log := b.log.String(); !strings.Contains(log, "left no event") || !strings.Contains(log, "disk full") {
		t.Errorf("the log says nothing: %s", log)
	}
}

// TestWhoHangsUpIsSeenAnyway ends the request's context where a client does that has seen enough.
func TestWhoHangsUpIsSeenAnyway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.New(fault.PermissionDenied, "")
	ctx, hangUp := context.WithCancel(t.Context())
	b.resources.do = func(context.Context) { hangUp() }
	req := httptest.NewRequestWithContext(ctx, "GET", one, nil)
	req.Header.Set("Authorization", "Bearer owner")
	b.handler.ServeHTTP(httptest.NewRecorder(), req)
	record, _ := id.Parse(recordID)
	if diff := cmp.Diff([]account.Refusal{{Operation: "getTask", Resource: "tasks", Record: record}}, b.accounts.refused); diff != "" {
		t.Error(diff)
	}
}

func TestOtherRefusalsLeaveNoEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, code := range []fault.Code{fault.NotFound, fault.TenantSuspended, fault.ValidationFailed, fault.Internal} {
		b.resources.err = fault.New(code, "")
		b.send(request{as: "owner", do: "GET " + one})
	}
	b.send(request{do: "GET " + one})
	if len(b.accounts.refused) != 0 {
		t.Errorf("events of %v", b.accounts.refused)
	}
}
