package prove

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// verdict is what an attack must come to, beside that nothing of the victim's is in its answer.
type verdict uint8

const (
	// refused: it is answered with an error, byte for byte the one of the same request for what never was.
	refused verdict = iota
	// alike: it is answered byte for byte like the same request for what never was.
	alike
	// similar: it is answered with the same status as the same request for what never was, since the rest of the
	// answer is new each time.
	similar
)

// The places of the victim's value in a request.
const (
	inPath       = "id in the path"
	inToken      = "token"
	inHeader     = "tenant in a header"
	inQuery      = "tenant in the query"
	inFilter     = "filter"
	inSelection  = "order, fields, expansion and page"
	inCursor     = "cursor"
	inMatch      = "If-Match"
	inNoneMatch  = "If-None-Match"
	inKey        = "Idempotency-Key"
	inReference  = "reference in the body"
	inField      = "field in the body"
	inUnique     = "value that is taken there"
	inMade       = "value that the server made"
	inPresence   = "presence of the other tenant"
	inSuspension = "suspension"
	inDatabase   = "database"
	inTime       = "time of the answer"
)

// try sends a request that reaches for the victim's, and the same for what never was, and holds the answers against
// each other.
func (e *engine) try(ctx context.Context, op *operation, place string, who *actor, foreign, never request, want verdict) (answer, error) {
	foreign.id = e.requestID(letterOf(who))
	never.id = foreign.id
	there, err := e.send(ctx, who, never)
	if err != nil {
		return answer{}, e.spent(op, place, who, err)
	}
	e.accepted(never, there)
	got, err := e.send(ctx, who, foreign)
	if err != nil {
		return answer{}, e.spent(op, place, who, err)
	}
	e.report.attempted(op, place)
	f := Finding{Kind: Leak, Operation: op.id, Place: place, Actor: who.name, Request: foreign.shown()}
	e.remember(op, got)
	switch difference := differ(foreign, got, never, there, want); {
	case e.shows(&f, foreign, got):
	case want == refused && op.writes() && got.good() && there.good(): // two records, which differ in their ids at least
		f.Kind, f.Detail = Accepted, "Taken, as the same for what never was is: "+got.short()
		e.report.found(f)
	case difference != "":
		f.Detail = "Answered otherwise than for what never was: " + difference + "."
		e.report.found(f)
	case got.status >= http.StatusInternalServerError:
		f.Kind, f.Detail = Failed, "Answered "+got.short()
		e.report.found(f)
	case want == refused && got.good():
		f.Kind, f.Detail = Accepted, "Taken, as the same for what never was is: "+got.short()
		e.report.found(f)
	}
	e.accepted(foreign, got)
	return got, nil
}

// lone sends a request that must not show anything of the victim's, and has nothing to be compared with.
func (e *engine) lone(ctx context.Context, op *operation, place string, who *actor, r request, want verdict) (answer, error) {
	a, err := e.send(ctx, who, r)
	if err != nil {
		return answer{}, e.spent(op, place, who, err)
	}
	e.report.attempted(op, place)
	e.remember(op, a)
	f := Finding{Kind: Leak, Operation: op.id, Place: place, Actor: who.name, Request: r.shown()}
	switch {
	case e.shows(&f, r, a):
	case want == refused && a.status < http.StatusBadRequest:
		f.Detail = "Answered " + a.short()
		e.report.found(f)
	case a.status >= http.StatusInternalServerError:
		f.Kind, f.Detail = Failed, "Answered "+a.short()
		e.report.found(f)
	}
	e.accepted(r, a)
	return a, nil
}

// shows looks for what is the victim's in an answer.
func (e *engine) shows(f *Finding, r request, a answer) bool {
	found := e.secrets.in(a, e.b, r.sent)
	if len(found) == 0 {
		return false
	}
	f.Detail = fmt.Sprintf("The answer (%d) holds what is the other tenant's alone: %s.", a.status, strings.Join(found, ", "))
	e.report.found(*f)
	return true
}

