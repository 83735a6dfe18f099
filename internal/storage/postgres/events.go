package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

const eventColumns = "(tenant_id, id, at, actor, action, resource, record, changes, request_id, ip, actor_id, seq, hash)"

const firstHash = `'\x0000000000000000000000000000000000000000000000000000000000000000'::bytea`

// appendOne takes the tenant's next number, computes the hash and adds the event, all in one statement; the hash is
// storage.ChainHash's. The head is locked from here to the commit, so it stands last in a transaction.
const appendOne = "WITH head AS (INSERT INTO tenant.event_heads AS h (tenant_id, seq, hash)" +
	" VALUES ($1, 1, sha256(" + firstHash + " || int8send(1) || $12))" +
	" ON CONFLICT (tenant_id) DO UPDATE SET seq = h.seq + 1, hash = sha256(h.hash || int8send(h.seq + 1) || $12)" +
	" RETURNING seq, hash)" +
	" INSERT INTO tenant.events " + eventColumns +
	" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, head.seq, encode(head.hash, 'hex') FROM head RETURNING seq"

// Several events are chained here instead: a head that one transaction writes a thousand times is slow to find.
const (
	lockHead = "INSERT INTO tenant.event_heads AS h (tenant_id, seq, hash) VALUES ($1, 0, " + firstHash + ")" +
		" ON CONFLICT (tenant_id) DO UPDATE SET seq = h.seq RETURNING seq, hash"
	insertEvent = "INSERT INTO tenant.events " + eventColumns +
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
	readHead = "SELECT seq, hash FROM tenant.event_heads WHERE tenant_id = $1"
	moveHead = "UPDATE tenant.event_heads SET seq = $2, hash = $3 WHERE tenant_id = $1"
)

// append returns the steps that add the events, to go out with COMMIT.
func (t *tx) append(ctx context.Context) ([]step, error) {
	switch len(t.events) {
	case 0:
		return nil, nil
	case 1:
		e := &t.events[0]
		return []step{plain(appendOne, append(t.eventArgs(e), sqlgen.Arg{Type: payload, Value: schema.Bytes(e.Payload())})...)}, nil
	default:
		return t.appendAll(ctx)
	}
}

// Head implements storage.Store.
func (s *store) Head(ctx context.Context) (seq int64, hash [sha256.Size]byte, err error) {
	read := plain(readHead, s.enter.Args[0])
	read.read = func(rows *pgconn.ResultReader) error {
		if !rows.NextRow() {
			return nil
		}
		seq, hash, err = decodeHead(rows)
		return err
	}
	err = s.engine.attempt(ctx, func(session *session) error {
		_, err := session.trip(ctx, []step{plain(beginOne), s.enter, read, plain("COMMIT")})
		return err
	})
	return seq, hash, err
}

func decodeHead(rows *pgconn.ResultReader) (seq int64, hash [sha256.Size]byte, err error) {
	if len(rows.Values()) != 2 || copy(hash[:], rows.Values()[1]) != len(hash) {
		return 0, hash, errors.New("postgres: the head of the events is not one")
	}
	seq, err = decodeInt(rows.Values()[0])
	return seq, hash, err
}

func (t *tx) appendAll(ctx context.Context) ([]step, error) {
	var seq int64
	var hash [sha256.Size]byte
	lock := plain(lockHead, t.tenant())
	lock.read = func(rows *pgconn.ResultReader) (err error) {
		if !rows.NextRow() {
			return errors.New("postgres: the head of the events is not one")
		}
		seq, hash, err = decodeHead(rows)
		return err
	}
	if err := t.flush(ctx, func(*session) []step { return []step{lock} }); err != nil {
		return nil, err
	}
	steps := make([]step, 0, len(t.events)+1)
	for i := range t.events {
		e := &t.events[i]
		seq++
		hash = storage.ChainHash(hash, seq, e.Payload())
		steps = append(steps, plain(insertEvent, append(t.eventArgs(e),
			sqlgen.Arg{Type: schema.Integer, Value: schema.Int(seq)},
			sqlgen.Arg{Type: schema.Text, Value: schema.String(hex.EncodeToString(hash[:]))})...))
	}
	return append(steps, plain(moveHead, t.tenant(),
		sqlgen.Arg{Type: schema.Integer, Value: schema.Int(seq)},
		sqlgen.Arg{Type: payload, Value: schema.Bytes(hash[:])})), nil
}

func (t *tx) tenant() sqlgen.Arg { return t.store.enter.Args[0] }

// eventArgs returns the arguments of the first eleven of eventColumns.
func (t *tx) eventArgs(e *storage.Event) []sqlgen.Arg {
	record := schema.Null()
	if !e.Record.IsZero() {
		record = schema.RawID(e.Record[:])
	}
	return append(make([]sqlgen.Arg, 0, 13),
		t.tenant(),
		sqlgen.Arg{Type: schema.UUID, Value: schema.RawID(e.ID[:])},
		sqlgen.Arg{Type: schema.Time, Value: schema.Moment(e.At)},
		sqlgen.Arg{Type: schema.JSON, Value: schema.RawJSON(e.Actor)},
		text(e.Action),
		text(e.Resource),
		sqlgen.Arg{Type: schema.UUID, Value: record},
		sqlgen.Arg{Type: schema.JSON, Value: schema.RawJSON(e.Changes)},
		text(e.RequestID),
		text(e.IP),
		sqlgen.Arg{Type: schema.UUID, Value: schema.RawID(e.ActorID[:])},
	)
}

func text(s string) sqlgen.Arg { return sqlgen.Arg{Type: schema.Text, Value: schema.String(s)} }
