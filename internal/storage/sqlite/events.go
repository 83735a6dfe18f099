package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// appendEvents adds the transaction's events to the trail, last of all. There is one writer, so the head can't move
// between reading and writing it.
func (t *tx) appendEvents(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	seq, hash, err := readHead(ctx, t.session)
	if err != nil {
		return err
	}
	for _, event := range t.events {
		seq++
		hash = storage.ChainHash(hash, seq, event.Payload())
		event.Seq, event.Hash = seq, hash
		if _, err := t.session.exec(ctx, t.build.Insert(t.engine.events, eventRecord(event))); err != nil {
			return fmt.Errorf("append an event: %w", err)
		}
	}
	return t.setHead(ctx, seq, hash)
}

// Head implements storage.Store.
func (s *store) Head(ctx context.Context) (seq int64, hash [sha256.Size]byte, err error) {
	err = run(ctx, s.file.db.reads, func(c *session) error {
		seq, hash, err = readHead(ctx, c)
		return err
	})
	return seq, hash, err
}

func readHead(ctx context.Context, c *session) (seq int64, hash [sha256.Size]byte, err error) {
	err = c.query(ctx, sqlgen.Statement{SQL: "SELECT seq, hash FROM event_head WHERE id = 1"}, func(row []driver.Value) error {
		var ok bool
		if seq, ok = row[0].(int64); !ok {
			return fmt.Errorf("the last event's number is of type %T", row[0])
		}
		text, _ := row[1].(string)
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != len(hash) && seq > 0 {
			return errors.New("the last event's hash is no SHA-256")
		}
		copy(hash[:], sum)
		return nil
	})
	return seq, hash, err
}

func (t *tx) setHead(ctx context.Context, seq int64, hash [sha256.Size]byte) error {
	n, err := t.session.exec(ctx, sqlgen.Statement{
		SQL: "UPDATE event_head SET seq = ?1, hash = ?2 WHERE id = 1",
		Args: []sqlgen.Arg{
			{Type: schema.Integer, Value: schema.Int(seq)},
			{Type: schema.Text, Value: schema.String(hex.EncodeToString(hash[:]))},
		},
	})
	if err == nil && n != 1 {
		err = errors.New("the file has lost the number of its last event")
	}
	return err
}

// eventRecord returns an event as a record of storage.Events.
func eventRecord(e storage.Event) storage.Record {
	values := make([]schema.Value, storage.EventActorID+1)
	values[storage.EventID] = schema.ID(e.ID)
	values[storage.EventSeq] = schema.Int(e.Seq)
	values[storage.EventAt] = schema.Moment(e.At)
	values[storage.EventActor] = schema.RawJSON(e.Actor)
	values[storage.EventAction] = schema.String(e.Action)
	values[storage.EventResource] = schema.String(e.Resource)
	if e.Record != (id.ID{}) {
		values[storage.EventRecord] = schema.ID(e.Record)
	}
	values[storage.EventChanges] = schema.RawJSON(e.Changes)
	values[storage.EventRequestID] = schema.String(e.RequestID)
	values[storage.EventIP] = schema.String(e.IP)
	values[storage.EventHash] = schema.String(hex.EncodeToString(e.Hash[:]))
	values[storage.EventActorID] = schema.ID(e.ActorID)
	return storage.Record{Version: 1, Values: values}
}
