// Command prove builds the server in each of the ways that the patches of test/isolation/overlay make it wrong, attacks
// each on both engines, and says whether what came through is what the patch says. It is run by make prove, from the root
// of the repository and with a PostgreSQL at hand (withpostgres).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tenantry/tenantry/internal/prove"
	"github.com/tenantry/tenantry/test/isolation"
)

func main() {
	only := flag.String("only", "", "prove these variants alone, by their names, separated by commas; \"plain\" is the server as it is")
	layers := flag.Bool("layers", false, "prove the variants without layers alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, selection{*only, *layers}, os.Stdout)
	stop()
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

// engines are what each variant is attacked on.
func engines() []string { return []string{"sqlite", "postgres"} }

// variant is one way to build the server.
type variant struct {
	patch   *isolation.Patch // nil for the server as it is
	overlay string
	binary  string
	err     error
}

func (v *variant) name() string {
	if v.patch == nil {
		return "plain"
	}
	return v.patch.Name
}

func run(ctx context.Context, only selection, out io.Writer) (bool, error) {
	all, err := isolation.Patches(os.DirFS("test/isolation"), "overlay")
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "tenantry-prove-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is the system's to clear
	p := &proof{dir: dir, all: all, out: out, table: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	began := time.Now() //nolint:forbidigo // how long it took, for whoever waits
	for v := range p.build(ctx, only.from(all)) {
		if v.err != nil {
			return false, fmt.Errorf("%s: %w", v.name(), v.err)
		}
		if err := p.prove(ctx, v); err != nil {
			return false, fmt.Errorf("%s: %w", v.name(), err)
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if p.variants == 0 {
		return false, errors.New("there is no such variant")
	}
	_, _ = fmt.Fprintln(out)
	p.line("variant", "engine", "attempts", "controls", "leaks", "operations", "as expected")
	for _, r := range p.rows {
		p.line(r...)
	}
	_ = p.table.Flush()
	_, _ = fmt.Fprintf(out, "\n%d attempts, %d controls and %d leaks in %d variants, in %s\n",
		p.attempts, p.controls, p.leaks, p.variants, time.Since(began).Round(time.Second))
	for _, w := range p.wrong {
		_, _ = fmt.Fprintln(out, "NOT AS EXPECTED:", w)
	}
	return len(p.wrong) == 0, nil
}

// selection says which variants are proved: those with the names, or those without layers; all where it is zero.
type selection struct {
	names  string
	layers bool
}

// from returns the selected variants: the server as it is first, then all patches.
func (s selection) from(all []*isolation.Patch) []*variant {
	out := []*variant{{}}
	for _, p := range all {
		out = append(out, &variant{patch: p})
	}
	names := strings.Split(s.names, ",")
	return slices.DeleteFunc(out, func(v *variant) bool {
		return s.names != "" && !slices.Contains(names, v.name()) ||
			s.layers && (v.patch == nil || v.patch.Kind == isolation.KindBug)
	})
}

// proof gathers what came of the variants.
type proof struct {
	dir   string
	all   []*isolation.Patch
	out   io.Writer
	table *tabwriter.Writer
	rows  [][]any
	wrong []string

	variants, attempts, controls, leaks int
}

// build builds the variants one after the other, the next while the one before is attacked.
func (p *proof) build(ctx context.Context, variants []*variant) <-chan *variant {
	built := make(chan *variant, 1)
	go func() {
		defer close(built)
		for _, v := range variants {
			if v.err = p.compile(ctx, v); ctx.Err() != nil {
				return
			}
			built <- v
			if v.err != nil {
				return
			}
		}
	}()
	return built
}

func (p *proof) compile(ctx context.Context, v *variant) error {
	dir := filepath.Join(p.dir, v.name())
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	v.binary = filepath.Join(dir, "isolation.test")
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", v.binary}
	if v.patch != nil {
		together, err := isolation.Together(p.all, v.patch)
		if err != nil {
			return err
		}
		root, err := os.Getwd()
		if err != nil {
			return err
		}
		if v.overlay, err = isolation.Apply(root, dir, together); err != nil {
			return err
		}
		args = append(args, "-overlay", v.overlay)
	}
	said, err := command(ctx, "go", append(args, "./test/isolation")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build: %w\n%s", err, said)
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...) //nolint:gosec // the go command and what it has built
}

// prove attacks a variant and holds the reports against what its patch says.
func (p *proof) prove(ctx context.Context, v *variant) error {
	dir := filepath.Dir(v.binary)
	_, _ = fmt.Fprintf(p.out, "%s ...\n", v.name())
	cmd := command(ctx, v.binary, "-test.run", "^TestNoTenantReachesAnothers$")
	cmd.Dir = "test/isolation"
	cmd.Env = append(os.Environ(), "REPORTS="+dir)
	said, failed := cmd.CombinedOutput() // it fails where something is found, which the reports tell
	p.variants++
	for _, engine := range engines() {
		text, err := os.ReadFile(filepath.Join(dir, engine+".json")) //nolint:gosec // written a moment ago
		if err != nil {
			return fmt.Errorf("attack on %s: %w\n%s", engine, failed, said)
		}
		report := &prove.Report{}
		if err := json.Unmarshal(text, report); err != nil {
			return err
		}
		p.judge(v, engine, report)
	}
	if v.patch != nil {
		p.tryUnits(ctx, v)
	}
	return os.Remove(v.binary)
}

func (p *proof) judge(v *variant, engine string, r *prove.Report) {
	wrong := isolation.Judge(v.patch, r)
	verdict := "yes"
	if len(wrong) > 0 {
		verdict = "NO"
	}
	for _, w := range wrong {
		p.wrong = append(p.wrong, v.name()+" on "+engine+": "+w)
	}
	p.attempts, p.controls, p.leaks = p.attempts+r.Attempts(), p.controls+r.Controls(), p.leaks+r.Leaks()
	operations := fmt.Sprintf("%d of %d", len(r.Leaking()), len(r.Operations))
	p.rows = append(p.rows, []any{v.name(), engine, r.Attempts(), r.Controls(), r.Leaks(), operations, verdict})
}

func (p *proof) line(cells ...any) {
	for _, c := range cells {
		_, _ = fmt.Fprintf(p.table, "%v\t", c)
	}
	_, _ = fmt.Fprintln(p.table)
}

// tryUnits runs the layer's own tests, which have to fail.
func (p *proof) tryUnits(ctx context.Context, v *variant) {
	for _, u := range v.patch.Units {
		said, err := command(ctx, "go", "test", "-overlay", v.overlay, "-run", "^"+u.Test+"$", u.Package).CombinedOutput()
		if err == nil || !strings.Contains(string(said), "--- FAIL: "+u.Test) {
			p.wrong = append(p.wrong, fmt.Sprintf("%s: %s in %s does not fail:\n%s", v.name(), u.Test, u.Package, said))
		}
		verdict := "yes"
		if err == nil {
			verdict = "NO"
		}
		p.rows = append(p.rows, []any{v.name(), "fails: " + u.Test, "", "", "", "", verdict})
	}
}
