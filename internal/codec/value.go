package codec

import (
	"bytes"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// read reads a field's value from JSON that is known to be valid, without a look at the field's rules. Nothing is
// coerced: "1" is no integer.
func read(f *schema.Field, raw jsontext.Value) (schema.Value, flaw) {
	kind := raw.Kind()
	if kind == jsontext.KindNull {
		return schema.Null(), flaw{}
	}
	switch f.Type {
	case schema.Text:
		return readText(kind, raw)
	case schema.Integer:
		if kind != jsontext.KindNumber {
			return schema.Value{}, wrongType("an integer")
		}
		return readInteger(f, raw)
	case schema.Number:
		if kind != jsontext.KindNumber {
			return schema.Value{}, wrongType("a number")
		}
		return readNumber(raw)
	case schema.Boolean:
		if kind != jsontext.KindTrue && kind != jsontext.KindFalse {
			return schema.Value{}, wrongType("true or false")
		}
		return schema.Bool(kind == jsontext.KindTrue), flaw{}
	case schema.Time:
		return readString(schema.Time, kind, raw, flawTime)
	case schema.Date:
		return readString(schema.Date, kind, raw, flawDate)
	case schema.UUID:
		value, flaw := readString(schema.UUID, kind, raw, flawUUID)
		if !flaw.is() && value.ID() == (id.ID{}) {
			return schema.Value{}, flawUUID
		}
		return value, flaw
	case schema.JSON:
		compact, flaw := compactObject(raw)
		return schema.RawJSON(compact), flaw
	default:
		return schema.Value{}, wrongType("left out")
	}
}

func wrongType(expected string) flaw {
	return flaw{fault.FieldType, "must be " + expected}
}

func readText(kind jsontext.Kind, raw jsontext.Value) (schema.Value, flaw) {
	if kind != jsontext.KindString {
		return schema.Value{}, wrongType("a string")
	}
	text, err := jsontext.AppendUnquote(make([]byte, 0, len(raw)), raw)
	if err != nil {
		return schema.Value{}, flawUTF8
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return schema.Value{}, flawNUL
	}
	return schema.Bytes(text), flaw{}
}

// readString reads a value that has the form of a string.
func readString(t schema.Type, kind jsontext.Kind, raw jsontext.Value, wrong flaw) (schema.Value, flaw) {
	if kind != jsontext.KindString {
		return schema.Value{}, flaw{fault.FieldType, wrong.message + ", as a string"}
	}
	text, err := jsontext.AppendUnquote(make([]byte, 0, 64), raw)
	if err != nil {
		return schema.Value{}, wrong
	}
	value, ok := schema.ParseText(t, string(text))
	if !ok {
		return schema.Value{}, wrong
	}
	return value, flaw{}
}

func readNumber(raw jsontext.Value) (schema.Value, flaw) {
	number, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(number, 0) {
		return schema.Value{}, flawDouble
	}
	return schema.Float(number + 0), flaw{} // -0 + 0 is 0: there is one zero
}

// readInteger reads a JSON number that is integral, in whatever form: 1.0 and 1e3 are integers.
func readInteger(f *schema.Field, raw []byte) (schema.Value, flaw) {
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return schema.Int(n), flaw{}
	}
	negative := raw[0] == '-'
	digits, exponent := significant(raw)
	switch {
	case len(digits) == 0:
		return schema.Int(0), flaw{}
	case exponent < 0:
		return schema.Value{}, wrongType("an integer")
	case len(digits)+exponent <= 19: // so many digits has the largest int64
		for range exponent {
			digits = append(digits, '0')
		}
		if negative {
			digits = append([]byte{'-'}, digits...)
		}
		if n, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
			return schema.Int(n), flaw{}
		}
	}
	switch {
	case negative && f.Min != nil:
		return schema.Value{}, tooSmall(*f.Min)
	case negative:
		return schema.Value{}, tooSmall(math.MinInt64)
	case f.Max != nil:
		return schema.Value{}, tooLarge(*f.Max)
	default:
		return schema.Value{}, tooLarge(math.MaxInt64)
	}
}

// significant splits a JSON number into its digits, without zeros at either end, and the power of ten that they
// are multiplied by. It does not compute: 1e1000000000 is a short text and a very long number.
func significant(raw []byte) (digits []byte, exponent int) {
	fraction := false
	for i, c := range raw {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
			if fraction {
				exponent--
			}
		case c == '.':
			fraction = true
		case c == 'e' || c == 'E':
			exponent += power(raw[i+1:])
			return trimZeros(digits, exponent)
		}
	}
	return trimZeros(digits, exponent)
}

func trimZeros(digits []byte, exponent int) ([]byte, int) {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		exponent++
	}
	return digits, exponent
}

// power reads the exponent of a JSON number. It is cut where no number of digits that fits into a body could make
// up for it.
func power(text []byte) int {
	const limit = 1 << 40
	n, err := strconv.ParseInt(string(text), 10, 64)
	switch {
	case err == nil:
		return int(min(max(n, -limit), limit))
	case text[0] == '-':
		return -limit
	default:
		return limit
	}
}
