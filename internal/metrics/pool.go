package metrics

import "github.com/prometheus/client_golang/prometheus"

// pools asks for the state of the pool when somebody asks for the metrics.
type pools struct {
	state                      func() Pool
	connections, waits, waited *prometheus.Desc
}

func newPools(state func() Pool) *pools {
	return &pools{
		state:       state,
		connections: prometheus.NewDesc("tenantry_database_connections", "Connections to the database, used and idle, and the most there may be.", []string{"state"}, nil),
		waits:       prometheus.NewDesc("tenantry_database_waits_total", "Requests that found no free connection.", nil, nil),
		waited:      prometheus.NewDesc("tenantry_database_wait_seconds_total", "How long all of them waited for one.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	to <- p.connections
	to <- p.waits
	to <- p.waited
}

// Collect implements prometheus.Collector.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	now := p.state()
	gauge := func(state string, n int) {
		to <- prometheus.MustNewConstMetric(p.connections, prometheus.GaugeValue, float64(n), state)
	}
	gauge("used", now.Used)
	gauge("idle", now.Idle)
	gauge("max", now.Max)
	to <- prometheus.MustNewConstMetric(p.waits, prometheus.CounterValue, float64(now.Waits))
	to <- prometheus.MustNewConstMetric(p.waited, prometheus.CounterValue, now.Waited.Seconds())
}
