package prove

import (
	"slices"
	"time"
)

// Kind says what a finding is.
type Kind string

// The kinds. A leak is an answer that depends on another tenant's data, or a change of them. Accepted is a reference to
// somebody else's that the service took as it would take one to nothing, so that nobody learned anything from it.
// Control is an attack that proves nothing, because the rightful owner's same request fails as well. Missed is an
// operation that was not attacked. Failed is an attack that the service answered with an error of its own.
const (
	Leak     Kind = "leak"
	Accepted Kind = "accepted"
	Failed   Kind = "failed"
	Control  Kind = "control"
	Missed   Kind = "missed"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind      Kind   `json:"kind"`
	Operation string `json:"operation"`
	// Place is where in the request the other tenant's value was, Actor who sent it.
	Place string `json:"place"`
	Actor string `json:"actor,omitempty"`
	// Detail says what happened, Request what was sent.
	Detail  string `json:"detail"`
	Request string `json:"request,omitempty"`
	// Times is how many attacks of the kind ended so; one of them is shown.
	Times int `json:"times"`
}

// Operation is what was tried on one operation.
type Operation struct {
	ID       string `json:"id"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Attempts int    `json:"attempts"`
	Controls int    `json:"controls"`
	Leaks    int    `json:"leaks"`
	// Places are the attempts by the place of the other tenant's value.
	Places map[string]int `json:"places"`

	controls map[string]int
	// excused are places that are not tried for a reason, which stands among what was skipped.
	excused []string
}

// Report is what came of a run.
type Report struct {
	URL        string        `json:"url"`
	Started    time.Time     `json:"started"`
	Took       time.Duration `json:"took_ns"`
	Requests   int           `json:"requests"`
	Operations []*Operation  `json:"operations"`
	Findings   []*Finding    `json:"findings"`
	Timings    []Timing      `json:"timings"`
	// Database are the checks of the database itself; none where it could not be asked.
	Database []Check `json:"database"`
	// Skipped says in words what was not tried, and why.
	Skipped []string `json:"skipped"`
	// Left says in words what of the throw-away tenants is still there.
	Left []string `json:"left"`
}

// Check is something that the database itself has to refuse.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail says what happened instead.
	Detail string `json:"detail,omitempty"`
}

func (c Check) said() string {
	if c.OK {
		return "holds"
	}
	return c.Detail
}

func newReport(url string, now time.Time) *Report {
	return &Report{URL: url, Started: now, Operations: []*Operation{}, Findings: []*Finding{}, Timings: []Timing{}, Database: []Check{}, Skipped: []string{}, Left: []string{}}
}

// Attempts is how many attacks were tried.
func (r *Report) Attempts() int { return r.sum(func(o *Operation) int { return o.Attempts }) }

// Controls is how many rightful requests succeeded.
func (r *Report) Controls() int { return r.sum(func(o *Operation) int { return o.Controls }) }

// Leaks is how many attacks came through.
func (r *Report) Leaks() int {
	n := r.sum(func(o *Operation) int { return o.Leaks })
	for _, c := range r.Database {
		if !c.OK {
			n++
		}
	}
	return n
}

func (r *Report) sum(of func(*Operation) int) int {
	n := 0
	for _, o := range r.Operations {
		n += of(o)
	}
	return n
}

// OK reports whether something was tried and nothing found.
func (r *Report) OK() bool { return r.Attempts() > 0 && len(r.Findings) == 0 }

// Leaking returns the operations with a leak, in the order of their names.
func (r *Report) Leaking() []string {
	out := []string{}
	for _, o := range r.Operations {
		if o.Leaks > 0 {
			out = append(out, o.ID)
		}
	}
	slices.Sort(out)
	return out
}

func (r *Report) operation(op *operation) *Operation {
	for _, o := range r.Operations {
		if o.ID == op.id {
			return o
		}
	}
	o := &Operation{ID: op.id, Method: op.method, Path: op.path, Places: map[string]int{}, controls: map[string]int{}}
	r.Operations = append(r.Operations, o)
	return o
}

func (r *Report) attempted(op *operation, place string) {
	o := r.operation(op)
	o.Attempts++
	o.Places[place]++
}

func (r *Report) controlled(op *operation, place string) {
	o := r.operation(op)
	o.Controls++
	o.controls[place]++
}

// found takes a finding in. Several that differ in nothing but the request are one.
func (r *Report) found(f Finding) {
	if f.Kind == Leak {
		for _, o := range r.Operations {
			if o.ID == f.Operation {
				o.Leaks++
			}
		}
	}
	for _, known := range r.Findings {
		if known.Kind == f.Kind && known.Operation == f.Operation && known.Place == f.Place {
			known.Times++
			return
		}
	}
	f.Times = 1
	r.Findings = append(r.Findings, &f)
}

// excuse takes note of a place that is not tried, and why.
func (r *Report) excuse(op *operation, place, why string) {
	o := r.operation(op)
	o.excused = append(o.excused, place)
	r.skip(op.id + ", " + place + ": " + why)
}

func (r *Report) skip(what string) { r.Skipped = append(r.Skipped, what) }

// finish looks for what was not tried: an operation without an attempt, or a place whose attacks have no control.
func (r *Report) finish(doc *document) {
	if doc == nil {
		return
	}
	for _, op := range doc.ops {
		o := r.operation(op)
		if o.Attempts == 0 {
			r.found(Finding{Kind: Missed, Operation: op.id, Place: "everywhere", Detail: "The operation was not attacked."})
		} else if op.audience == tenants {
			r.missed(op, o, doc.expected(op))
		}
		for place, n := range o.Places {
			if n > 0 && o.controls[place] == 0 {
				r.found(Finding{Kind: Control, Operation: op.id, Place: place, Detail: "No rightful request like the attacks succeeded, so that they prove nothing."})
			}
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b *Finding) int { return rank(a.Kind) - rank(b.Kind) })
}

// missed takes note of the places of an operation that were not tried, whatever else of it was.
func (r *Report) missed(op *operation, o *Operation, places []string) {
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if o.Places[place] == 0 && !slices.Contains(o.excused, place) {
			r.found(Finding{Kind: Missed, Operation: op.id, Place: place, Detail: "The operation was not attacked here."})
		}
	}
}

func rank(k Kind) int { return slices.Index([]Kind{Leak, Accepted, Failed, Control, Missed}, k) }
