package storagetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func aggregateCases() []testCase {
	return []testCase{
		{"groups count, add up and tell values apart", func(b *bench) {
			p, other := b.project(b.a, "Roof"), b.project(b.a, "Wall")
			b.task(b.a, ident(p), text("title", "x"), integer("size", 3), text("note", "n"))
			b.task(b.a, ident(p), text("title", "x"), integer("size", 4), text("note", "n"))
			b.task(b.a, ident(other), text("title", "x"))
			b.task(b.a, ident(other), text("title", "y"), integer("size", -5), set{"done", schema.Bool(true)})
			size, note := b.tasks.Field("size"), b.tasks.Field("note")
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks}), "=4/0/0")
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, Sum: size, Distinct: note}), "=4/2/1")
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "title"), Sum: size}), `"x"=3/7/0`, `"y"=1/-5/0`)
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "title", "done"), Distinct: b.tasks.Field("project")}),
				`"x" false=3/0/2`, `"y" true=1/0/1`)
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "size")}), `-5=1/0/0`, `3=1/0/0`, `4=1/0/0`, `null=1/0/0`)
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "project_name"), Sum: size}), `"Roof"=2/7/0`, `"Wall"=2/-5/0`)
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.projects, GroupBy: fields(b.projects, "tasks_count"), Sum: b.projects.Field("tasks_count")}), `2=2/4/0`)
		}},
		{"conditions hold for groups as well", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.task(b.a, ident(p), text("title", "x"), integer("rank", 1))
			b.task(b.a, ident(p), text("title", "x"), integer("rank", 2))
			b.wantGroups(b.aggregate(query.Aggregate{
				Resource: b.tasks, GroupBy: fields(b.tasks, "title"), Sum: b.tasks.Field("rank"),
				Where: []query.Condition{where(b.tasks, "rank", query.Greater, schema.Int(1))},
			}), `"x"=1/2/0`)
		}},
		{"of nothing there is one group without keys and none with", func(b *bench) {
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, Sum: b.tasks.Field("size"), Distinct: b.tasks.Field("note")}), "=0/0/0")
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "title")}))
		}},
		{"a sum beyond 64 bits stays at their end", func(b *bench) {
			p := ident(b.project(b.a, "Roof"))
			for title, sizes := range map[string][]int64{
				"over": {math.MaxInt64, math.MaxInt64, 7}, "under": {math.MinInt64, -1}, "within": {math.MaxInt64, math.MinInt64, 1 << 40, -3}, "end": {math.MaxInt64 - 1, 1},
			} {
				for _, size := range sizes {
					b.task(b.a, p, text("title", title), integer("size", size))
				}
			}
			b.wantGroups(b.aggregate(query.Aggregate{Resource: b.tasks, GroupBy: fields(b.tasks, "title"), Sum: b.tasks.Field("size")}),
				`"over"=3/9223372036854775807/0`, `"under"=2/-9223372036854775808/0`, `"within"=4/1099511627772/0`, `"end"=2/9223372036854775807/0`)
		}},
		{"several questions are answered each in its place", func(b *bench) {
			b.project(b.a, "Roof")
			b.must(b.a.View(b.ctx, func(tx storage.Tx) error {
				answers, err := tx.Aggregate(b.ctx, query.Aggregate{Resource: b.tasks}, query.Aggregate{Resource: b.projects}, query.Aggregate{Resource: b.events})
				b.must(err)
				b.wantGroups(answers[0], "=0/0/0")
				b.wantGroups(answers[1], "=1/0/0")
				b.wantGroups(answers[2], "=0/0/0")
				return nil
			}))
		}},
		{"a transaction aggregates what it has written", func(b *bench) {
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0))
				answers, err := tx.Aggregate(b.ctx, query.Aggregate{Resource: b.projects})
				b.must(err)
				b.wantGroups(answers[0], "=1/0/0")
				return nil
			}))
		}},
	}
}

func fields(r *schema.Resource, names ...string) []*schema.Field {
	out := make([]*schema.Field, len(names))
	for i, name := range names {
		out[i] = r.Field(name)
	}
	return out
}

func (b *bench) aggregate(question query.Aggregate) (groups []query.Group) {
	b.Helper()
	b.must(b.a.View(b.ctx, func(tx storage.Tx) error {
		answers, err := tx.Aggregate(b.ctx, question)
		if err == nil {
			groups = answers[0]
		}
		return err
	}))
	return groups
}

// wantGroups checks groups, each written as its keys in JSON, "=", count/sum/distinct.
func (b *bench) wantGroups(groups []query.Group, want ...string) {
	b.Helper()
	got := []string{}
	for _, g := range groups {
		keys := make([]string, len(g.Keys))
		for i, key := range g.Keys {
			keys[i] = string(key.AppendJSON(nil))
		}
		got = append(got, fmt.Sprintf("%s=%d/%d/%d", strings.Join(keys, " "), g.Count, g.Sum, g.Distinct))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Fatalf("the groups are %q, want %q", got, want)
	}
}
