package postgres

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// PostgreSQL counts moments and days from 2000-01-01, schema.Value from 1970-01-01.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86_400_000_000
)

// payload is the type of an argument that is bytea; no field has it.
const payload = schema.Array

// oid returns the type that an argument of the given type is sent as. It is always named, so that the server never
// guesses from the text around a placeholder.
func oid(t schema.Type) uint32 {
	switch t {
	case schema.Integer:
		return pgtype.Int8OID
	case schema.Number:
		return pgtype.Float8OID
	case schema.Boolean:
		return pgtype.BoolOID
	case schema.Time:
		return pgtype.TimestamptzOID
	case schema.Date:
		return pgtype.DateOID
	case schema.UUID:
		return pgtype.UUIDOID
	case schema.JSON:
		return pgtype.JSONOID
	case payload:
		return pgtype.ByteaOID
	default:
		return pgtype.TextOID
	}
}

// binaryFormat asks for all parameters or all columns in binary form.
func binaryFormat() []int16 { return []int16{pgtype.BinaryFormatCode} }

// params holds the arguments of one statement in the form of the wire. Its memory is used again and again.
type params struct {
	buf    []byte
	values [][]byte
	oids   []uint32
}

// set encodes args. The driver copies values at once, so they are good until the next call.
func (p *params) set(args []sqlgen.Arg) {
	p.buf, p.values, p.oids = p.buf[:0], p.values[:0], p.oids[:0]
	// The values are slices of buf, which therefore must not move while they are made.
	if need := 8 * len(args); cap(p.buf) < need {
		p.buf = make([]byte, 0, 2*need)
	}
	for i := range args {
		p.values = append(p.values, p.encode(args[i].Value))
		p.oids = append(p.oids, oid(args[i].Type))
	}
}

func (p *params) encode(v schema.Value) []byte {
	start := len(p.buf)
	switch v.Type() {
	case schema.Invalid:
		return nil // null
	case schema.Integer:
		p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(v.Int())) //nolint:gosec // the bits are sent, not the number
	case schema.Number:
		p.buf = binary.BigEndian.AppendUint64(p.buf, math.Float64bits(v.Float()))
	case schema.Time:
		p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(v.Int()-epochMicros)) //nolint:gosec // as above
	case schema.Date:
		p.buf = binary.BigEndian.AppendUint32(p.buf, uint32(v.Int()-epochDays)) //nolint:gosec // year 9999 fits
	case schema.Boolean:
		p.buf = append(p.buf, 0)
		if v.Bool() {
			p.buf[start] = 1
		}
	default:
		if raw := v.Raw(); raw != nil {
			return raw
		}
		return []byte{} // nil would be null
	}
	return p.buf[start:len(p.buf):len(p.buf)]
}

// decode reads one column in binary form. The value points into raw, which the driver uses again for the next row.
func decode(t schema.Type, raw []byte) (schema.Value, error) {
	if raw == nil {
		return schema.Null(), nil
	}
	switch t {
	case schema.Text:
		return schema.Bytes(raw), nil
	case schema.JSON:
		return schema.RawJSON(raw), nil
	case schema.UUID:
		if len(raw) == 16 {
			return schema.RawID(raw), nil
		}
	case schema.Integer:
		if len(raw) == 8 {
			return schema.Int(int64(binary.BigEndian.Uint64(raw))), nil //nolint:gosec // the bits, not the number
		}
	case schema.Number:
		if len(raw) == 8 {
			return schema.Float(math.Float64frombits(binary.BigEndian.Uint64(raw))), nil
		}
	case schema.Boolean:
		if len(raw) == 1 {
			return schema.Bool(raw[0] == 1), nil
		}
	case schema.Time:
		if len(raw) == 8 {
			return schema.Micros(int64(binary.BigEndian.Uint64(raw)) + epochMicros), nil //nolint:gosec // as above
		}
	case schema.Date:
		if len(raw) == 4 {
			return schema.Days(int64(int32(binary.BigEndian.Uint32(raw))) + epochDays), nil //nolint:gosec // as above
		}
	default: // no column has another type
	}
	return schema.Value{}, fmt.Errorf("a column of %d bytes is no %s", len(raw), t)
}

// decodeRow reads a row into values, which are aligned with the resource's fields, and returns the version that
// stands behind them.
func decodeRow(r *schema.Resource, columns [][]byte, values []schema.Value) (version int64, err error) {
	if len(columns) != len(r.Fields)+1 {
		return 0, fmt.Errorf("read %s: %d columns for %d fields", r.Name, len(columns), len(r.Fields))
	}
	for i := range r.Fields {
		if values[i], err = decode(r.Fields[i].Type, columns[i]); err != nil {
			return 0, fmt.Errorf("read %s.%s: %w", r.Name, r.Fields[i].Name, err)
		}
	}
	version, err = decodeInt(columns[len(r.Fields)])
	if err != nil {
		return 0, fmt.Errorf("read the version of %s: %w", r.Name, err)
	}
	return version, nil
}

// decodeOwn reads the row that rows is at into memory of its own: the row's bytes in one piece, its values in
// another.
func decodeOwn(r *schema.Resource, rows *pgconn.ResultReader) (storage.Record, error) {
	columns := rows.Values()
	size := 0
	for _, column := range columns {
		size += len(column)
	}
	own, bytes := make([][]byte, len(columns)), make([]byte, 0, size)
	for i, column := range columns {
		if column != nil {
			start := len(bytes)
			bytes = append(bytes, column...)
			own[i] = bytes[start:len(bytes):len(bytes)]
		}
	}
	rec := storage.Record{Values: make([]schema.Value, len(r.Fields))}
	var err error
	rec.Version, err = decodeRow(r, own, rec.Values)
	return rec, err
}

// decodeInt reads an integer of four or eight bytes.
func decodeInt(raw []byte) (int64, error) {
	switch len(raw) {
	case 4:
		return int64(int32(binary.BigEndian.Uint32(raw))), nil //nolint:gosec // the bits, not the number
	case 8:
		return int64(binary.BigEndian.Uint64(raw)), nil //nolint:gosec // as above
	default:
		return 0, fmt.Errorf("a column of %d bytes is no integer", len(raw))
	}
}
