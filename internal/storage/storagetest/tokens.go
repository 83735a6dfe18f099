package storagetest

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func tokenCases() []testCase {
	return []testCase{
		{"a family reads as it was created and follows its newest token", func(b *bench) {
			u := b.user("ann")
			f := b.family(u.ID)
			operator := f
			operator.ID, operator.Tenant = id.New(), tenant.ID{}
			b.must(b.tokens().CreateFamily(b.ctx, operator))
			second, third := id.New(), id.New()
			b.must(b.tokens().RotateFamily(b.ctx, f.ID, f.Current, second, moment(0)))
			b.must(b.tokens().RotateFamily(b.ctx, f.ID, second, third, moment(0)))
			f.Current = third
			for _, want := range []storage.Family{f, operator} {
				got, err := b.tokens().Family(b.ctx, want.ID, moment(0))
				b.must(err)
				b.wantEqual(got, want)
			}
		}},
		{"an old token ends its family and no other", func(b *bench) {
			u := b.user("ann")
			f, other := b.family(u.ID), b.family(u.ID)
			next := id.New()
			b.must(b.tokens().RotateFamily(b.ctx, f.ID, f.Current, next, moment(0)))
			b.wantRefused(f, f.Current)
			b.wantRefused(f, next) // the thief's and the owner's alike
			_, err := b.tokens().Family(b.ctx, f.ID, moment(0))
			b.wantMissing(err)
			b.wantRevoked(moment(0), f.ID)
			b.must(b.tokens().RotateFamily(b.ctx, other.ID, other.Current, id.New(), moment(0)))
		}},
		{"a family that is unknown, over or revoked is refused", func(b *bench) {
			f := b.family(b.user("ann").ID)
			b.wantRefused(storage.Family{ID: id.New()}, f.Current)
			over := f.ExpiresAt
			b.wantCode(b.tokens().RotateFamily(b.ctx, f.ID, f.Current, id.New(), over), fault.TokenInvalid)
			_, err := b.tokens().Family(b.ctx, f.ID, over)
			b.wantMissing(err)
			g := b.family(f.User)
			b.must(b.tokens().RevokeFamily(b.ctx, g.ID, moment(0)))
			b.must(b.tokens().RevokeFamily(b.ctx, g.ID, moment(0)))
			b.must(b.tokens().RevokeFamily(b.ctx, id.New(), moment(0)))
			b.wantRefused(g, g.Current)
		}},
		{"of eight who rotate with one token, one succeeds", func(b *bench) {
			f := b.family(b.user("ann").ID)
			var wins atomic.Int64
			b.together(8, func(int) {
				err := b.tokens().RotateFamily(b.ctx, f.ID, f.Current, id.New(), moment(0))
				if err == nil {
					wins.Add(1)
				} else if !fault.Is(err, fault.TokenInvalid) {
					b.Errorf("got the error %v, want token_invalid", err)
				}
			})
			if wins.Load() != 1 {
				b.Fatalf("%d of them succeeded", wins.Load())
			}
			b.wantRevoked(moment(0), f.ID)
		}},
		{"a new password ends every family of the user", func(b *bench) {
			ann, bob := b.user("ann"), b.user("bob")
			f, g, others := b.family(ann.ID), b.family(ann.ID), b.family(bob.ID)
			b.must(b.engine.Platform().Users().SetPassword(b.ctx, ann.ID, "new"))
			b.wantRefused(f, f.Current)
			b.wantRefused(g, g.Current)
			b.wantRevoked(moment(0), f.ID, g.ID)
			b.must(b.tokens().RotateFamily(b.ctx, others.ID, others.Current, id.New(), moment(0)))
		}},
		{"a revoked token is known until it has expired", func(b *bench) {
			token := id.New()
			b.must(b.tokens().Revoke(b.ctx, token, moment(10)))
			b.must(b.tokens().Revoke(b.ctx, token, moment(10)))
			b.wantRevoked(moment(9), token)
			b.wantRevoked(moment(10))
		}},
		{"pruning forgets what has expired and nothing else", func(b *bench) {
			f := b.family(b.user("ann").ID)
			old, token := id.New(), id.New()
			b.must(b.tokens().Revoke(b.ctx, old, moment(1)))
			b.must(b.tokens().Revoke(b.ctx, token, moment(100)))
			b.must(b.tokens().RevokeFamily(b.ctx, f.ID, moment(0)))
			b.must(b.tokens().Prune(b.ctx, moment(5)))
			b.wantRevoked(moment(5), token, f.ID)
			far := f.ExpiresAt.Add(365 * 24 * time.Hour)
			b.must(b.tokens().Prune(b.ctx, far))
			b.wantRevoked(moment(5))
		}},
	}
}

func (b *bench) tokens() storage.Tokens { return b.engine.Platform().Tokens() }

// family starts a family of the user in tenant a, good for an hour.
func (b *bench) family(u id.ID) storage.Family {
	b.Helper()
	f := storage.Family{ID: id.New(), Tenant: b.tenants[0], User: u, Current: id.New(), ExpiresAt: moment(3600)}
	b.must(b.tokens().CreateFamily(b.ctx, f))
	return f
}

// wantRefused checks that the family can't be rotated with the token.
func (b *bench) wantRefused(f storage.Family, token id.ID) {
	b.Helper()
	b.wantCode(b.tokens().RotateFamily(b.ctx, f.ID, token, id.New(), moment(0)), fault.TokenInvalid)
}

// wantRevoked checks the ids that are revoked, in any order.
func (b *bench) wantRevoked(now time.Time, want ...id.ID) {
	b.Helper()
	got, err := b.tokens().Revoked(b.ctx, now)
	b.must(err)
	byText := func(x, y id.ID) int { return strings.Compare(x.String(), y.String()) }
	slices.SortFunc(got, byText)
	slices.SortFunc(want, byText)
	if !slices.Equal(got, want) {
		b.Fatalf("revoked are %v, want %v", got, want)
	}
}
