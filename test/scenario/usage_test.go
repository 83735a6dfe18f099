package scenario_test

import (
	"crypto/rand"
	"encoding/hex"
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

// stored is what the operators are told that the tenant's data takes: 0 while that is not known.
func (w *world) stored(slug string) int64 {
	body := w.send(w.request(step{as: "operator", do: "GET /api/admin/v1/usage/?tenant={" + slug + "}"})).body
	n, _ := lookup(decode(body), "results.0.storage")
	size, _ := n.(float64)
	return int64(size)
}

// measured waits for what is written and measured in the background.
func (w *world) measured(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("it is not so that %s", what)
		}
	}
}

func TestStorageInUsage(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		f.operator()
		const size, little = 600_000, 100_000
		f.play(t, []step{
			// Who says that a file lies elsewhere may say what they like of its size.
			{name: "no file", do: "POST /documents/", body: `{"name":"elsewhere","file_path":"tape 7","file_size":900000000000}`, status: 201, events: []string{"created"}},
			{name: "another tenant", as: "owner-globex", do: "POST /projects/", body: `{"name":"Other"}`, status: 201},
		})
		f.measured("both are measured", func() bool { return f.stored("acme") > 0 && f.stored("globex") > 0 })
		empty, other := f.stored("acme"), f.stored("globex")
		if empty > 10*size {
			t.Fatalf("%d bytes without a file", empty)
		}

		f.wait(6 * time.Minute) // a tenant is measured every five
		random := make([]byte, size/2)
		_, _ = rand.Read(random)
		if got := f.content("owner-acme", "PUT", hex.EncodeToString(random), typed("text/plain")); got.status != 200 {
			t.Fatalf("upload: %d %s", got.status, got.body)
		}
		f.play(t, []step{{name: "a write beside", as: "owner-globex", do: "POST /projects/", body: `{"name":"Another"}`, status: 201}})
		f.measured("the file counts", func() bool { return f.stored("acme") >= empty+size })
		full := f.stored("acme")
		if full > empty+size+little {
			t.Errorf("a file of %d bytes makes %d of %d", size, full, empty)
		}

		f.wait(6 * time.Minute)
		if got := f.content("owner-acme", "DELETE", "", nil); got.status != 204 {
			t.Fatalf("delete: %d %s", got.status, got.body)
		}
		f.measured("the file counts no more", func() bool { return f.stored("acme") < full-size+little })
		if now := f.stored("acme"); now < empty {
			t.Errorf("%d bytes are left of %d", now, empty)
		}
		if now := f.stored("globex"); now < other || now > other+little {
			t.Errorf("the other tenant had %d bytes and has %d", other, now)
		}
	})
}
