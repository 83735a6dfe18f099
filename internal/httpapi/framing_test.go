package httpapi_test

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/httpapi"
)

// TestRequestsOfTwoLengths sends what a proxy in front could read as two requests.
func TestRequestsOfTwoLengths(t *testing.T) {
	t.Parallel()
	b := setup(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.NewServer("", b.handler, httpapi.Limits{}, slog.New(slog.DiscardHandler))
	server.Listener = httpapi.Framed(server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	const (
		head   = "POST " + all + " HTTP/1.1\nHost: x\nAuthorization: Bearer owner\nContent-Type: application/json\n"
		chunks = "2\n{}\n0\n\n"
		next   = "GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n"
	)
	for name, c := range map[string]struct{ send, want string }{
		"a length, then chunks":   {head + "Content-Length: 3\nTransfer-Encoding: chunked\n\n" + chunks + next, "400"},
		"chunks, then a length":   {head + "Transfer-Encoding: chunked\ncontent-LENGTH:\t3\n\n" + chunks + next, "400"},
		"in a later request":      {"HEAD /healthz HTTP/1.1\nHost: x\n\n|" + head + "Content-Length: 3\nTransfer-Encoding: chunked\n\n" + chunks + next, "200 400"},
		"chunks alone":            {head + "X-Content-Length: 3\nContent-Lengths: 3\nTransfer-Encoding: chunked\n\n" + chunks + "|" + next, "201 200"},
		"a length alone":          {head + "Content-Length: 2\n\n{}|" + next, "201 200"},
		"a length in the content": {head + "Transfer-Encoding: chunked\n\n15\n{\"\ncontent-length: 3\n0\n\n|" + next, "201 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second, _ := strings.Cut(c.send, "|")
			conn := dial(t, server.Listener.Addr().String(), first)
			answers := bufio.NewReader(conn)
			var got []string
			if second != "" {
				got = append(got, status(t, answers, strings.HasPrefix(first, "HEAD")))
				if _, err := io.WriteString(conn, strings.ReplaceAll(second, "\n", "\r\n")); err != nil {
					t.Fatal(err)
				}
			}
			got = append(got, status(t, answers, false))
			if rest, err := io.ReadAll(answers); err != nil || len(rest) > 0 || strings.Join(got, " ") != c.want {
				t.Errorf("answers %q, want %s; then %q, %v", got, c.want, rest, err)
			}
		})
	}
}

// status reads one answer.
func status(t *testing.T, from *bufio.Reader, head bool) string {
	t.Helper()
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	answer, err := http.ReadResponse(from, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return strconv.Itoa(answer.StatusCode)
}
