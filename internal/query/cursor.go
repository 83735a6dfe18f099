package query

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// A cursor is base64url of: a byte for the form and the direction, the values of the order's keys in the record at
// the edge of a page, and the first 16 bytes of an HMAC-SHA256 over the list's scope and all of that. What is in it
// the client has seen already, or may see; what it can't do is make one, or use one elsewhere.

// maxCursor bounds the text of a cursor that is looked at. Five texts of 10,000 characters fit.
const maxCursor = 300_000

const (
	cursorForm     = 1 << 1
	cursorBackward = 1
	macSize        = 16
)

// encoding is strict: of the texts that decode to one cursor, one is accepted.
var encoding = base64.RawURLEncoding.Strict()

// Signer makes and checks the signatures of cursors. It may be used by any number of goroutines.
type Signer struct {
	key []byte
}

// NewSigner returns a signer with a key of its own, derived from one that may serve other purposes as well. All
// nodes need the same key, of at least 32 bytes.
func NewSigner(key []byte) *Signer {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("tenantry cursor v1"))
	return &Signer{key: mac.Sum(nil)}
}

func (s *Signer) mac(scope, payload []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(binary.AppendUvarint(nil, uint64(len(scope)))) // so that nothing moves from one into the other
	mac.Write(scope)
	mac.Write(payload)
	return mac.Sum(nil)[:macSize]
}

// seal makes a cursor.
func (s *Signer) seal(scope []byte, edge []schema.Value, backward bool) string {
	if s == nil {
		return ""
	}
	payload := []byte{cursorForm}
	if backward {
		payload[0] |= cursorBackward
	}
	for _, v := range edge {
		payload = appendValue(payload, v)
	}
	return encoding.EncodeToString(append(payload, s.mac(scope, payload)...))
}

// open returns what is in a cursor that was sealed for the scope.
func (s *Signer) open(text string, scope []byte, order []Key) (edge []schema.Value, backward, ok bool) {
	if s == nil || len(text) > maxCursor {
		return nil, false, false
	}
	data, err := encoding.DecodeString(text)
	// The decoder skips line breaks even when it is strict.
	if err != nil || len(data) <= macSize || strings.ContainsAny(text, "\r\n") {
		return nil, false, false
	}
	payload, mac := data[:len(data)-macSize], data[len(data)-macSize:]
	if !hmac.Equal(mac, s.mac(scope, payload)) || payload[0]&^cursorBackward != cursorForm {
		return nil, false, false
	}
	backward = payload[0]&cursorBackward != 0
	rest := payload[1:]
	for _, key := range order {
		var v schema.Value
		if v, rest, ok = cutValue(rest); !ok || !v.IsNull() && v.Type() != key.Field.Type {
			return nil, false, false
		}
		edge = append(edge, v)
	}
	return edge, backward, len(rest) == 0
}

// appendValue appends a value's type and its bits, so that it is read back exactly.
func appendValue(dst []byte, v schema.Value) []byte {
	dst = append(dst, byte(v.Type()))
	switch v.Type() {
	case schema.Text, schema.JSON, schema.UUID:
		return appendPart(dst, v.Raw())
	case schema.Number:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case schema.Integer, schema.Boolean, schema.Time, schema.Date:
		return binary.AppendVarint(dst, v.Int())
	default:
		return dst
	}
}

// cutValue reads what appendValue wrote.
func cutValue(data []byte) (v schema.Value, rest []byte, ok bool) {
	if len(data) == 0 {
		return v, nil, false
	}
	t, data := schema.Type(data[0]), data[1:]
	switch t {
	case schema.Invalid:
		return schema.Null(), data, true
	case schema.Number:
		if len(data) < 8 {
			return v, nil, false
		}
		return schema.Float(math.Float64frombits(binary.BigEndian.Uint64(data))), data[8:], true
	case schema.Text, schema.JSON, schema.UUID:
		size, n := binary.Uvarint(data)
		if n <= 0 || size > maxCursor || int(size) > len(data)-n {
			return v, nil, false
		}
		end := n + int(size)
		v, ok = rawValue(t, data[n:end])
		return v, data[end:], ok
	default:
		bits, n := binary.Varint(data)
		if n <= 0 {
			return v, nil, false
		}
		v, ok = numValue(t, bits)
		return v, data[n:], ok
	}
}

func rawValue(t schema.Type, raw []byte) (schema.Value, bool) {
	switch t {
	case schema.UUID:
		return schema.RawID(raw), len(raw) == len(id.ID{})
	case schema.JSON:
		return schema.RawJSON(raw), true
	default:
		return schema.Bytes(raw), true
	}
}

func numValue(t schema.Type, bits int64) (schema.Value, bool) {
	switch t {
	case schema.Integer:
		return schema.Int(bits), true
	case schema.Boolean:
		return schema.Bool(bits != 0), true
	case schema.Time:
		return schema.Micros(bits), true
	case schema.Date:
		return schema.Days(bits), true
	default:
		return schema.Value{}, false
	}
}

func appendPart(dst, part []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(part)))
	return append(dst, part...)
}

// scopeOf returns the bytes that stand for a list: tenant, resource, conditions, search and order. Each part has
// its length, so that no two lists have the same bytes; conditions come in the order of their parameters' names,
// so that the order in the URL does not matter. The size of a page is no part of it: it may change on the way.
func scopeOf(r *schema.Resource, opt Options, list *List) []byte {
	out := append(make([]byte, 0, 256), opt.Tenant[:]...)
	out = appendPart(out, []byte(r.Name))
	for _, field := range opt.Requires {
		out = appendPart(append(out, 'r'), []byte(field))
	}
	if opt.Parent != nil {
		out = append(out, 'p') // the first condition is the path's, not the client's
	}
	for i := range list.Where {
		c := &list.Where[i]
		out = appendPart(append(out, 'w', byte(c.Op)), []byte(c.Field.Name))
		out = binary.AppendUvarint(out, uint64(len(c.Values)))
		for _, v := range c.Values {
			out = appendValue(out, v)
		}
	}
	for _, term := range list.Search {
		out = appendPart(append(out, 's'), []byte(term))
	}
	for _, key := range list.Order {
		direction := byte('+')
		if key.Desc {
			direction = '-'
		}
		out = appendPart(append(out, 'o', direction), []byte(key.Field.Name))
	}
	return out
}
