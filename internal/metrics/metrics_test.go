package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/metrics"
)

func scrape(t *testing.T, m *metrics.Metrics, path string) (status int, body string) {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return rec.Code, rec.Body.String()
}

func TestEveryMetricIsTold(t *testing.T) {
	t.Parallel()
	m := metrics.New("1.2.3", func() metrics.Pool {
		return metrics.Pool{Used: 3, Idle: 2, Max: 8, Waits: 7, Waited: 1500 * time.Millisecond}
	})
	for range 4 {
		m.Began()
	}
	m.Answered("listTasks", 200, 3*time.Millisecond)
	m.Answered("listTasks", 200, 40*time.Millisecond)
	m.Answered("", 404, time.Millisecond)
	status, body := scrape(t, m, metrics.Path)
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for _, line := range []string{
		`tenantry_build_info{version="1.2.3"} 1`,
		`tenantry_http_requests_in_flight 1`,
		`tenantry_http_requests_total{operation="listTasks",status="200"} 2`,
		`tenantry_http_requests_total{operation="none",status="404"} 1`,
		`tenantry_http_request_duration_seconds_bucket{operation="listTasks",le="0.0025"} 0`,
		`tenantry_http_request_duration_seconds_bucket{operation="listTasks",le="0.005"} 1`,
		`tenantry_http_request_duration_seconds_count{operation="listTasks"} 2`,
		`tenantry_database_connections{state="used"} 3`,
		`tenantry_database_connections{state="idle"} 2`,
		`tenantry_database_connections{state="max"} 8`,
		`tenantry_database_waits_total 7`,
		`tenantry_database_wait_seconds_total 1.5`,
		`# TYPE go_goroutines gauge`,
		`# TYPE process_start_time_seconds gauge`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	m := metrics.New("1", nil)
	if status, _ := scrape(t, m, "/"); status != http.StatusNotFound {
		t.Errorf("/: %d", status)
	}
	_, body := scrape(t, m, metrics.Path)
	if strings.Contains(body, "tenantry_database") {
		t.Error("a pool where there is none")
	}
}

// TestTwoServicesCountApart is for programs with several.
func TestTwoServicesCountApart(t *testing.T) {
	t.Parallel()
	a, b := metrics.New("1", nil), metrics.New("1", nil)
	a.Began()
	a.Answered("getTask", 200, time.Millisecond)
	if _, body := scrape(t, b, metrics.Path); strings.Contains(body, "getTask") {
		t.Error("the other service's request is counted")
	}
}
