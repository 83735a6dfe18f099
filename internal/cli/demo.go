package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Count is how many there are to be.
type Count int

const maxCount = 100_000

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 || n > maxCount {
		return fmt.Errorf("%q is not a whole number from 0 to %d", text, maxCount)
	}
	*c = Count(n)
	return nil
}

// Seed is where a row of random numbers begins.
type Seed uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Seed) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number from 0 on", text)
	}
	*s = Seed(n)
	return nil
}

type demoCommand struct {
	Storage   Storage  `embed:"" group:"storage"`
	Tokens    Tokens   `embed:"" group:"tokens"`
	Addr      Address  `group:"serving" default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Where the server listens, for the tokens file."`
	Tenants   Count    `group:"sample" default:"3" placeholder:"N" help:"How many tenants."`
	Projects  Count    `group:"sample" default:"5" placeholder:"N" help:"How many projects in each tenant."`
	Tasks     Count    `group:"sample" default:"20" placeholder:"N" help:"How many tasks in each project."`
	Documents Count    `group:"sample" default:"5" placeholder:"N" help:"How many documents in each project."`
	Seed      Seed     `group:"sample" default:"1" placeholder:"N" help:"The same seed gives the same data. Dates are counted from today."`
	Out       string   `group:"sample" default:"./test_tokens.json" placeholder:"FILE" help:"Where to write the users with their passwords and tokens; only you can read it."`
	TokenTTL  Lifetime `name:"token-ttl" group:"sample" default:"24h" placeholder:"DURATION" help:"How long the access tokens are good."`
}

// Help is the longer text of demo --help.
func (*demoCommand) Help() string {
	return "Adds sample tenants (acme, globex, initech and numbered ones), in each a user of every role, one user who " +
		"belongs to all of them, an operator, records, and two weeks of usage to look at. It may run beside a server. Run again it adds only what is " +
		"missing, and gives the sample users new passwords and tokens; the ones before are no longer good. " +
		"It is refused in production."
}

// defaultDemo is what serve --demo adds: what demo does when it is told nothing.
func defaultDemo() DemoOptions {
	return DemoOptions{
		Out: "./test_tokens.json", Tenants: 3, Projects: 5, Tasks: 20, Documents: 5, Seed: 1, TokenTTL: 24 * time.Hour,
	}
}

func (c *demoCommand) Run(ctx context.Context, s *session) error {
	if c.Storage.Environment == Production {
		return &usageError{"demo is refused in production: anyone could know the sample users"}
	}
	if err := s.writable(c.Out); err != nil {
		return err
	}
	service, closing, err := s.service(ctx, &Settings{Storage: c.Storage, Tokens: c.Tokens})
	if err != nil {
		return err
	}
	defer closing()
	options := DemoOptions{
		BaseURL: baseURL(string(c.Addr)), Out: c.Out, Tenants: int(c.Tenants), Projects: int(c.Projects),
		Tasks: int(c.Tasks), Documents: int(c.Documents), Seed: uint64(c.Seed), TokenTTL: c.TokenTTL.Duration(),
	}
	result, err := s.demo(ctx, service, options)
	if err != nil {
		return err
	}
	s.print("Added %s, %s and %s to %s.", count(result.Tenants, "tenant"), count(result.Users, "user"),
		count(result.Records, "record"), c.Storage.Name())
	s.print("Passwords and tokens are in %s.", c.Out)
	if result.Token != "" {
		s.print("\nWith the server running, try it:\n\n  %s", result.curl(options.BaseURL))
	}
	return nil
}

// writable finds a wrong --out before there is any data whose tokens it should have got.
func (s *session) writable(out string) error {
	source := s.vars.source("out")
	if out == "" {
		return &usageError{source + `: "" is not a file`}
	}
	path := s.path(out)
	if there, err := os.Stat(path); err == nil && there.IsDir() {
		return &problem{source + ": " + out + " is a directory; it takes the name of a file", nil}
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return &problem{source + ": " + out + " can't be written", reason(err)}
	}
	return nil
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// logins says with what a reader signs in to the web interface.
func (r DemoResult) logins() []string {
	out := []string{"", "Sign in to the web interface:", ""}
	if r.Owner != "" {
		out = append(out, "  A tenant      "+r.Owner+"  "+r.OwnerPassword)
	}
	return append(out, "  The platform  "+r.Operator+"  "+r.OperatorPassword)
}

// curl is a command that works when it is pasted.
func (r DemoResult) curl(base string) string {
	return fmt.Sprintf(`curl -H "Authorization: Bearer %s" %s%s`, r.Token, base, r.Path)
}

// demo adds the sample data and shows how far it is.
func (s *session) demo(ctx context.Context, service Service, options DemoOptions) (DemoResult, error) {
	options.Out = s.path(options.Out)
	options.Today, options.Random = s.env.Clock().UTC(), s.env.Random
	progress := s.progress()
	options.Progress, options.Step = progress.at, progress.step
	result, err := service.Demo(ctx, options)
	progress.end()
	if err != nil {
		return result, &problem{"the sample data can't be made", err}
	}
	return result, nil
}

// progress draws a bar on a terminal once it takes longer than a second, and elsewhere writes a line for each step.
type progress struct {
	mu      sync.Mutex
	out     io.Writer
	clock   func() time.Time
	began   time.Time
	drawn   time.Time
	note    func(text string)
	isTerm  bool
	visible bool
}

func (s *session) progress() *progress {
	return &progress{
		out: s.env.Stderr, clock: s.env.Clock, began: s.env.Clock(), isTerm: terminal(s.env.Stderr),
		note: func(text string) { s.note("sample data:", "step", text) },
	}
}

// terminal reports whether somebody sees what is written there, or types what is read.
func terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (p *progress) step(text string) {
	if !p.isTerm {
		p.note(text)
	}
}

func (p *progress) at(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if !p.isTerm || total == 0 || now.Sub(p.began) < time.Second || now.Sub(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn, p.visible = now, true
	const width = 40
	filled := width * done / total
	_, _ = fmt.Fprintf(p.out, "\rSample data [%s%s] %d of %d",
		strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, total)
}

// end wipes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.visible {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
	}
}
