package storagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func eventCases() []testCase {
	return []testCase{
		{"events read as they were written", func(b *bench) {
			want := []storage.Event{b.event("created"), b.event("updated"), {
				ID: id.New(), At: moment(3).Add(time.Microsecond), Actor: []byte(`{"id":"x","name":"Zoë \"Z\" \\ 🙂"}`), Action: "log_in_failed", Resource: "",
				Changes: []byte(`{"a":[null,"ü\n"],"b":[1.50,{"c":[]}]}`), RequestID: "~ !\"'", IP: "::1",
			}}
			b.must(b.appendEvents(b.a, want...))
			got := b.trail(b.a)
			for i := range want {
				if len(got) != len(want) {
					b.Fatalf("the trail has %d events, want %d", len(got), len(want))
				}
				want[i].Seq, want[i].Hash = int64(i+1), got[i].Hash
			}
			if diff := cmp.Diff(want, got); diff != "" {
				b.Fatalf("the trail differs (-want +got):\n%s", diff)
			}
			b.wantChain(got)
		}},
		{"numbers rise from 1 without gaps and hashes chain, whoever writes", func(b *bench) {
			b.together(8, func(int) {
				for i := range 6 {
					events := []storage.Event{b.event("created")}
					if i%2 == 0 {
						events = append(events, b.event("updated"), b.event("deleted"))
					}
					if err := b.appendEvents(b.a, events...); err != nil {
						b.Errorf("append: %v", err)
					}
				}
			})
			trail := b.trail(b.a)
			if len(trail) != 8*12 {
				b.Fatalf("the trail has %d events, want %d", len(trail), 8*12)
			}
			b.wantChain(trail)
		}},
		{"the head is the last event, each tenant's its own", func(b *bench) {
			if seq, _, err := b.a.Head(b.ctx); err != nil || seq != 0 {
				b.Fatalf("the head of an empty trail is %d, %v", seq, err)
			}
			b.must(b.appendEvents(b.a, b.event("one"), b.event("two")))
			b.must(b.appendEvents(b.b, b.event("theirs")))
			trail := b.trail(b.a)
			seq, hash, err := b.a.Head(b.ctx)
			if err != nil || seq != 2 || hash != trail[1].Hash {
				b.Fatalf("the head is %d %x, %v; the last event has %x", seq, hash, err, trail[1].Hash)
			}
		}},
		{"a transaction that is rolled back leaves no gap", func(b *bench) {
			b.must(b.appendEvents(b.a, b.event("one")))
			stop := errors.New("stop")
			b.wantSame(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Append(b.ctx, b.event("lost"), b.event("lost")))
				_, err := tx.List(b.ctx, b.events, query.List{Order: order(b.events), Limit: 1}, func(storage.Record) error { return nil })
				b.must(err)
				return stop
			}), stop)
			b.must(b.appendEvents(b.a, b.event("two")))
			trail := b.trail(b.a)
			if len(trail) != 2 || trail[1].Action != "two" {
				b.Fatalf("the trail is %v", trail)
			}
			b.wantChain(trail)
		}},
		{"several calls in one transaction keep their order", func(b *bench) {
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				for i := range 5 {
					b.must(tx.Append(b.ctx, b.event(fmt.Sprint("n", i))))
					b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", fmt.Sprint(i))), 0))
				}
				return nil
			}))
			trail := b.trail(b.a)
			for i := range trail {
				if trail[i].Action != fmt.Sprint("n", i) {
					b.Fatalf("event %d is %s", i, trail[i].Action)
				}
			}
			if len(trail) != 5 {
				b.Fatalf("the trail has %d events, want 5", len(trail))
			}
			b.wantChain(trail)
		}},
		{"the trail is listed and filtered like any resource", func(b *bench) {
			first, second := b.event("created"), b.event("deleted")
			first.Record, first.ActorID, first.Resource = id.New(), id.New(), "projects"
			second.Record, second.At = id.ID{}, moment(60)
			b.must(b.appendEvents(b.a, first, second, b.event("updated")))
			for _, c := range []struct {
				where query.Condition
				want  []int64
			}{
				{where(b.events, "action", query.In, schema.String("created"), schema.String("updated")), []int64{3, 1}},
				{where(b.events, "record", query.Equal, schema.ID(first.Record)), []int64{1}},
				{where(b.events, "record", query.IsNull, schema.Bool(true)), []int64{2}},
				{where(b.events, "actor_id", query.Equal, schema.ID(first.ActorID)), []int64{1}},
				{where(b.events, "resource", query.Equal, schema.String("projects")), []int64{1}},
				{where(b.events, "at", query.GreaterEqual, schema.Moment(moment(60))), []int64{2}},
				{where(b.events, "action", query.Equal, schema.String("none")), nil},
			} {
				got := b.list(b.a, b.events, query.List{Where: []query.Condition{c.where}, Order: order(b.events, "-seq"), Limit: 9})
				var seqs []int64
				for _, rec := range got {
					seqs = append(seqs, value(b.events, rec, "seq").Int())
				}
				if diff := cmp.Diff(c.want, seqs); diff != "" {
					b.Fatalf("%s differs (-want +got):\n%s", c.where.Field.Name, diff)
				}
			}
			keys := order(b.events, "-seq")
			all := b.list(b.a, b.events, query.List{Order: keys, Limit: 9})
			next := b.list(b.a, b.events, query.List{Order: keys, Limit: 9, After: keysOf(b.events, keys, all[0])})
			b.wantSameRecords(next, all[1], all[2])
			b.wantSameRecords([]storage.Record{b.get(b.a, b.events, first.ID)}, all[2])
		}},
		{"events can be neither changed nor deleted", func(b *bench) {
			b.must(b.appendEvents(b.a, b.event("created")))
			rec := b.all(b.a, b.events)[0]
			if err := b.remove(b.a, b.events, ident(rec)); err == nil {
				b.Error("an event was deleted")
			}
			trail := b.trail(b.a)
			if len(trail) != 1 {
				b.Fatalf("the trail has %d events, want 1", len(trail))
			}
			b.wantChain(trail)
		}},
	}
}

