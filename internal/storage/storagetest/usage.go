package storagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func usageCases() []testCase {
	return []testCase{
		{"usage adds up by tenant and hour, and raises nothing", func(b *bench) {
			before := b.generation()
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 5), b.count(1, 0, 7)}))
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 10), b.count(0, 1, 20)}))
			b.wantGeneration(before, 0)
			b.wantUsage(0, "0: 15 2 4 null", "1: 20 1 2 null")
			b.wantUsage(1, "0: 7 1 2 null")
		}},
		{"usage of a tenant that is no more is dropped, and holds up no other's", func(b *bench) {
			nobody := b.count(0, 0, 1)
			nobody.Tenant = tenant.NewID()
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{nobody, b.count(0, 0, 1)}))
			b.wantUsage(0, "0: 1 1 2 null")
			b.wantEqual(b.claim(moment(9*3600), moment(10*3600)).Tenant, b.tenants[0])
			b.wantNoClaim(moment(9 * 3600))
		}},
		{"a tenant that wrote is measured by one, and not again before it may be", func(b *bench) {
			b.wantNoClaim(moment(0))
			idle := b.count(1, 0, 3)
			idle.Writes = 0
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 5), idle}))
			m := b.claim(moment(60), moment(120))
			b.wantEqual(m, storage.Measurement{Tenant: b.tenants[0], Writes: 1})
			b.wantNoClaim(moment(119))
			// Nothing came of it: somebody else tries.
			b.wantEqual(b.claim(moment(120), moment(180)), m)
			m.Bytes = 4096
			b.must(b.usage().Keep(b.ctx, m, moment(600)))
			b.wantNoClaim(moment(3600))
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 5), b.count(0, 0, 5)}))
			b.wantNoClaim(moment(599))
			m.Writes = 3
			b.wantEqual(b.claim(moment(600), moment(700)), m)
		}},
		{"of claims at once, each tenant goes to one", func(b *bench) {
			for round := range 10 {
				b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 1), b.count(1, 0, 1)}))
				var mu sync.Mutex
				claims := map[tenant.ID]int{}
				var all sync.WaitGroup
				now := moment((round + 1) * 3600)
				for range 8 {
					all.Go(func() {
						m, found, err := b.usage().Claim(b.ctx, now, now.Add(time.Minute))
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							b.Errorf("claim: %v", err)
						}
						if found {
							claims[m.Tenant]++
						}
					})
				}
				all.Wait()
				b.wantEqual(claims, map[tenant.ID]int{b.tenants[0]: 1, b.tenants[1]: 1})
			}
		}},
		{"who waits longest is measured first", func(b *bench) {
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 1, 5), b.count(1, 0, 5)}))
			now, until := moment(2*3600), moment(3*3600)
			for _, t := range []tenant.ID{b.tenants[1], b.tenants[0]} {
				if m := b.claim(now, until); m.Tenant != t {
					b.Fatalf("%s comes first", m.Tenant)
				}
			}
		}},
		{"a size is what was measured last, and goes on from hour to hour", func(b *bench) {
			before := b.generation()
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 1), b.count(1, 0, 1)}))
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 1, 1)}))
			b.keep(1, 1000)
			b.wantUsage(0, "0: 1 1 2 null", "1: 1 1 2 1000")
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 1, 1), b.count(0, 3, 1)}))
			b.wantUsage(0, "0: 1 1 2 null", "1: 2 2 4 1000", "3: 1 1 2 1000")
			b.keep(4, 600)
			b.wantUsage(0, "0: 1 1 2 null", "1: 2 2 4 1000", "3: 1 1 2 600")
			b.wantUsage(1, "0: 1 1 2 null")
			b.wantGeneration(before, 0)
		}},
		{"of two nodes that measured, the one that saw more counts, and nothing is added up", func(b *bench) {
			b.must(b.usage().Add(b.ctx, []storage.UsageCount{b.count(0, 0, 1), b.count(0, 0, 1), b.count(0, 0, 1)}))
			b.keep(3, 3000)
			b.keep(2, 2000) // it was slow
			b.wantUsage(0, "0: 3 3 6 3000")
			b.keep(3, 3100)
			b.wantUsage(0, "0: 3 3 6 3100")
		}},
	}
}

