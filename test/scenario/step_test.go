package scenario_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// step is one request of a scenario and what must come of it. {name} in path, body and want stands for a value that
// an earlier step saved.
type step struct {
	name   string
	as     string // the caller; empty is owner-acme, "nobody" sends no token
	do     string // "GET /projects/"; paths that don't begin with /api/ or / of the root lie below /api/v1
	body   string
	header http.Header
	status int
	// want is JSON that the answer must contain: objects may have more members, arrays must match in length.
	want string
	// absent are texts that must not occur in the answer.
	absent []string
	// save maps a name to the path of a value in the answer: {"task": "id"}; "ETag" is the header's.
	save map[string]string
	// events are the actions of the events that the step must add to acme's trail, in order. nil: none is added.
	events []string
}

func (w *world) play(t *testing.T, steps []step) {
	t.Helper()
	for i, s := range steps {
		before := w.lastSeq()
		a := w.send(w.request(s))
		label := fmt.Sprintf("step %d, %s: %s", i+1, s.name, s.do)
		if a.status != s.status {
			t.Fatalf("%s: status %d, want %d: %s", label, a.status, s.status, a.body)
		}
		if s.want != "" {
			if problem := contains(a.body, w.fill(s.want)); problem != "" {
				t.Errorf("%s: %s\nin %s", label, problem, a.body)
			}
		}
		for _, text := range s.absent {
			if strings.Contains(string(a.body), w.fill(text)) {
				t.Errorf("%s: the answer contains %q: %s", label, w.fill(text), a.body)
			}
		}
		w.save(t, label, s, a)
		if got := w.actionsAfter(before, s.events); !reflect.DeepEqual(got, s.events) {
			t.Errorf("%s: events %v, want %v", label, got, s.events)
		}
	}
}

func (w *world) request(s step) request {
	method, path, _ := strings.Cut(w.fill(s.do), " ")
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	as := s.as
	switch as {
	case "":
		as = "owner-acme"
	case "nobody":
		as = ""
	}
	header := s.header.Clone()
	for _, values := range header {
		for i := range values {
			values[i] = w.fill(values[i])
		}
	}
	return request{as: as, method: method, path: path, body: w.fill(s.body), header: header}
}

func (w *world) fill(text string) string {
	for name, value := range w.vars {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (w *world) save(t *testing.T, label string, s step, a response) {
	t.Helper()
	for name, path := range s.save {
		if path == "ETag" || path == "Location" {
			w.vars[name] = a.header.Get(path)
			continue
		}
		value, ok := lookup(decode(a.body), path)
		if !ok {
			t.Fatalf("%s: the answer has no %s: %s", label, path, a.body)
		}
		w.vars[name] = fmt.Sprint(value)
	}
}

// lastSeq is the number of events in acme's trail.
func (w *world) lastSeq() int64 {
	seq, ok := lookup(decode(w.send(request{as: "owner-acme", method: "GET", path: "/api/v1/events/?page_size=1"}).body), "results.0.seq")
	if !ok {
		return 0
	}
	return int64(seq.(float64))
}

// actionsSince returns the actions of the events behind the one with the number, oldest first.
func (w *world) actionsSince(before int64) []string {
	var page struct {
		Results []struct {
			Seq    int64
			Action string
		}
	}
	a := w.send(request{as: "owner-acme", method: "GET", path: "/api/v1/events/?page_size=200"})
	if err := json.Unmarshal(a.body, &page); err != nil {
		w.t.Fatalf("events: %d %s", a.status, a.body)
	}
	var out []string
	for _, event := range slices.Backward(page.Results) {
		if event.Seq > before {
			out = append(out, event.Action)
		}
	}
	return out
}

// actionsAfter returns them once they are the expected ones, or after a while: some events arrive behind the answer.
func (w *world) actionsAfter(before int64, want []string) []string {
	w.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := w.actionsSince(before)
		if len(got) >= len(want) || time.Now().After(deadline) {
			return got
		}
	}
}

func decode(body []byte) any {
	var v any
	_ = json.Unmarshal(body, &v)
	return v
}

// lookup follows a path such as results.0.id.
func lookup(v any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[part]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// contains says what of want is missing in body, nothing where all is there.
func contains(body []byte, want string) string {
	var expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		return "the expectation is no JSON: " + err.Error() + ": " + want
	}
	var actual any
	if err := json.Unmarshal(body, &actual); err != nil {
		return "the answer is no JSON: " + err.Error()
	}
	return missing("", expected, actual)
}

func missing(path string, want, got any) string {
	switch expected := want.(type) {
	case map[string]any:
		actual, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, want an object", path, got)
		}
		for name, w := range expected {
			g, ok := actual[name]
			if !ok {
				return fmt.Sprintf("%s.%s is missing", path, name)
			}
			if problem := missing(path+"."+name, w, g); problem != "" {
				return problem
			}
		}
		return ""
	case []any:
		actual, ok := got.([]any)
		if !ok || len(actual) != len(expected) {
			return fmt.Sprintf("%s is %v, want %d items", path, got, len(expected))
		}
		for i := range expected {
			if problem := missing(fmt.Sprintf("%s.%d", path, i), expected[i], actual[i]); problem != "" {
				return problem
			}
		}
		return ""
	default:
		if !reflect.DeepEqual(want, got) {
			return fmt.Sprintf("%s is %v, want %v", path, got, want)
		}
		return ""
	}
}