// event returns an event of tenant a's trail.
func (b *bench) event(action string) storage.Event {
	actor := id.New()
	return storage.Event{
		ID: id.New(), At: moment(1), ActorID: actor, Actor: []byte(`{"id":"` + actor.String() + `","kind":"user","name":"ann"}`),
		Action: action, Resource: "tasks", Record: id.New(), Changes: []byte(`{"title":[null,"x"]}`), RequestID: "r-1", IP: "192.0.2.1",
	}
}

func (b *bench) appendEvents(s storage.Store, events ...storage.Event) error {
	return s.Update(b.ctx, func(tx storage.Tx) error { return tx.Append(b.ctx, events...) })
}

// trail returns all events in the order of their numbers.
func (b *bench) trail(s storage.Store) []storage.Event {
	b.Helper()
	var out []storage.Event
	for _, rec := range b.list(s, b.events, query.List{Order: order(b.events, "seq"), Limit: 100_000}) {
		v := rec.Values
		e := storage.Event{
			ID: v[storage.EventID].ID(), Seq: v[storage.EventSeq].Int(), At: v[storage.EventAt].Time(), ActorID: v[storage.EventActorID].ID(),
			Actor: v[storage.EventActor].Raw(), Action: v[storage.EventAction].Text(), Resource: v[storage.EventResource].Text(),
			Record: v[storage.EventRecord].ID(), Changes: v[storage.EventChanges].Raw(), RequestID: v[storage.EventRequestID].Text(), IP: v[storage.EventIP].Text(),
		}
		sum, err := hex.DecodeString(v[storage.EventHash].Text())
		b.must(err)
		copy(e.Hash[:], sum)
		out = append(out, e)
	}
	return out
}

// wantChain checks numbers and hashes of a whole trail.
func (b *bench) wantChain(trail []storage.Event) {
	b.Helper()
	var previous [sha256.Size]byte
	for i, e := range trail {
		if e.Seq != int64(i+1) {
			b.Fatalf("event %d has the number %d", i+1, e.Seq)
		}
		previous = storage.ChainHash(previous, e.Seq, e.Payload())
		if e.Hash != previous {
			b.Fatalf("the chain breaks at event %d", e.Seq)
		}
	}
}
