package storagetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

func keyCases() []testCase {
	return []testCase{
		{"a key reads as it was added", func(b *bench) {
			if got := b.listKeys(); len(got) != 0 {
				b.Fatalf("there are keys: %v", got)
			}
			want := b.rotate("b", 1, 6)
			b.wantKeys(want)
		}},
		{"a new key ends the ones before it, for as long as tokens are good", func(b *bench) {
			first := b.rotate("first", 0, 5)
			second := b.rotate("second", 10, 15)
			first.DeactivatesAt, first.RetiresAt = moment(15), moment(15+60)
			b.wantKeys(first, second)
			third := b.rotate("third", 11, 16) // before the second is active
			second.DeactivatesAt, second.RetiresAt = moment(16), moment(16+60)
			b.wantKeys(first, second, third)
		}},
		{"a key verifies as long as the longest family that it may have signed", func(b *bench) {
			u := b.user("ann").ID
			first := b.rotate("first", 0, 5)
			gone := storage.Family{ID: id.New(), Tenant: b.tenants[0], User: u, Current: id.New(), ExpiresAt: moment(7200)}
			b.must(b.tokens().CreateFamily(b.ctx, gone))
			b.must(b.tokens().RevokeFamily(b.ctx, gone.ID, moment(6)))
			second := b.rotate("second", 10, 15)
			first.DeactivatesAt, first.RetiresAt = moment(15), moment(15+60)
			b.wantKeys(first, second) // what is revoked counts for nothing
			longest := b.family(u)
			third := b.rotate("third", 20, 25)
			// Another family of that length may be started until the third is active.
			second.DeactivatesAt, second.RetiresAt = moment(25), longest.ExpiresAt.Add(5*time.Second)
			b.wantKeys(first, second, third)
		}},
		{"a key can't be added twice, and then ends no other", func(b *bench) {
			first := b.rotate("first", 0, 5)
			again := first
			again.CreatedAt, again.ActivatesAt = moment(10), moment(15)
			before := b.generation()
			b.wantCode(b.keys().Rotate(b.ctx, again, time.Minute), fault.Conflict)
			b.wantKeys(first)
			b.wantGeneration(before, 0)
		}},
		{"a retired key ends at once and its private half is forgotten", func(b *bench) {
			first, second := b.rotate("first", 0, 5), b.rotate("second", 10, 15)
			b.must(b.keys().Retire(b.ctx, "first", moment(20)))
			first.DeactivatesAt, first.RetiresAt, first.Sealed = moment(15), moment(20), nil
			b.wantKeys(first, second)
			before := b.generation()
			b.must(b.keys().Retire(b.ctx, "first", moment(30))) // again, which changes nothing
			b.wantKeys(first, second)
			b.wantGeneration(before, 0)
			b.must(b.keys().Retire(b.ctx, "second", moment(12))) // before it was active; the secret signs
			second.RetiresAt, second.Sealed = moment(12), nil
			b.wantKeys(first, second)
		}},
		{"an unknown key can't be retired", func(b *bench) {
			b.rotate("first", 0, 5)
			before := b.generation()
			for _, unknown := range []string{"", "second", "FIRST", "first ", "%"} {
				b.wantMissing(b.keys().Retire(b.ctx, unknown, moment(10)))
			}
			b.wantGeneration(before, 0)
		}},
		{"the secret is retired where a key signs in its place, and not before", func(b *bench) {
			b.wantCode(b.keys().Retire(b.ctx, storage.DefaultKey, moment(0)), fault.Conflict)
			first := b.rotate("first", 0, 5)
			before := b.generation()
			b.wantCode(b.keys().Retire(b.ctx, storage.DefaultKey, moment(4)), fault.Conflict)
			b.wantKeys(first)
			b.wantGeneration(before, 0)
			b.must(b.keys().Retire(b.ctx, storage.DefaultKey, moment(5)))
			b.must(b.keys().Retire(b.ctx, storage.DefaultKey, moment(7)))
			secret := storage.SigningKey{
				ID: storage.DefaultKey, Algorithm: "HS256", CreatedAt: moment(5), ActivatesAt: moment(5), RetiresAt: moment(5),
			}
			b.wantKeys(secret, first)
		}},
		{"without the secret the last key that signs stays", lastKeyStays},
		{"of the secret and the only key, retired at once, one stays", func(b *bench) {
			b.rotate("first", 0, 0)
			var gone atomic.Int64
			b.together(2, func(i int) {
				switch err := b.keys().Retire(b.ctx, []string{storage.DefaultKey, "first"}[i], moment(3)); {
				case err == nil:
					gone.Add(1)
				case !fault.Is(err, fault.Conflict):
					b.Errorf("got the error %v, want a conflict", err)
				}
			})
			if gone.Load() != 1 {
				b.Fatalf("%d of the two are retired", gone.Load())
			}
		}},
		{"of eight who rotate at once, one has no end", func(b *bench) {
			b.together(8, func(i int) { b.rotate(fmt.Sprint("key", i), 0, 5+i) })
			endless := slices.DeleteFunc(b.listKeys(), func(k storage.SigningKey) bool { return !k.RetiresAt.IsZero() })
			if len(endless) != 1 {
				b.Fatalf("%d keys have no end", len(endless))
			}
		}},
		{"a key that has ended by itself loses its private half", func(b *bench) {
			first, second := b.rotate("first", 0, 5), b.rotate("second", 10, 15)
			b.must(b.keys().Retire(b.ctx, "first", moment(100)))
			first.DeactivatesAt, first.RetiresAt, first.Sealed = moment(15), moment(75), nil
			b.wantKeys(first, second)
		}},
		{"pruning forgets the private halves of keys that have ended, and nothing else", func(b *bench) {
			first, second := b.rotate("first", 0, 5), b.rotate("second", 10, 15)
			first.DeactivatesAt, first.RetiresAt = moment(15), moment(75)
			b.must(b.keys().Prune(b.ctx, moment(74)))
			b.wantKeys(first, second)
			b.must(b.keys().Prune(b.ctx, moment(75)))
			first.Sealed = nil
			b.wantKeys(first, second)
		}},
	}
}

