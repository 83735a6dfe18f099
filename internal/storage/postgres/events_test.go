package postgres_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
)

// trail returns the tenant's events, oldest first.
func trail(t *testing.T, s storage.Store) []storage.Record {
	t.Helper()
	events := storage.Events()
	var out []storage.Record
	_, err := s.List(t.Context(), events, query.List{
		Order: []query.Key{{Field: events.Field("seq")}, {Field: events.Field("id")}}, Limit: 1000,
	}, func(rec storage.Record) error { out = append(out, rec.Clone()); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheDatabaseChainsEventsAsTheContractHasIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	events := make([]storage.Event, 12)
	for i := range events {
		events[i] = event(id.New())
	}
	events[3].Record, events[3].IP, events[3].RequestID = id.ID{}, "", "Ω\\000"
	for _, part := range [][]storage.Event{events[:1], events[1:2], events[2:7], events[7:8], events[8:]} {
		err := b.storeA.Update(t.Context(), func(tx storage.Tx) error { return tx.Append(t.Context(), part...) })
		if err != nil {
			t.Fatal(err)
		}
	}
	var hash [sha256.Size]byte
	stored := trail(t, b.storeA)
	if len(stored) != len(events) {
		t.Fatalf("%d events, want %d", len(stored), len(events))
	}
	for i, rec := range stored {
		hash = storage.ChainHash(hash, int64(i+1), events[i].Payload())
		if got := rec.Values[storage.EventHash].Text(); got != hex.EncodeToString(hash[:]) || rec.Values[storage.EventSeq].Int() != int64(i+1) {
			t.Errorf("event %d has seq %d and hash %s, want %x", i+1, rec.Values[storage.EventSeq].Int(), got, hash)
		}
	}
	if got := trail(t, b.storeB); len(got) != 0 {
		t.Errorf("%d events of A are in B's trail", len(got))
	}
}

var errRolledBack = errors.New("rolled back")

func TestEventsOfManyTransactionsHaveNoGaps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 10 {
				err := b.storeA.Update(t.Context(), func(tx storage.Tx) error {
					if err := tx.Append(t.Context(), event(id.New())); err != nil {
						return err
					}
					if i%3 == 0 {
						return tx.Append(t.Context(), event(id.New()))
					}
					if worker%2 == 0 && i%3 == 1 {
						return errRolledBack
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRolledBack) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for i, rec := range trail(t, b.storeA) {
		if rec.Values[storage.EventSeq].Int() != int64(i+1) {
			t.Fatalf("event %d has seq %d", i+1, rec.Values[storage.EventSeq].Int())
		}
	}
}
