// Package finding is the vocabulary in which the parts of a deployment say what is wrong with it: a check is one thing
// to look at, a finding is what was seen there and what to do about it.
//
// Whoever knows a thing looks at it: an engine brings the checks of its database, with its SQL. What becomes of findings
// is decided elsewhere. No check is defined in here, and nothing is read.
package finding

import (
	"context"
	"fmt"
)

// Status says how bad it is.
type Status uint8

// The statuses, from good to bad. Production refuses to start on what is critical.
const (
	OK Status = iota
	Warning
	Critical
)

// String returns the word for the status.
func (s Status) String() string {
	switch s {
	case OK:
		return "ok"
	case Warning:
		return "warning"
	default:
		return "critical"
	}
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that was seen. Its texts are sentences for the operator, and hold no secret.
type Finding struct {
	Status Status `json:"status"`
	// Found is what was seen.
	Found string `json:"found"`
	// Do is what to do about it; empty where nothing is to be done.
	Do string `json:"do,omitempty"`
}

// Check is one thing to look at.
type Check struct {
	// ID is a stable word.
	ID string
	// Title says what holds where nothing is wrong.
	Title string
	// Worst is the worst that the check can find. A start looks only at checks whose worst is critical: the others
	// could not refuse it, and may take their time.
	Worst Status
	// Run looks, and returns what it found: nothing, or findings that are OK, where all is well. It changes nothing.
	// An error means that it could not look.
	Run func(ctx context.Context) ([]Finding, error)
}

// shown is how many findings of one kind are told one by one.
const shown = 8

// Few returns the first findings of many of one kind, and one more that says how many there are beside.
func Few(all []Finding) []Finding {
	if len(all) <= shown {
		return all
	}
	left := Finding{Found: fmt.Sprintf("%d more like these.", len(all)-shown), Do: "Mend those above and look again."}
	for _, f := range all[shown:] {
		left.Status = max(left.Status, f.Status)
	}
	return append(all[:shown:shown], left)
}
