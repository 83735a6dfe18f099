package storagetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
)

func cancelCases() []testCase {
	return []testCase{
		{"a method that needs the database says that its context has ended", func(b *bench) {
			ctx, cancel := context.WithCancel(b.ctx)
			cancel()
			write := func(tx storage.Tx) error {
				return tx.Put(ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0)
			}
			read := func(tx storage.Tx) error {
				_, err := tx.Get(ctx, b.projects, id.New())
				return err
			}
			_, err := b.a.Get(ctx, b.projects, id.New())
			b.wantSame(err, context.Canceled)
			_, err = b.a.List(ctx, b.projects, query.List{Order: order(b.projects), Limit: 1}, func(storage.Record) error { return nil })
			b.wantSame(err, context.Canceled)
			b.wantSame(b.a.View(ctx, read), context.Canceled)
			b.wantSame(b.a.Update(ctx, read), context.Canceled)
			b.wantSame(b.a.Update(ctx, write), context.Canceled)
			_, err = b.engine.Platform().Generation(ctx)
			b.wantSame(err, context.Canceled)
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"a transaction whose context ends leaves nothing", func(b *bench) {
			ctx, cancel := context.WithCancel(b.ctx)
			err := b.a.Update(ctx, func(tx storage.Tx) error {
				if err := tx.Put(ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0); err != nil {
					return err
				}
				cancel()
				return nil
			})
			b.wantSame(err, context.Canceled)
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"a writer who waits for another stops when its context ends", func(b *bench) {
			p := b.project(b.a, "Roof")
			waiting, done := make(chan error, 1), make(chan struct{})
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				_, err := tx.Get(b.ctx, b.projects, ident(p))
				b.must(err)
				ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond)
				defer cancel()
				go func() {
					defer close(done)
					waiting <- b.a.Update(ctx, func(tx storage.Tx) error {
						_, err := tx.Get(ctx, b.projects, ident(p))
						return err
					})
				}()
				select {
				case <-done:
				case <-time.After(10 * time.Second):
					b.Error("it still waits after ten seconds")
				}
				return nil
			}))
			b.wantSame(<-waiting, context.DeadlineExceeded)
		}},
		{"contexts that end at any time spoil no connection", func(b *bench) {
			kept := b.project(b.a, "kept")
			b.together(4, func(worker int) {
				for i := range 30 {
					ctx, cancel := context.WithTimeout(b.ctx, time.Duration(i*37%900)*time.Microsecond)
					name := fmt.Sprint(worker, "-", i)
					err := b.a.Update(ctx, func(tx storage.Tx) error {
						if err := tx.Put(ctx, b.projects, b.record(b.projects, text("name", name)), 0); err != nil {
							return err
						}
						return tx.Append(ctx, b.event("created"))
					})
					_, read := b.a.List(ctx, b.projects, query.List{Order: order(b.projects), Limit: 50, Count: true}, func(storage.Record) error { return nil })
					cancel()
					for _, err := range []error{err, read} {
						if err != nil && !errors.Is(err, context.DeadlineExceeded) {
							b.Errorf("got the error %v, want the context's or none", err)
						}
					}
				}
			})
			for range 10 {
				b.get(b.a, b.projects, ident(kept))
				b.project(b.a, id.New().String())
			}
			b.wantChain(b.trail(b.a))
		}},
	}
}
