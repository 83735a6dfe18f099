package resource_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// memory keeps the memos of acts, and nothing else.
type memory struct {
	storage.Store
	storage.Tx

	rows map[id.ID]storage.Record
	// deaf makes the next write of an answer fail, as the death of the process would.
	deaf bool
}

func (m *memory) Close() {}

func (m *memory) Update(_ context.Context, fn func(storage.Tx) error) error { return fn(m) }

func (m *memory) Get(_ context.Context, _ *schema.Resource, i id.ID) (storage.Record, error) {
	rec, there := m.rows[i]
	if !there {
		return rec, fault.Missing()
	}
	return rec, nil
}

func (m *memory) Put(_ context.Context, _ *schema.Resource, rec storage.Record, before int64) error {
	if m.deaf && before > 0 {
		m.deaf = false
		return errClosed
	}
	m.rows[rec.Values[0].ID()] = rec
	return nil
}

func (m *memory) Delete(_ context.Context, _ *schema.Resource, ids []id.ID) error {
	for _, i := range ids {
		delete(m.rows, i)
	}
	return nil
}

// List yields what is older than the one time that is asked for.
func (m *memory) List(_ context.Context, _ *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	for _, rec := range m.rows {
		if rec.Values[1].Time().Before(q.Where[0].Values[0].Time()) {
			if err := yield(rec); err != nil {
				return -1, err
			}
		}
	}
	return -1, nil
}

// acting is a service over a memory, and an act that counts how often it is done.
type acting struct {
	*resource.Service
	memory *memory
	now    time.Time
	call   resource.Call
	done   int
}

func act(t *testing.T) *acting {
	t.Helper()
	a := &acting{memory: &memory{rows: map[id.ID]storage.Record{}}, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	registry, mistakes := resource.NewRegistry(nil)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var err error
	a.Service, err = resource.New(resource.Config{
		Registry: registry, Clock: func() time.Time { return a.now }, Secret: []byte("a secret of thirty-two bytes, or more"),
		Open: func(context.Context, tenant.ID, tenant.Pass) (storage.Store, error) { return a.memory, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	a.call = resource.Call{Actor: policy.Actor{ID: id.New(), Kind: policy.Operator}, IdempotencyKey: "key"}
	return a
}

var errRefused = errors.New("it can't be done")

// once does the act, of a plan of its own each time, and answers with its number.
func (a *acting) once(body string, fails bool, found func(plan id.ID) ([]byte, error)) (string, bool, error) {
	op := &operation.Operation{ID: "act"}
	plan := resource.PlanOf(fmt.Sprint(a.done))
	answer, err := a.Once(context.Background(), a.call, op, "", []byte(body), resource.Act{Plan: plan, Found: found, Do: func() ([]byte, error) {
		a.done++
		if fails {
			return nil, errRefused
		}
		return fmt.Appendf(nil, "secret %d", a.done), nil
	}})
	return string(answer.Body), answer.Replayed, err
}

func TestAnActWithAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	a := act(t)
	if _, _, err := a.once("{}", true, nil); !errors.Is(err, errRefused) {
		t.Fatal(err)
	}
	if got, replayed, err := a.once("{}", false, nil); got != "secret 2" || replayed || err != nil {
		t.Fatalf("after a failure, which gives the key back: %q %t %v", got, replayed, err)
	}
	a.now = a.now.Add(23 * time.Hour)
	if got, replayed, err := a.once("{}", false, nil); got != "secret 2" || !replayed || err != nil {
		t.Errorf("again: %q %t %v", got, replayed, err)
	}
	if _, _, err := a.once(`{"other":1}`, false, nil); !fault.Is(err, fault.IdempotencyMismatch) {
		t.Errorf("with another body: %v", err)
	}
	for _, rec := range a.memory.rows {
		for _, v := range rec.Values {
			if strings.Contains(v.Text(), "secret") {
				t.Errorf("the answer is kept in clear: %s", v.Text())
			}
		}
	}
	a.call.Actor.ID = id.New()
	if got, replayed, err := a.once("{}", false, nil); got != "secret 3" || replayed || err != nil {
		t.Errorf("by another caller: %q %t %v", got, replayed, err)
	}
	a.call.IdempotencyKey = ""
	if got, replayed, err := a.once("{}", false, nil); got != "secret 4" || replayed || err != nil {
		t.Errorf("without a key: %q %t %v", got, replayed, err)
	}
}

// TestAnActThatWasCutShort loses the answer of an act that was done, as the death of the process between the two does.
func TestAnActThatWasCutShort(t *testing.T) {
	t.Parallel()
	a := act(t)
	first := resource.PlanOf("0")
	a.memory.deaf = true
	if _, _, err := a.once("{}", false, nil); !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
	if _, _, err := a.once("{}", false, nil); !fault.Is(err, fault.IdempotencyInProgress) {
		t.Errorf("a moment later: %v", err)
	}
	a.now = a.now.Add(2 * time.Minute)
	found := func(plan id.ID) ([]byte, error) {
		if plan != first {
			t.Errorf("it looks for %s instead of %s", plan, first)
		}
		return []byte("what was made"), nil
	}
	if got, replayed, err := a.once("{}", false, found); got != "what was made" || replayed || err != nil {
		t.Errorf("two minutes later: %q %t %v", got, replayed, err)
	}
	if got, replayed, err := a.once("{}", false, nil); got != "what was made" || !replayed || err != nil {
		t.Errorf("and again: %q %t %v", got, replayed, err)
	}
	if a.done != 1 {
		t.Errorf("it was done %d times", a.done)
	}
}

// TestOldAnswersOfActsAreForgotten makes as many as it takes for one to sweep.
func TestOldAnswersOfActsAreForgotten(t *testing.T) {
	t.Parallel()
	a := act(t)
	a.call.IdempotencyKey = "old"
	if _, _, err := a.once("{}", false, nil); err != nil {
		t.Fatal(err)
	}
	old := slices.Collect(maps.Keys(a.memory.rows))[0]
	a.now = a.now.Add(25 * time.Hour)
	for i := range 1000 {
		a.call.IdempotencyKey = fmt.Sprint("new ", i)
		if _, _, err := a.once("{}", false, nil); err != nil {
			t.Fatal(err)
		}
		if _, there := a.memory.rows[old]; !there {
			return
		}
	}
	t.Error("an answer of yesterday is still there")
}
