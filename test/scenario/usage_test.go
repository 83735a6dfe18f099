package scenario_test

import (
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		for _, s := range []step{
			{do: "POST /projects/", body: `{"name":"Counted"}`, status: 201},
			{do: "POST /projects/", body: `{}`, status: 422},
			{do: "GET /projects/", status: 200},
			{as: "owner-globex", do: "GET /projects/", status: 200},
		} {
			if got := w.send(w.request(s)); got.status != s.status {
				t.Fatalf("%s: %d %s", s.do, got.status, got.body)
			}
		}
		// The counters of the hours are added up: the test may begin in one and end in the next.
		sum := func(field string) (total float64) {
			body := w.send(w.request(step{as: "operator", do: "GET /api/admin/v1/usage/?tenant={acme}"})).body
			for _, place := range []string{"results.0.", "results.1."} {
				if n, ok := lookup(decode(body), place+field); ok {
					total += n.(float64)
				}
			}
			return total
		}
		for deadline := time.Now().Add(30 * time.Second); sum("requests") < 3 && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
		}
		if requests, writes, limited := sum("requests"), sum("writes"), sum("limited"); requests != 3 || writes != 1 || limited != 0 {
			t.Errorf("%v requests, %v writes, %v limited", requests, writes, limited)
		}
		w.play(t, []step{
			{name: "of the other tenant", as: "operator", do: "GET /api/admin/v1/usage/?tenant={globex}", status: 200, want: `{"results":[{"tenant":"{globex}","requests":1,"writes":0}]}`},
			{name: "no tenant sees it", do: "GET /api/admin/v1/usage/", status: 401},
		})
	})
}