func lastKeyStays(b *bench) {
	first := b.rotate("first", 0, 0)
	b.must(b.keys().Retire(b.ctx, storage.DefaultKey, moment(1)))
	b.wantCode(b.keys().Retire(b.ctx, "first", moment(2)), fault.Conflict)
	second := b.rotate("second", 10, 15)
	for _, name := range []string{"first", "second"} { // one signs now, the other later
		b.wantCode(b.keys().Retire(b.ctx, name, moment(14)), fault.Conflict)
	}
	first.DeactivatesAt, first.RetiresAt = moment(15), moment(75)
	secret := b.listKeys()[1]
	b.wantKeys(first, secret, second)
	b.must(b.keys().Retire(b.ctx, "first", moment(15)))
	b.wantCode(b.keys().Retire(b.ctx, "second", moment(16)), fault.Conflict)
	third := b.rotate("third", 20, 25)
	b.must(b.keys().Retire(b.ctx, "first", moment(21))) // what has ended may be retired at any time
	first.RetiresAt, first.Sealed = moment(15), nil
	second.DeactivatesAt, second.RetiresAt = moment(25), moment(85)
	b.wantKeys(first, secret, second, third)
}

func (b *bench) keys() storage.Keys { return b.engine.Platform().Keys() }

// key is made at the one second and active from the other on.
func key(name string, made, active int) storage.SigningKey {
	return storage.SigningKey{
		ID: name, Algorithm: "ES256", Sealed: []byte("\x00sealed " + name), Public: `{"kid":"` + name + `"}`,
		CreatedAt: moment(made), ActivatesAt: moment(active),
	}
}

// rotate adds a key; tokens are good for a minute.
func (b *bench) rotate(name string, made, active int) storage.SigningKey {
	b.Helper()
	k := key(name, made, active)
	b.must(b.keys().Rotate(b.ctx, k, time.Minute))
	return k
}

func (b *bench) listKeys() []storage.SigningKey {
	b.Helper()
	all, err := b.keys().List(b.ctx)
	b.must(err)
	return all
}

func (b *bench) wantKeys(want ...storage.SigningKey) {
	b.Helper()
	b.wantEqual(b.listKeys(), want)
}