// overheard looks for what is the attacker's in an answer that the victim's own people got: a leak goes both ways.
func (e *engine) overheard(r request, a answer) {
	found := e.secrets.in(a, e.a, r.sent)
	if len(found) == 0 {
		return
	}
	op := e.operationOf(r)
	if op == nil {
		return
	}
	e.report.operation(op)
	e.report.found(Finding{
		Kind: Leak, Operation: op.id, Place: inPresence, Actor: r.who.name, Request: r.shown(),
		Detail: fmt.Sprintf("The answer (%d) holds what is the first tenant's alone: %s.", a.status, strings.Join(found, ", ")),
	})
}

// operationOf finds the operation of a request by its path: one with fewer keys goes before.
func (e *engine) operationOf(r request) *operation {
	var best *operation
	for _, op := range e.doc.ops {
		if op.method == r.method && fits(op.path, r.path) && (best == nil || len(op.keys) < len(best.keys)) {
			best = op
		}
	}
	return best
}

func fits(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// accepted takes note of what the service let the attacker write: the attacker may see it from now on.
func (e *engine) accepted(r request, a answer) {
	if a.good() && r.method != http.MethodGet {
		e.secrets.wrote(r)
	}
}

// remember takes note of which operation an id was given out by, to name it should the record be the victim's.
func (e *engine) remember(op *operation, a answer) {
	if op.writes() && a.good() {
		if id := text(a.object()["id"]); id != "" {
			e.made[id] = op
		}
	}
}

// control sends a request that differs from an attack only in being rightful. It has to succeed, else the attack
// proves nothing.
func (e *engine) control(ctx context.Context, op *operation, who *actor, r request, places ...string) (answer, error) {
	a, err := e.send(ctx, who, r)
	if err == nil {
		e.judge(op, who, r, a, places)
	}
	return a, err
}

// judge takes note of what came of a control.
func (e *engine) judge(op *operation, who *actor, r request, a answer, places []string) {
	if a.good() || a.status == http.StatusNotModified {
		for _, place := range places {
			e.report.controlled(op, place)
		}
		if who != nil && who.side == e.b {
			e.noted(e.b, r.path, a)
		}
		return
	}
	for _, place := range places {
		e.report.found(Finding{
			Kind: Control, Operation: op.id, Place: place, Request: r.shown(),
			Detail: "The rightful owner's same request fails: " + a.short(),
		})
	}
}

// differ says in what two answers differ, empty where in nothing that counts.
func differ(r1 request, a1 answer, r2 request, a2 answer, want verdict) string {
	if a1.status != a2.status {
		return fmt.Sprintf("%s instead of %s", a1.short(), a2.short())
	}
	if want == similar {
		return ""
	}
	sent1, sent2 := slices.Concat(a1.header["X-Request-Id"], r1.sent), slices.Concat(a2.header["X-Request-Id"], r2.sent)
	names := headerNames(a1.header)
	if others := headerNames(a2.header); strings.Join(names, " ") != strings.Join(others, " ") {
		return fmt.Sprintf("with the headers %v instead of %v", names, others)
	}
	for _, name := range names {
		one, other := neutral([]byte(a1.header.Get(name)), sent1), neutral([]byte(a2.header.Get(name)), sent2)
		if !bytes.Equal(one, other) {
			return fmt.Sprintf("%s is %s instead of %s", name, one, other)
		}
	}
	if one, other := neutral(a1.body, sent1), neutral(a2.body, sent2); !bytes.Equal(one, other) {
		return fmt.Sprintf("%s instead of %s", answer{status: a1.status, body: one}.short(), answer{status: a2.status, body: other}.short())
	}
	return ""
}

// neutral replaces what a request was about: an answer may repeat it.
func neutral(data []byte, sent []string) []byte {
	for i, value := range sent {
		if len(value) < leastWord {
			continue
		}
		name := fmt.Appendf(nil, "<%d>", i)
		data = bytes.ReplaceAll(data, []byte(value), name)
		data = bytes.ReplaceAll(data, []byte(url.QueryEscape(value)), name)
	}
	return data
}

// shown writes a request so that somebody can repeat it. The token is named by who has it.
func (r request) shown() string {
	var out strings.Builder
	out.WriteString(r.method + " " + r.target())
	for _, name := range headerNames(r.header) {
		for _, value := range r.header[name] {
			out.WriteString("\n" + name + ": " + value)
		}
	}
	if len(r.body) > 0 {
		const most = 600
		out.WriteString("\n\n" + string(r.body[:min(len(r.body), most)]))
	}
	return out.String()
}
