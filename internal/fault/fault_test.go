package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	known := fault.New(fault.Conflict, "taken")
	for name, c := range map[string]struct {
		err  error
		code fault.Code
	}{
		"itself":     {known, fault.Conflict},
		"wrapped":    {fmt.Errorf("put: %w", known), fault.Conflict},
		"a time-out": {fmt.Errorf("read: %w", context.DeadlineExceeded), fault.Unavailable},
		"cancelled":  {context.Canceled, fault.Unavailable},
		"a stranger": {errors.New("pq: secret"), fault.Internal},
	} {
		got := fault.From(c.err)
		if got.Code != c.code {
			t.Errorf("%s: %s, want %s", name, got.Code, c.code)
		}
		if strings.Contains(got.Message, "secret") {
			t.Errorf("%s: the message shows the cause: %s", name, got.Message)
		}
		if !errors.Is(got, c.err) && !errors.Is(c.err, got) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
	if fault.From(nil) != nil {
		t.Error("no error became one")
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	if err := fault.Invalid(); err != nil {
		t.Errorf("no field at fault is %v", err)
	}
	if err := fault.Invalid(fault.Field{Name: "a"}); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("a field at fault is %v", err)
	}
}
