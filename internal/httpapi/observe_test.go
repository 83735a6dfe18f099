package httpapi_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
)

// observer writes down what it is told.
type observer struct {
	mu   sync.Mutex
	told []string
}

func (o *observer) Began() { o.tell("began") }

func (o *observer) Answered(operation string, status int, took time.Duration) {
	o.tell(fmt.Sprintf("%q %d %s", operation, status, took))
}

func (o *observer) tell(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, what)
}

func TestEachRequestIsObserved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do, as string
		fail   error
		panics bool
		want   string
	}{
		"an answer":      {do: "GET " + one, as: "owner", want: `"getTask" 200 0s`},
		"no token":       {do: "GET " + one, want: `"getTask" 401 0s`},
		"no such record": {do: "GET " + one, as: "owner", fail: fault.New(fault.NotFound, ""), want: `"getTask" 404 0s`},
		"no operation":   {do: "GET /wp-admin/", want: `"" 404 0s`},
		"a panic":        {do: "GET " + one, as: "owner", panics: true, want: `"getTask" 500 0s`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &observer{}
			b := setup(t, func(c *httpapi.Config) { c.Observer = o })
			b.resources.err = c.fail
			if c.panics {
				b.resources.do = func(context.Context) { panic("broken") }
			}
			b.send(request{as: c.as, do: c.do})
			if diff := cmp.Diff([]string{"began", c.want}, slices.Clone(o.told)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
