// Package metrics tells Prometheus how a service fares. It owns the names of the metrics, which dashboards and alerts
// rely on: docs/adr/0022-metrics.md lists them.
//
// No label may say a tenant, a user, a path or an address: there would be as many series as clients like, and whoever
// reads the metrics is nobody's tenant.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path is where the metrics are.
const Path = "/metrics"

// Pool is the state of a pool of connections to a database.
type Pool struct {
	Used, Idle, Max int
	// Waits counts the requests that found no free connection, Waited is how long all of them waited.
	Waits  int64
	Waited time.Duration
}

// Metrics are those of one service. The methods may be called concurrently.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// none is the operation of requests that found none.
const none = "none"

// New returns the metrics of a service of that version. pool may be nil: there is none then.
func New(version string, pool func() Pool) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tenantry_http_requests_total", Help: "Answers, by the operation's id and the status; 0 is a connection that was cut.",
		}, []string{"operation", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tenantry_http_request_duration_seconds", Help: "The time to the end of an answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tenantry_http_requests_in_flight", Help: "Requests that are being answered.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tenantry_build_info", Help: "Always 1; the label is the version.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if pool != nil {
		m.registry.MustRegister(newPools(pool))
	}
	return m
}

// Began is told of a request that has come.
func (m *Metrics) Began() { m.inFlight.Inc() }

// Answered is told of the end of a request: the operation that it found, empty where it found none, its status, 0 where
// its connection was cut before there was one, and how long it took.
func (m *Metrics) Answered(operation string, status int, took time.Duration) {
	if operation == "" {
		operation = none
	}
	m.inFlight.Dec()
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(operation).Observe(took.Seconds())
}

// Beside serves the metrics at Path, and everything else by the handler.
func Beside(m *Metrics, handler http.Handler) http.Handler {
	own := m.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Path {
			own.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// Handler serves the metrics at Path, and nothing else.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}
