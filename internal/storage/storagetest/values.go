package storagetest

import (
	"math"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func valueCases() []testCase {
	return []testCase{
		{"null is null and empty is empty", func(b *bench) {
			p := b.project(b.a, "Roof")
			null, empty := b.task(b.a, ident(p)), b.task(b.a, ident(p), text("note", ""))
			if v := value(b.tasks, b.get(b.a, b.tasks, ident(null)), "note"); !v.IsNull() {
				b.Fatal("null came back as a text")
			}
			if v := value(b.tasks, b.get(b.a, b.tasks, ident(empty)), "note"); v.IsNull() || v.Text() != "" {
				b.Fatal("the empty text came back as something else")
			}
			got := b.list(b.a, b.tasks, query.List{Order: order(b.tasks), Limit: 9, Where: []query.Condition{where(b.tasks, "note", query.IsNull, schema.Bool(false))}})
			b.wantSameRecords(got, empty)
		}},
		{"every nullable field can become null and a value again", func(b *bench) {
			p := b.project(b.a, "Roof")
			parent := b.task(b.a, ident(p))
			full := b.fullTask(ident(p), ident(parent))
			b.insert(b.a, b.tasks, full)
			bare := full.Clone()
			for i := range b.tasks.Fields {
				if b.tasks.Fields[i].Nullable && b.tasks.Fields[i].Stored() {
					bare.Values[i] = schema.Null()
				}
			}
			bare.Version = 2
			b.must(b.put(b.a, b.tasks, bare, 1))
			bare.Values[b.tasks.Index("project_name")] = schema.String("Roof")
			b.wantRecord(b.get(b.a, b.tasks, ident(full)), bare)
			full.Version = 3
			b.must(b.put(b.a, b.tasks, full, 2))
			full.Values[b.tasks.Index("project_name")] = schema.String("Roof")
			b.wantRecord(b.get(b.a, b.tasks, ident(full)), full)
		}},
		{"text keeps its bytes", func(b *bench) {
			for _, s := range []string{
				" leading and trailing ", "\t\r\n", "e\u0301 is not é", "\u0001\u001f\u007f", "🏳️‍🌈\U0010ffff", "\ufeffBOM", `{"json":true}`, "NULL", "0x41", "1e5", "007", "-0",
				strings.Repeat("x", 300),
			} {
				b.project(b.a, s)
				got := b.list(b.a, b.projects, query.List{Order: order(b.projects), Limit: 9, Where: []query.Condition{where(b.projects, "name", query.Equal, schema.String(s))}})
				b.wantTexts(b.projects, got, "name", s)
			}
		}},
		{"JSON keeps its text", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, s := range []string{`{}`, `{"b":1,"a":2}`, `{"n":1.50,"e":1e400,"big":123456789012345678901234567890}`, `{"s":"\u00e9é\/"}`, `{"a":[[],{},null,true]}`} {
				t := b.task(b.a, ident(p), set{"meta", schema.RawJSON([]byte(s))})
				if got := value(b.tasks, b.get(b.a, b.tasks, ident(t)), "meta"); got.Text() != s || got.Type() != schema.JSON {
					b.Fatalf("got %s, want %s", got.Text(), s)
				}
			}
		}},
		{"times keep microseconds from the year 1 to 9999", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, at := range []time.Time{
				time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
				time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC),
			} {
				t := b.task(b.a, ident(p), set{"at", schema.Moment(at)})
				b.wantValue(value(b.tasks, b.get(b.a, b.tasks, ident(t)), "at"), schema.Moment(at))
			}
		}},
		{"dates are days from the year 1 to 9999", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, day := range []time.Time{
				time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
				time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(1582, 10, 10, 0, 0, 0, 0, time.UTC),
			} {
				want, _ := schema.DateOf(day)
				t := b.task(b.a, ident(p), set{"due", want})
				b.wantValue(value(b.tasks, b.get(b.a, b.tasks, ident(t)), "due"), want)
			}
		}},
		{"numbers keep every bit", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, f := range []float64{0, 0.1, -1.5, 1, 3e300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi, 1 << 60} {
				t := b.task(b.a, ident(p), set{"score", schema.Float(f)})
				b.wantValue(value(b.tasks, b.get(b.a, b.tasks, ident(t)), "score"), schema.Float(f))
			}
		}},
		{"integers have 64 bits", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, n := range []int64{math.MinInt64, -1, 0, 1<<53 + 1, math.MaxInt64} {
				t := b.task(b.a, ident(p), integer("size", n))
				got := b.list(b.a, b.tasks, query.List{Order: order(b.tasks), Limit: 9, Where: []query.Condition{where(b.tasks, "size", query.Equal, schema.Int(n))}})
				b.wantSameRecords(got, t)
			}
		}},
	}
}

func (b *bench) wantValue(got, want schema.Value) {
	b.Helper()
	if !got.Equal(want) {
		b.Fatalf("got %s, want %s", got.AppendJSON(nil), want.AppendJSON(nil))
	}
}

// wantSameRecords checks which records these are.
func (b *bench) wantSameRecords(got []storage.Record, want ...storage.Record) {
	b.Helper()
	if len(got) != len(want) {
		b.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range got {
		if ident(got[i]) != ident(want[i]) {
			b.Fatalf("record %d is %s, want %s", i, ident(got[i]), ident(want[i]))
		}
	}
}