func (b *bench) usage() storage.Usage { return b.engine.Platform().Usage() }

// count is the count of n requests of a tenant in an hour, one of them a write.
func (b *bench) count(of, hour int, n int64) storage.UsageCount {
	return storage.UsageCount{ID: id.New(), Tenant: b.tenants[of], Hour: moment(hour * 3600), Requests: n, Writes: 1, Limited: 2}
}

func (b *bench) claim(now, until time.Time) storage.Measurement {
	b.Helper()
	m, found, err := b.usage().Claim(b.ctx, now, until)
	b.must(err)
	if !found {
		b.Fatalf("there is nobody to measure")
	}
	return m
}

func (b *bench) wantNoClaim(now time.Time) {
	b.Helper()
	m, found, err := b.usage().Claim(b.ctx, now, now.Add(time.Hour))
	b.must(err)
	if found {
		b.Fatalf("%s is to be measured", m.Tenant)
	}
}

// keep keeps a measurement of the first tenant.
func (b *bench) keep(writes, bytes int64) {
	b.Helper()
	b.must(b.usage().Keep(b.ctx, storage.Measurement{Tenant: b.tenants[0], Writes: writes, Bytes: bytes}, moment(60)))
}

// wantUsage checks the counters of a tenant: the hour, requests, writes, refusals and storage of each.
func (b *bench) wantUsage(of int, want ...string) {
	b.Helper()
	r := storage.UsageRecords()
	var got []string
	_, err := b.engine.Platform().Directory(tenant.ID{}).List(b.ctx, r, query.List{
		Where: []query.Condition{{Field: r.Field("tenant"), Op: query.Equal, Values: []schema.Value{schema.ID(id.ID(b.tenants[of]))}}},
		Order: []query.Key{{Field: r.Field("hour")}, {Field: r.Field(schema.FieldID)}}, Limit: 10,
	}, func(rec storage.Record) error {
		text := fmt.Appendf(nil, "%v:", rec.Values[r.Index("hour")].Time().Sub(moment(0)).Hours())
		for _, name := range []string{"requests", "writes", "limited", "storage"} {
			text = rec.Values[r.Index(name)].AppendJSON(append(text, ' '))
		}
		got = append(got, string(text))
		return nil
	})
	b.must(err)
	b.wantEqual(got, want)
}

// sizeCases measure a store.
func sizeCases() []testCase {
	return []testCase{
		{"a size grows and shrinks with the records, and with no other tenant's", func(b *bench) {
			before, theirs := b.size(b.a), b.size(b.b)
			const n, each = 100, 1024
			var ids []id.ID
			for i := range n {
				p := b.project(b.a, fmt.Sprint("project ", i), text("description", noise(i, each)))
				ids = append(ids, ident(p))
			}
			grown := b.size(b.a)
			if rise := grown - before; rise < n*each || rise > 4*n*each {
				b.Fatalf("%d bytes more make it %d larger", n*each, rise)
			}
			b.wantEqual(b.size(b.b), theirs)
			b.must(b.remove(b.a, b.projects, ids...))
			if fall := grown - b.size(b.a); fall < n*each/2 {
				b.Fatalf("%d bytes less make it %d smaller", n*each, fall)
			}
		}},
		{"a size grows with the events, and with no other tenant's", func(b *bench) {
			before, theirs := b.size(b.a), b.size(b.b)
			const n, each = 100, 1024
			for i := range n {
				e := b.event("made")
				e.Changes = []byte(`{"name":[null,"` + noise(i, each) + `"]}`)
				b.must(b.appendEvents(b.a, e))
			}
			if rise := b.size(b.a) - before; rise < n*each || rise > 4*n*each {
				b.Fatalf("%d bytes more make it %d larger", n*each, rise)
			}
			b.wantEqual(b.size(b.b), theirs)
		}},
	}
}

func (b *bench) size(s storage.Store) int64 {
	b.Helper()
	n, err := s.Size(b.ctx)
	b.must(err)
	return n
}

// noise is a text that no engine packs by half: n hexadecimal digits.
func noise(seed, n int) string {
	var out strings.Builder
	for i := 0; out.Len() < n; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", seed, i))
		out.WriteString(hex.EncodeToString(sum[:]))
	}
	return out.String()[:n]
}
