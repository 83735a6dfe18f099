package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
)

// quiet is a fake of the use cases that costs nothing.
type quiet struct {
	httpapi.Resources

	answer resource.Answer
}

func (q *quiet) Get(context.Context, resource.Call, *operation.Operation, string, url.Values) (resource.Answer, error) {
	return q.answer, nil
}

// admitting is a fake of the gate that costs nothing.
type admitting struct {
	httpapi.Accounts

	session account.Session
}

func (a *admitting) Authenticate(context.Context, account.By, string) (account.Session, error) {
	return a.session, nil
}

// discard is a writer that keeps its headers, like that of a connection.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func hotPath(tb testing.TB) func() {
	tb.Helper()
	b := setup(tb, func(c *httpapi.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	session, err := b.accounts.Authenticate(tb.Context(), account.By{}, "owner")
	if err != nil {
		tb.Fatal(err)
	}
	c := b.config
	answer := b.resources.answer
	answer.Body = make([]byte, 1000)
	c.Resources, c.Accounts = &quiet{answer: answer}, &admitting{session: session}
	handler, err := httpapi.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	req := httptest.NewRequestWithContext(tb.Context(), "GET", one, nil)
	req.Header.Set("Authorization", "Bearer owner")
	w := &discard{header: http.Header{}}
	return func() {
		clear(w.header)
		handler.ServeHTTP(w, req)
	}
}

// TestAllocations is the budget of a GET of one record through the whole handler, the log aside: the deadline (4), the
// values of headers (1), the length, the quoted tag, the client's address, and what ServeMux matched (1 each).
func TestAllocations(t *testing.T) { //nolint:paralleltest // allocations are counted for the whole process
	const budget = 9
	if got := testing.AllocsPerRun(200, hotPath(t)); got > budget {
		t.Errorf("%.0f allocations, the budget is %d", got, budget)
	}
}

func BenchmarkGet(b *testing.B) {
	run := hotPath(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
