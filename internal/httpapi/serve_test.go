package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
)

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for given, want := range map[string]string{
		"abc": "abc", "a b": "a b", strings.Repeat("x", 128): strings.Repeat("x", 128), "": "made", strings.Repeat("x", 129): "made",
		"a\tb": "made", "ä": "made", "a\nb": "made", `"<>`: `"<>`,
	} {
		for _, do := range []string{"GET " + one, "GET /nowhere", "PATCH " + all, "GET /healthz", "GET /api/docs/"} {
			h := header()
			h["X-Request-Id"] = []string{given}
			if got := b.send(request{as: "owner", do: do, header: h}).Header()["X-Request-Id"]; len(got) != 1 || got[0] != want {
				t.Errorf("%s with %q: %q", do, given, got)
			}
		}
	}
	if got := b.send(request{do: "GET /healthz", header: header("X-Request-ID", "a", "X-Request-ID", "b")}).Header().Get("X-Request-ID"); got != "made" {
		t.Errorf("two ids: %q", got)
	}
}

func TestAProblemIsExactlyThis(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.Invalid(fault.Field{Name: "items.3.title", Code: fault.FieldTooLong, Message: "Too \"long\"."}, fault.Field{Name: "x", Code: fault.FieldUnknown, Message: "No."})
	rec := b.send(request{as: "owner", do: "GET " + one, header: header("X-Request-ID", `a "b"/é?`[:6]+"/?")})
	want := `{"type":"urn:tenantry:problem:validation_failed","title":"Not valid","status":422,"detail":"Some fields are not valid; see errors.",` +
		`"code":"validation_failed","instance":"urn:tenantry:request:a%20%22b%22%2F%2F%3F","request_id":"a \"b\"//?",` +
		`"errors":[{"field":"items.3.title","code":"too_long","message":"Too \"long\"."},{"field":"x","code":"unknown","message":"No."}]}`
	if diff := cmp.Diff(want, rec.Body.String()); diff != "" {
		t.Error(diff)
	}
}

// TestEveryCode answers each code of the contract with its status.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	statuses := map[fault.Code]int{
		"malformed_body": 400, "not_authenticated": 401, "token_invalid": 401, "token_expired": 401, "credentials_invalid": 401, "permission_denied": 403,
		"tenant_suspended": 403, "not_found": 404, "method_not_allowed": 405, "conflict": 409, "idempotency_in_progress": 409, "precondition_failed": 412,
		"body_too_large": 413, "range_not_satisfiable": 416, "unsupported_media_type": 415, "validation_failed": 422, "idempotency_mismatch": 422,
		"rate_limited": 429, "internal": 500, "unavailable": 503,
	}
	for _, code := range fault.Codes() {
		b := setup(t)
		b.resources.err = fmt.Errorf("wrapped: %w", fault.New(code, ""))
		problem(t, b.send(request{as: "owner", do: "GET " + one}), statuses[code], string(code))
	}
	b := setup(t)
	b.resources.err = fault.New("no_such_code", "Secret.")
	problem(t, b.send(request{as: "owner", do: "GET " + one}), 500, "internal")
}

func TestCausesStayInside(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"any error":              errors.New(`pq: relation "tenants" at /srv/x.go:7`),
		"an internal fault":      fault.Wrap(fault.Internal, `relation "tenants"`, errors.New("/srv/x.go:7")),
		"a cause of unavailable": fault.Wrap(fault.Unavailable, "Try again.", errors.New(`"tenants" /srv/x.go:7`)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.resources.err = err
			rec := b.send(request{as: "owner", do: "GET " + one, header: header("X-Request-ID", "r1")})
			if rec.Code < 500 || strings.Contains(rec.Body.String(), "tenants") || strings.Contains(rec.Body.String(), "x.go") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			log := b.log.String()
			if strings.Count(log, "x.go:7") != 1 || strings.Count(log, `"request_id":"r1"`) != 2 {
				t.Errorf("the log has the cause not once, with the request's id: %s", log)
			}
		})
	}
}

