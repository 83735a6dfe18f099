package storagetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func queryCases() []testCase {
	cases := make([]testCase, 4)
	for seed := range uint64(len(cases)) {
		cases[seed] = testCase{fmt.Sprintf("random queries agree with plain Go, seed %d", seed+1), func(b *bench) {
			r := rand.New(rand.NewPCG(seed+1, 0))
			b.randomRecords(r)
			for range 100 {
				b.randomQuery(r)
			}
		}}
	}
	return cases
}

// Fuzz adds a target that compares random queries on random records with plain Go; the input is the seed.
func Fuzz(f *testing.F, factory Factory) {
	f.Helper()
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, records, queries uint64) {
		b := setup(t, factory)
		b.randomRecords(rand.New(rand.NewPCG(records, 0)))
		r := rand.New(rand.NewPCG(queries, 0))
		for range 20 {
			b.randomQuery(r)
		}
	})
}

// letters are such that lower case is one letter for each, wherever it stands.
const letters = "aAbBzZ äÄéÉжЖ%_\\'🙂"

func randomText(r *rand.Rand) string {
	all := []rune(letters)
	out := make([]rune, r.IntN(4))
	for i := range out {
		out[i] = all[r.IntN(len(all))]
	}
	return string(out)
}

// randomValue returns a value of the type out of few, so that records share them.
func randomValue(r *rand.Rand, t schema.Type, ids []id.ID) schema.Value {
	n := int64(r.IntN(5)) - 2
	switch t {
	case schema.Text:
		return schema.String(randomText(r))
	case schema.Integer:
		return schema.Int(n)
	case schema.Number:
		return schema.Float(float64(n) / 3)
	case schema.Boolean:
		return schema.Bool(n > 0)
	case schema.Time:
		return schema.Micros(moment(0).UnixMicro() + n)
	case schema.Date:
		return schema.Days(n)
	case schema.UUID:
		return schema.ID(ids[r.IntN(len(ids))])
	default:
		return schema.RawJSON([]byte(`{}`))
	}
}

func (b *bench) randomRecords(r *rand.Rand) {
	b.Helper()
	b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
		var parents []id.ID
		for i := range 5 {
			p := b.record(b.projects, text("name", randomText(r)+fmt.Sprint(i)))
			parents = append(parents, ident(p))
			b.must(tx.Put(b.ctx, b.projects, p, 0))
		}
		var written []id.ID
		for range 40 {
			t := b.record(b.tasks)
			for i := range b.tasks.Fields {
				f := &b.tasks.Fields[i]
				switch {
				case f.Name == "id" || !f.Stored() || f.Nullable && r.IntN(3) == 0:
				case f.Name == "parent" && len(written) == 0:
				case f.Name == "parent":
					t.Values[i] = randomValue(r, f.Type, written)
				default:
					t.Values[i] = randomValue(r, f.Type, parents)
				}
			}
			written = append(written, ident(t))
			b.must(tx.Put(b.ctx, b.tasks, t, 0))
		}
		return nil
	}))
}

// randomQuery makes up a query and follows its pages to the end, comparing each with plain Go.
func (b *bench) randomQuery(r *rand.Rand) {
	b.Helper()
	res := b.resources[r.IntN(2)]
	everything := b.all(b.a, res)
	q := query.List{Limit: 1 + r.IntN(6), Backward: r.IntN(2) == 0, Count: r.IntN(2) == 0, Order: randomOrder(r, res)}
	for range r.IntN(3) {
		q.Where = append(q.Where, b.randomCondition(r, res, everything))
	}
	for range r.IntN(2) {
		q.Search = append(q.Search, randomText(r))
	}
	if r.IntN(4) == 0 {
		q.Offset = r.IntN(8)
		b.compareQuery(res, everything, q)
		return
	}
	for {
		b.compareQuery(res, everything, q)
		page, _ := answer(res, everything, q)
		if len(page) == 0 {
			return
		}
		q.After = keysOf(res, q.Order, page[len(page)-1])
	}
}

func randomOrder(r *rand.Rand, res *schema.Resource) []query.Key {
	var keys []query.Key
	for range r.IntN(3) {
		if f := &res.Fields[r.IntN(len(res.Fields))]; f.Sort {
			keys = append(keys, query.Key{Field: f, Desc: r.IntN(2) == 0})
		}
	}
	return append(keys, query.Key{Field: res.Field("id"), Desc: r.IntN(2) == 0})
}

func (b *bench) randomCondition(r *rand.Rand, res *schema.Resource, everything []storage.Record) query.Condition {
	for {
		f := &res.Fields[r.IntN(len(res.Fields))]
		if !f.Filter {
			continue
		}
		c := query.Condition{Field: f, Op: query.Op(r.IntN(int(query.IsNull) + 1))}
		switch {
		case c.Op == query.IsNull:
			c.Values = []schema.Value{schema.Bool(r.IntN(2) == 0)}
			return c
		case c.Op == query.Contains && f.Type != schema.Text:
			continue
		}
		n := 1
		if c.Op == query.In {
			n += r.IntN(5)
		}
		for range n {
			c.Values = append(c.Values, randomValue(r, f.Type, idents(everything)))
		}
		return c
	}
}
