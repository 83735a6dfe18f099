package account

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	// claim is how long whoever takes an event from the outbox has it alone. It is much longer than a delivery may
	// take, since whoever comes after looks whether the event has arrived, and it must not arrive later.
	claim = 30 * time.Second
	// deliveryTime bounds the delivery to one trail.
	deliveryTime = 5 * time.Second
	// deliveryBatch is how many events are claimed at once.
	deliveryBatch = 100
	// deliveryInterval is how often a node looks for events that another one left behind.
	deliveryInterval = time.Second
	// unfinished is how many delivered events are remembered until they are finished; those beyond it are found in
	// the outbox again.
	unfinished = 10_000
)

// courier brings events from the outbox to their trails, each exactly once: a trail may lie in another database than
// the change that the event tells of, so that no transaction spans the two.
type courier struct {
	platform storage.Platform
	open     func(ctx context.Context, t tenant.ID) (storage.Store, error)
	clock    func() time.Time
	log      *slog.Logger
	events   *schema.Resource
	wake     chan struct{}

	mu sync.Mutex
	// arrived are the events that are in their trails and still in the outbox.
	arrived []id.ID
}

// errErased is that of events whose tenant is no more, and their trail with it.
var errErased = errors.New("the tenant was erased")

// errLate is that of an event whose claim is about to end: another node may have it by now.
var errLate = errors.New("its claim is about to end")

// claimed returns the events as their writer queues them who is going to deliver them.
func (c *courier) claimed(events []storage.QueuedEvent) []storage.QueuedEvent {
	until := c.clock().Add(claim)
	for i := range events {
		events[i].Until = until
	}
	return events
}

// ring lets the node that runs deliver what is due, without waiting for it.
func (c *courier) ring() { ring(c.wake) }

func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it has been rung already
	}
}

// deliver appends claimed events to their trails. What fails stays in the outbox and is tried again, by any node.
func (c *courier) deliver(ctx context.Context, events []storage.QueuedEvent) {
	var trails []tenant.ID
	byTrail := map[tenant.ID][]storage.QueuedEvent{}
	for _, q := range events {
		if byTrail[q.Trail] == nil {
			trails = append(trails, q.Trail)
		}
		byTrail[q.Trail] = append(byTrail[q.Trail], q)
	}
	for _, trail := range trails {
		err := c.append(ctx, trail, byTrail[trail])
		if errors.Is(err, errErased) {
			c.log.InfoContext(ctx, "events of a tenant that was erased are dropped", "trail", trail.String(), "events", len(byTrail[trail]))
		} else if err != nil {
			c.log.WarnContext(ctx, "events of the platform were not delivered yet", "trail", trail.String(), "events", len(byTrail[trail]), "error", err)
			continue
		}
		c.mu.Lock()
		for _, q := range byTrail[trail] {
			if len(c.arrived) < unfinished {
				c.arrived = append(c.arrived, q.Event.ID)
			}
		}
		c.mu.Unlock()
	}
}

func (c *courier) append(ctx context.Context, trail tenant.ID, events []storage.QueuedEvent) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()
	if trail != tenant.Platform {
		if _, err := c.platform.Tenants().Get(ctx, trail); fault.Is(err, fault.NotFound) {
			return errErased
		} else if err != nil {
			return err
		}
	}
	store, err := c.open(ctx, trail)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Update(ctx, func(tx storage.Tx) error {
		for _, q := range events {
			if c.clock().After(q.Until.Add(-deliveryTime)) {
				return errLate
			}
			there, err := c.arrivedBefore(ctx, tx, q)
			if err != nil {
				return err
			}
			if there {
				continue
			}
			if err := tx.Append(ctx, q.Event); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrivedBefore reports whether the trail has an event that somebody else may have delivered. The record is asked
// for as well since trails have an index by it, but none by id on PostgreSQL.
func (c *courier) arrivedBefore(ctx context.Context, tx storage.Tx, q storage.QueuedEvent) (found bool, err error) {
	if !q.Tried {
		return false, nil
	}
	record := query.Condition{Field: c.events.Field("record"), Op: query.IsNull, Values: []schema.Value{schema.Bool(true)}}
	if !q.Event.Record.IsZero() {
		record.Op, record.Values = query.Equal, []schema.Value{schema.ID(q.Event.Record)}
	}
	ident := query.Condition{Field: c.events.Field(schema.FieldID), Op: query.Equal, Values: []schema.Value{schema.ID(q.Event.ID)}}
	order := []query.Key{{Field: c.events.Field("seq")}, {Field: c.events.Field(schema.FieldID)}}
	_, err = tx.List(ctx, c.events, query.List{Where: []query.Condition{record, ident}, Order: order, Limit: 1}, func(storage.Record) error {
		found = true
		return nil
	})
	return found, err
}

// run delivers what is due until the context ends.
func (c *courier) run(ctx context.Context) {
	ticker := time.NewTicker(deliveryInterval)
	defer ticker.Stop()
	failing := false
	for {
		err := c.round(ctx)
		if failing != (err != nil) && ctx.Err() == nil {
			failing = err != nil
			c.report(ctx, err)
		}
		select {
		case <-ctx.Done():
			c.leave(ctx)
			return
		case <-ticker.C:
		case <-c.wake:
		}
	}
}

// leave finishes what has arrived, so that the next to start need not look for it in the trails.
func (c *courier) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliveryTime)
	defer cancel()
	if err := c.finish(ctx); err != nil {
		c.report(ctx, err)
	}
}

func (c *courier) report(ctx context.Context, err error) {
	if err != nil {
		c.log.WarnContext(ctx, "the outbox of events can't be worked on; they are delivered later", "error", err)
		return
	}
	c.log.InfoContext(ctx, "the outbox of events is worked on again")
}

// round finishes what has arrived and delivers all that is due.
func (c *courier) round(ctx context.Context) error {
	if err := c.finish(ctx); err != nil {
		return err
	}
	for {
		now := c.clock()
		due, err := c.platform.Outbox().Claim(ctx, now, now.Add(claim), deliveryBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		c.deliver(ctx, due)
		if err := c.finish(ctx); err != nil {
			return err
		}
	}
}

// finish takes what has arrived out of the outbox. It is done for many at once, off the requests' way: until then
// the claim keeps others from them, and later a look into the trail.
func (c *courier) finish(ctx context.Context) error {
	c.mu.Lock()
	arrived := c.arrived
	c.arrived = nil
	c.mu.Unlock()
	if len(arrived) == 0 {
		return nil
	}
	err := c.platform.Outbox().Finish(ctx, arrived...)
	if err != nil {
		c.mu.Lock()
		c.arrived = append(arrived, c.arrived...)
		c.mu.Unlock()
	}
	return err
}