func TestAFailureThatIsTheClients(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.Wrap(fault.ValidationFailed, "", errors.New("why"))
	b.send(request{as: "owner", do: "GET " + one})
	if strings.Contains(b.log.String(), "why") {
		t.Errorf("the log has a cause that nobody needs: %s", b.log.String())
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.do = func(context.Context) { panic("secret state") }
	rec := b.send(request{as: "owner", do: "GET " + one, header: header("X-Request-ID", "r1", "If-None-Match", "*")})
	problem(t, rec, 500, "internal")
	if strings.Contains(rec.Body.String(), "secret") || rec.Header().Get("X-Request-ID") != "r1" || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", rec.Header(), rec.Body)
	}
	log := b.log.String()
	if !strings.Contains(log, "secret state") || !strings.Contains(log, "serve_test.go") || !strings.Contains(log, `"status":500`) {
		t.Errorf("the log lacks the cause, the stack or the request: %s", log)
	}
	b.resources.do = nil
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Code != 200 {
		t.Errorf("the next request: %d", rec.Code)
	}
}

// TestAPanicInTheMiddleOfAnAnswer can only cut the connection: a second answer would be read as part of the first.
func TestAPanicInTheMiddleOfAnAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	defer func() {
		if cause, _ := recover().(error); !errors.Is(cause, http.ErrAbortHandler) {
			t.Errorf("the handler ended with %v", cause)
		}
		if !strings.Contains(b.log.String(), "writer broke") {
			t.Errorf("the log lacks the cause: %s", b.log.String())
		}
	}()
	req := httptest.NewRequestWithContext(t.Context(), "GET", one, nil)
	req.Header.Set("Authorization", "Bearer owner")
	b.handler.ServeHTTP(panicking{httptest.NewRecorder()}, req)
}

type panicking struct{ http.ResponseWriter }

func (panicking) Write([]byte) (int, error) { panic("writer broke") }

func TestAbortIsPassedOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.do = func(context.Context) { panic(http.ErrAbortHandler) }
	defer func() {
		if cause, _ := recover().(error); !errors.Is(cause, http.ErrAbortHandler) {
			t.Errorf("the handler ended with %v", cause)
		}
	}()
	b.send(request{as: "owner", do: "GET " + one})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.Timeout = time.Millisecond })
	b.resources.do = func(ctx context.Context) {
		<-ctx.Done()
		b.resources.err = fmt.Errorf("query: %w", ctx.Err())
	}
	rec := b.send(request{as: "owner", do: "GET " + one})
	problem(t, rec, 503, "unavailable")
	if rec.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
	}
	free := setup(t, func(c *httpapi.Config) { c.Timeout = -1 })
	free.resources.do = func(ctx context.Context) {
		if _, limited := ctx.Deadline(); limited {
			t.Error("a negative timeout is one")
		}
	}
	free.send(request{as: "owner", do: "GET " + one})
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.send(request{as: "owner", do: "GET " + one + "?fields=private", header: header("X-Request-ID", "r\"1")})
	b.send(request{do: "GET /some/secret/path?token=xyz"})
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	got, _ := decoded(t, lines[0]).(map[string]any)
	delete(got, "time")
	want := decoded(t, b.fill(`{"level":"INFO","msg":"request","request_id":"r\"1","method":"GET","route":"/api/v1/tasks/{id}/","status":200,"bytes":45,
		"duration":0,"client":"192.0.2.1","tenant":"{tenant}","user":"{user}"}`))
	if diff := cmp.Diff(want, any(got)); diff != "" {
		t.Error(diff)
	}
	if stranger := decoded(t, lines[1]); cmp.Diff("", stranger.(map[string]any)["tenant"]) != "" {
		t.Errorf("the request of nobody has a tenant: %s", lines[1])
	}
	for _, secret := range []string{"private", "owner", "secret", "xyz", recordID} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, b.log.String())
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, do := range []string{"GET " + one, "GET " + all, "GET /nowhere", "PUT /healthz", "GET /healthz", "GET /api/schema/", "GET /api/docs/", "GET /api/redoc/", "GET /api/docs/assets/favicon.svg"} {
		h := b.send(request{as: "owner", do: do}).Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" ||
			h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %v", do, h)
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe-eval") {
			t.Errorf("%s: policy %q", do, policy)
		}
		if strings.Contains(policy, "'unsafe-inline'") && do != "GET /api/redoc/" {
			t.Errorf("%s: policy %q", do, policy)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var down error
	b := setup(t, func(c *httpapi.Config) { c.Ready = func(context.Context) error { return down } })
	for do, want := range map[string]string{
		"GET /healthz": `{"status":"ok"}`, "GET /readyz/": `{"status":"ready"}`,
		"GET /": `{"name":"Sample \u003c\u0026\u003e","version":"1.2.3","links":{"api":"/api/v1/","docs":"/api/docs/","redoc":"/api/redoc/","schema":"/api/schema/","health":"/healthz","readiness":"/readyz"}}`,
	} {
		if rec := b.send(request{do: do}); rec.Code != 200 || rec.Body.String() != want || rec.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %d %v %s", do, rec.Code, rec.Header(), rec.Body)
		}
	}
	down = errors.New("dial 10.0.0.7")
	rec := b.send(request{do: "GET /readyz"})
	problem(t, rec, 503, "unavailable")
	if rec.Header().Get("Retry-After") == "" || strings.Contains(rec.Body.String(), "10.0.0.7") {
		t.Errorf("%v %s", rec.Header(), rec.Body)
	}
	if rec := b.send(request{do: "GET /healthz"}); rec.Code != 200 {
		t.Errorf("the process is said to be dead: %d", rec.Code)
	}
}

