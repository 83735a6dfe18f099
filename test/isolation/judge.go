package isolation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/prove"
)

// Judge says in words in what a report is not what the patch says of itself; nothing where all is. Without a patch
// nothing may be found at all.
func Judge(p *Patch, r *prove.Report) []string {
	switch {
	case r.Attempts() == 0 || r.Controls() == 0:
		return []string{"nothing was tried"}
	case p == nil:
		return plain(r)
	case p.Kind == KindLayer:
		return p.layer(r)
	case p.Kind == KindAll:
		return p.allLayers(r)
	default:
		return p.bug(r)
	}
}

// The kinds of patches.
const (
	KindLayer = "layer"
	KindAll   = "all"
	KindBug   = "bug"
)

func plain(r *prove.Report) []string {
	var wrong []string
	for _, f := range r.Findings {
		wrong = append(wrong, describe(f))
	}
	return wrong
}

func describe(f *prove.Finding) string {
	return fmt.Sprintf("%s, %s, %s: %s\n%s", f.Operation, f.Kind, f.Place, f.Detail, f.Request)
}

// layer wants nothing to come through, although a layer is out. That the server itself fails at a request that has come
// further than it should is as good as any other refusal.
func (p *Patch) layer(r *prove.Report) []string {
	var wrong []string
	for _, f := range r.Findings {
		accepted := f.Kind == prove.Accepted && slices.Contains(p.Accepts, f.Operation)
		if !accepted && f.Kind != prove.Failed {
			wrong = append(wrong, describe(f))
		}
	}
	return wrong
}

// allLayers wants something to come through at every operation that it does not give a reason for.
func (p *Patch) allLayers(r *prove.Report) []string {
	leaking := r.Leaking()
	var wrong []string
	for _, o := range r.Operations {
		reason, spared := p.spares(o.ID)
		switch leaks := slices.Contains(leaking, o.ID); {
		case !leaks && !spared:
			wrong = append(wrong, o.ID+": nothing comes through, although all layers are out")
		case leaks && spared:
			wrong = append(wrong, o.ID+": something comes through, although it is spared: "+reason)
		}
	}
	return wrong
}

// spares returns why an operation need not leak.
func (p *Patch) spares(operation string) (string, bool) {
	for names, reason := range p.Spares {
		for name := range strings.FieldsSeq(names) {
			prefix, open := strings.CutSuffix(name, "*")
			if name == operation || open && strings.HasPrefix(operation, prefix) {
				return reason, true
			}
		}
	}
	return "", false
}

// bug wants the operations to be named.
func (p *Patch) bug(r *prove.Report) []string {
	found := map[string]bool{}
	for _, f := range r.Findings {
		if f.Kind == prove.Leak {
			found[f.Operation] = true
		}
	}
	var missed []string
	for _, operation := range p.Finds {
		if !found[operation] {
			missed = append(missed, operation)
		}
	}
	if len(p.Finds) == 0 || len(missed) > 0 {
		return []string{"the bug was not found at " + strings.Join(missed, ", ")}
	}
	return nil
}
