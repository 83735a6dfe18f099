package storagetest

import (
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func searchCases() []testCase {
	return []testCase{
		{"case makes no difference in any script", func(b *bench) {
			names := []string{"Übergröße", "ПРИВЕТ мир", "ÑANDÚ", "Crème Brûlée", "ΑΒΓ δεζ", "plain ASCII"}
			for _, name := range names {
				b.project(b.a, name)
			}
			for term, want := range map[string]string{
				"ÜBERGRÖ": names[0], "привет": names[1], "ñandú": names[2], "CRÈME BRÛ": names[3], "αβγ ΔΕΖ": names[4], "N aSc": names[5],
			} {
				b.wantTexts(b.projects, b.search(term), "name", want)
				got := b.list(b.a, b.projects, query.List{
					Order: order(b.projects), Limit: 9,
					Where: []query.Condition{where(b.projects, "name", query.Contains, schema.String(term))},
				})
				b.wantTexts(b.projects, got, "name", want)
			}
		}},
		{"accents make a difference", func(b *bench) {
			b.project(b.a, "creme")
			b.wantTexts(b.projects, b.search("crème"), "name")
		}},
		{"no character is a wildcard", func(b *bench) {
			for _, name := range []string{"100%", "1000", "a_b", "axb", `c\d`, "[e]", "e*", "f.g"} {
				b.project(b.a, name)
			}
			for _, term := range []string{"0%", "a_b", `\`, "[e]", "*", "."} {
				if got := b.search(term); len(got) != 1 {
					b.Fatalf("%q finds %d projects, want 1", term, len(got))
				}
			}
			b.wantTexts(b.projects, b.search("0%"), "name", "100%")
			b.wantTexts(b.projects, b.search("a_b"), "name", "a_b")
		}},
		{"every term must occur, each in any field", func(b *bench) {
			b.project(b.a, "Roof", text("description", "red tiles"))
			b.project(b.a, "Roof two", text("description", "slate"))
			b.project(b.a, "Red wall")
			b.wantTexts(b.projects, b.search("roof", "red"), "name", "Roof")
			b.wantTexts(b.projects, b.search("red"), "name", "Roof", "Red wall")
			b.wantTexts(b.projects, b.search("roof", "missing"), "name")
		}},
		{"fields that may not be searched are not", func(b *bench) {
			b.project(b.a, "Roof", text("code", "secret"))
			b.wantTexts(b.projects, b.search("secret"), "name")
		}},
		{"null holds no term and hides none", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.task(b.a, ident(p), text("title", "find me"))
			b.task(b.a, ident(p), text("title", "other"), text("note", "find me"))
			b.task(b.a, ident(p), text("title", "other"))
			if got := b.list(b.a, b.tasks, query.List{Order: order(b.tasks), Limit: 9, Search: []string{"FIND"}}); len(got) != 2 {
				b.Fatalf("found %d tasks, want 2", len(got))
			}
		}},
		{"a search where nothing may be searched finds nothing", func(b *bench) {
			e := b.event("created")
			b.must(b.appendEvents(b.a, e))
			if got := b.list(b.a, b.events, query.List{Order: order(b.events), Limit: 9, Search: []string{"created"}}); len(got) != 0 {
				b.Fatalf("found %d events", len(got))
			}
		}},
	}
}

// search returns the projects of tenant a that hold the terms.
func (b *bench) search(terms ...string) []storage.Record {
	b.Helper()
	return b.list(b.a, b.projects, query.List{Order: order(b.projects), Limit: 99, Search: terms})
}