func TestDatabaseThatDoesNotAnswerIsNotReady(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) {
		c.Timeout = time.Minute
		c.Ready = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	})
	began := time.Now()
	problem(t, b.send(request{do: "GET /readyz"}), 503, "unavailable")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}

// TestOverTheWire runs a real server: one answer in one piece, and nothing in plain text but what net/http itself
// answers to what is no HTTP.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpapi.NewServer("", b.handler, httpapi.Limits{MaxHeader: 8 << 10}, slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 || server.MaxHeaderBytes != 8<<10 {
		t.Errorf("a limit is missing: %+v", server)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	for request, want := range map[string]string{
		"GET " + one + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nConnection: close\r\n\r\n":  "HTTP/1.1 200 OK",
		"HEAD " + one + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nConnection: close\r\n\r\n": "HTTP/1.1 200 OK",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                                       "HTTP/1.1 404 Not Found",
		"GET /api/v1//tasks/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                             "HTTP/1.1 404 Not Found",
		"GET /%2e%2e/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                                    "HTTP/1.1 404 Not Found",
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(bufio.NewReader(conn))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), want) || strings.Contains(string(text), "text/plain") || !strings.Contains(string(text), "\r\nContent-Length: ") {
			t.Errorf("%q: %s", request, text)
		}
		_ = conn.Close()
	}
}

func TestQueryIsNeverOurFault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, query := range []string{"%", "%zz", "a=%ff", "%ff=a", "a=%00", strings.Repeat("a&", 5000), strings.Repeat("b%5B=", 3000), ";;", "=", "&&&", "a=b=c", "%F0%9F%98%80"} {
		for _, path := range []string{all, one, "/api/schema/", "/healthz", "/api/v1/me/"} {
			rec := b.send(request{as: "owner", do: "GET " + path + "?" + query})
			if rec.Code >= 500 || rec.Code >= 400 && rec.Body.Len() > 64<<10 {
				t.Errorf("%s?%.20s: %d, %d bytes", path, query, rec.Code, rec.Body.Len())
			}
		}
	}
}
