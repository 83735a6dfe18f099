package prove

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Config says what is attacked, and how.
type Config struct {
	// URL is where the service is. Document is its OpenAPI document in JSON; by default it is asked for it.
	URL      string
	Document []byte
	// Client sends the requests; by default one of its own, which follows no redirects.
	Client *http.Client
	// Provision makes the tenants and those who act in them; required.
	Provision Provisioner
	// Samples are values that fields take, by resource and field, where what the document says does not suffice.
	Samples map[string]map[string]any
	// Rate is how many requests are sent in a second at most; 0 is no bound.
	Rate float64
	// Keep leaves the tenants and users as they are: for services that are thrown away as a whole.
	Keep bool
	// Settle is how long a change of who may do what takes to be known everywhere; several nodes need a second.
	Settle time.Duration
	// Clock tells the time; required. It should keep the monotonic reading of time.Now.
	Clock func() time.Time
	// Probe asks the database itself, as the server's role, while both tenants, which it is given by their ids, have
	// records; it may be nil.
	Probe func(ctx context.Context, a, b string) ([]Check, error)
	// Progress is told after each operation how many of all are done; it may be nil.
	Progress func(done, total int, operation string)
}

// engine is one run of the attacks.
type engine struct {
	Config
	client    *client
	doc       *document
	provision Provisioner
	samples   map[string]map[string]any
	a, b      *side // the attacker's tenant and the victim's
	platform  *side // the operator's; nil where there is none
	strangers []*actor
	secrets   *secrets
	// made are the operations that gave ids out to the attacker.
	made   map[string]*operation
	report *Report
	victim map[string]read // all of the victim's before the attacks
	// sparse is set where the service allows an address few requests without a token. Turn counts those who made theirs,
	// tried the operations that strangers could try.
	sparse                bool
	turn, tried, renewals int
	// users and extraTenants are who and what has to be put away at the end.
	users, extraTenants []string
	run                 string
	count               int
}

// cleaning is how long cleaning up may take, also after an interruption.
const cleaning = time.Minute

// documentPath is where a service has its document.
const documentPath = "/api/schema/"

// Run attacks the service and reports what came of it. The error is for what kept it from attacking at all; what it
// found is in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Provision == nil || c.Clock == nil {
		return nil, errors.New("prove takes a provisioner and a clock")
	}
	e := &engine{
		Config: c, client: newClient(c.URL, c.Client, c.Rate, c.Clock), provision: c.Provision, samples: c.Samples,
		run: newMark(), secrets: newSecrets(), made: map[string]*operation{},
	}
	e.a, e.b = e.newSide("a"), e.newSide("b")
	e.report = newReport(c.URL, c.Clock())
	e.client.renew = e.renew
	if by, sends := c.Provision.(interface{ sendBy(c *client) }); sends {
		by.sendBy(e.client) // one rate for both
	}
	err := e.prove(ctx)
	if !c.Keep {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
		e.cleanUp(after)
		cancel()
	}
	e.report.Requests, e.report.Took = e.client.sent, c.Clock().Sub(e.report.Started)
	e.report.finish(e.doc)
	return e.report, err
}

func (e *engine) newSide(letter string) *side {
	return &side{
		letter: letter, maker: &maker{mark: newMark(), clock: e.Clock}, roles: map[string]*actor{}, records: map[string][]*record{},
		created: map[string]bool{},
	}
}

func (e *engine) prove(ctx context.Context) error {
	if err := e.readDocument(ctx); err != nil {
		return err
	}
	if err := e.settle(ctx); err != nil {
		return err
	}
	if err := e.furnish(ctx); err != nil {
		return err
	}
	for i, op := range e.doc.ops {
		if err := e.attack(ctx, op); err != nil {
			return err
		}
		if e.Progress != nil {
			e.Progress(i+1, len(e.doc.ops), op.id)
		}
	}
	return e.conclude(ctx)
}

func (e *engine) readDocument(ctx context.Context) error {
	text := e.Document
	if text == nil {
		a, err := e.client.send(ctx, request{method: http.MethodGet, path: documentPath, id: e.requestID("s")})
		if err != nil {
			return err
		}
		if hourly := allowed(a.header.Get("RateLimit-Policy")); hourly < plenty {
			e.sparse = true
			e.report.skip(fmt.Sprintf("an address may send %.0f requests an hour without a token: those who have none that is good took turns", hourly))
		}
		if !a.good() {
			return fmt.Errorf("the service does not give its OpenAPI document: %s", a.short())
		}
		text = a.body
	}
	e.secrets.share(text)
	var err error
	e.doc, err = readDocument(text)
	return err
}

// requestID names a request after the side that sends it, so that it is known again in a trail.
func (e *engine) requestID(letter string) string {
	e.count++
	return e.run + letter + "-" + strconv.Itoa(e.count)
}

// send sends a request that who may send.
func (e *engine) send(ctx context.Context, who *actor, r request) (answer, error) {
	r.who = who
	letter := letterOf(who)
	if r.id == "" {
		r.id = e.requestID(letter)
	}
	rotated := e.rotate(&r)
	a, err := e.client.send(ctx, r)
	if err != nil {
		return a, err
	}
	if next := text(a.object()["refresh"]); rotated != nil && next != "" {
		rotated.rotating = next
	}
	if letter == e.b.letter {
		e.overheard(r, a)
	}
	if a.good() {
		err = e.joined(ctx, r)
	}
	return a, err
}

// letterOf names the side that somebody acts for.
func letterOf(who *actor) string {
	if who == nil || who.side == nil {
		return "s"
	}
	return who.side.letter
}

// rotate puts the refresh token that is next into a body that asks for it, and returns whose it is.
func (e *engine) rotate(r *request) *side {
	for _, s := range []*side{e.a, e.b, e.platform} {
		if s != nil && s.rotating != "" && bytes.Contains(r.body, []byte(s.placeholder())) {
			r.body = bytes.ReplaceAll(r.body, []byte(s.placeholder()), []byte(s.rotating))
			return s
		}
	}
	return nil
}

// progress is a writer's bar; see Bar.
type progress struct {
	out   io.Writer
	clock func() time.Time
	start time.Time
}

// Bar returns a Progress that draws a bar into out, which is a terminal.
func Bar(out io.Writer, clock func() time.Time) func(done, total int, operation string) {
	p := &progress{out: out, clock: clock, start: clock()}
	return p.draw
}

func (p *progress) draw(done, total int, operation string) {
	const width = 30
	filled := width * done / max(total, 1)
	bar := make([]byte, width)
	for i := range bar {
		bar[i] = "-#"[min(max(filled-i, 0), 1)]
	}
	_, _ = fmt.Fprintf(p.out, "\r\033[K[%s] %d/%d %s %s", bar, done, total, p.clock().Sub(p.start).Round(time.Second), operation)
	if done == total {
		_, _ = fmt.Fprintln(p.out)
	}
}
