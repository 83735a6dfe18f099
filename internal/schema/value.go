package schema

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/tenantry/tenantry/internal/id"
)

// Type is the type of a field and of a Value.
type Type uint8

// The types. Object and Array occur in a Shape alone.
const (
	Invalid Type = iota
	Text         // UTF-8 without NUL
	Integer      // 64 bits, signed
	Number       // IEEE 754 double
	Boolean
	Time // a moment in UTC, in microseconds
	Date // a day of the Gregorian calendar
	UUID
	JSON // a JSON object, kept as compact text
	Object
	Array
)

// String returns the type's name as tags and messages have it.
func (t Type) String() string {
	names := [...]string{"invalid", "text", "integer", "number", "boolean", "time", "date", "uuid", "json", "object", "array"}
	if int(t) < len(names) {
		return names[t]
	}
	return "invalid"
}

// Value is the value of one field: null, or a value of one Type. It is a plain struct so that a row of them can
// be read again and again into the same memory. A Value that an engine hands to a callback may point into the
// driver's buffer: Clone what is kept.
type Value struct {
	typ Type // Invalid is null
	num uint64
	raw []byte
}

// Null returns the null value.
func Null() Value { return Value{} }

// Bytes returns a text value over b, which must be valid UTF-8 and is not copied.
func Bytes(b []byte) Value { return Value{typ: Text, raw: b} }

// String returns a text value.
func String(s string) Value { return Value{typ: Text, raw: []byte(s)} }

// Int returns an integer value.
func Int(n int64) Value { return Value{typ: Integer, num: uint64(n)} } //nolint:gosec // the bits are kept, not the number

// Float returns a number value.
func Float(f float64) Value { return Value{typ: Number, num: math.Float64bits(f)} }

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{typ: Boolean, num: 1}
	}
	return Value{typ: Boolean}
}

// Micros returns a time value from microseconds since 1970-01-01T00:00:00Z.
func Micros(n int64) Value { return Value{typ: Time, num: uint64(n)} } //nolint:gosec // the bits are kept, not the number

// Moment returns a time value, cut to microseconds.
func Moment(t time.Time) Value { return Micros(t.UnixMicro()) }

// Days returns a date value from days since 1970-01-01.
func Days(n int64) Value { return Value{typ: Date, num: uint64(n)} } //nolint:gosec // the bits are kept, not the number

// ID returns a UUID value.
func ID(i id.ID) Value { return Value{typ: UUID, raw: i[:]} }

// RawID returns a UUID value over 16 bytes, which are not copied.
func RawID(b []byte) Value { return Value{typ: UUID, raw: b} }

// RawJSON returns a JSON value over compact text, which is not copied.
func RawJSON(b []byte) Value { return Value{typ: JSON, raw: b} }

// Type returns the value's type, Invalid for null.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.typ == Invalid }

// Text returns a text or JSON value as a new string, empty for others.
func (v Value) Text() string {
	if v.typ == Text || v.typ == JSON {
		return string(v.raw)
	}
	return ""
}

// Raw returns the bytes of a text, JSON or UUID value without a copy.
func (v Value) Raw() []byte { return v.raw }

// Int returns an integer, the microseconds of a time or the days of a date.
func (v Value) Int() int64 { return int64(v.num) } //nolint:gosec // the bits are kept, not the number

// Float returns a number.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Bool returns a boolean.
func (v Value) Bool() bool { return v.typ == Boolean && v.num == 1 }

// Time returns a time or date value in UTC, the zero time for others.
func (v Value) Time() time.Time {
	switch v.typ {
	case Time:
		return time.UnixMicro(v.Int()).UTC()
	case Date:
		return time.Unix(v.Int()*86400, 0).UTC()
	default:
		return time.Time{}
	}
}

// ID returns a UUID, the zero id for others.
func (v Value) ID() id.ID {
	var out id.ID
	if v.typ == UUID {
		copy(out[:], v.raw)
	}
	return out
}

// Equal reports whether both are null, or of one type and the same value.
func (v Value) Equal(o Value) bool {
	return v.typ == o.typ && v.num == o.num && bytes.Equal(v.raw, o.raw)
}

// Clone returns a value that shares no memory with v.
func (v Value) Clone() Value {
	v.raw = bytes.Clone(v.raw)
	return v
}

// DateOf returns the date value of a day, false outside of years 1 to 9999.
func DateOf(t time.Time) (Value, bool) {
	if y := t.Year(); y < 1 || y > 9999 {
		return Value{}, false
	}
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return Days(floorDiv(day.Unix(), 86400)), true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// The forms of times and dates in JSON and in query parameters.
const (
	TimeForm = "2006-01-02T15:04:05.000000Z"
	DateForm = "2006-01-02"
)

// AppendJSON appends the value as JSON: times in RFC 3339 with microseconds, dates as YYYY-MM-DD, integers and
// numbers as they are, text quoted.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.typ {
	case Text:
		return appendQuoted(dst, v.raw)
	case Integer:
		return strconv.AppendInt(dst, v.Int(), 10)
	case Number:
		return appendNumber(dst, v.Float())
	case Boolean:
		return strconv.AppendBool(dst, v.num == 1)
	case Time:
		dst = append(dst, '"')
		dst = appendTime(dst, v.Time())
		return append(dst, '"')
	case Date:
		dst = append(dst, '"')
		dst = appendDay(dst, v.Time())
		return append(dst, '"')
	case UUID:
		dst = append(dst, '"')
		dst = v.ID().Append(dst)
		return append(dst, '"')
	case JSON:
		return appendObject(dst, v.raw)
	default:
		return append(dst, "null"...)
	}
}
