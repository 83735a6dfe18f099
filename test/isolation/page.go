package isolation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tables are the parts of docs/ISOLATION.md that the patches write, by the names of their places.
func Tables(all []*Patch) map[string]string {
	var layers, bugs, spared strings.Builder
	layers.WriteString("| taken out | what still holds | comes through | its own tests, which fail |\n|---|---|---|---|\n")
	bugs.WriteString("| bug | upon | named, at least |\n|---|---|---|\n")
	for _, p := range all {
		switch p.Kind {
		case KindBug:
			_, _ = fmt.Fprintf(&bugs, "| `%s`: %s | %s | %s |\n", p.Name, p.About, quoted(p.Upon), quoted(p.Finds))
		case KindAll:
			for _, operations := range slices.Sorted(maps.Keys(p.Spares)) {
				_, _ = fmt.Fprintf(&spared, "- %s: %s\n", quoted(strings.Fields(operations)), p.Spares[operations])
			}
		default:
			_, _ = fmt.Fprintf(&layers, "| `%s`: %s | %s | nothing | %s |\n", p.Name, p.About, p.Left, units(p))
		}
	}
	return map[string]string{"layers": layers.String(), "spared": spared.String(), "bugs": bugs.String()}
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "the server as it is"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func units(p *Patch) string {
	var out []string
	for _, u := range p.Units {
		out = append(out, u.Test)
	}
	return quoted(out)
}

// Fill puts the tables into the page, each between its mark and the next empty comment, and returns the whole.
func Fill(page string, tables map[string]string) (string, error) {
	const end = "<!-- -->"
	for name, table := range tables {
		mark := "<!-- " + name + " -->\n"
		before, after, found := strings.Cut(page, mark)
		if !found {
			return "", fmt.Errorf("the page has no place %q", strings.TrimSpace(mark))
		}
		_, rest, found := strings.Cut(after, end)
		if !found {
			return "", fmt.Errorf("behind %q the place has no end, %s", strings.TrimSpace(mark), end)
		}
		page = before + mark + "\n" + table + "\n" + end + rest
	}
	return page, nil
}
