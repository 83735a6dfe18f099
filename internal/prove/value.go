package prove

import (
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maker makes values that a schema takes. Each text holds the mark of the tenant that it is for, and each number is one
// that nobody would come to by counting, so that both are known again wherever they turn up.
type maker struct {
	mark  string
	made  int
	clock func() time.Time
}

// markLength is the length of a mark. No word of a document and no id is as long and made of these letters.
const markLength = 11

// newMark returns a mark: letters that survive every change of case.
func newMark() string {
	const letters = "bcdfghjkmnpqrstvwxz" // no vowels, so that no word comes of it
	out := make([]byte, markLength)
	for i := range out {
		out[i] = letters[random(int64(len(letters)))]
	}
	return string(out)
}

// random returns a number below n. It can't be foreseen, so that no service can tell what is going to be looked for.
func random(n int64) int64 {
	out, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil { // the system's source has never failed since Go 1.24
		return 0
	}
	return out.Int64()
}

// newID returns a UUID of version 7 that names nothing.
func newID(now time.Time) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i) & 0xff)
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// value returns a value that the schema takes, nil where none is known. choice chooses among several, from 0.
func (m *maker) value(schema node, choice int) any {
	if all := list(schema["enum"]); len(all) > 0 {
		return all[choice%len(all)]
	}
	switch typeOf(schema) {
	case "string":
		return m.string(schema)
	case "integer":
		return m.number(schema, choice)
	case "number":
		return float64(m.number(schema, choice)) + 0.5
	case "boolean":
		return choice%2 == 0
	case "array":
		if item := m.value(object(schema["items"]), choice); item != nil {
			return []any{item}
		}
		return []any{}
	case "object":
		return map[string]any{"note": m.text(0, 0)}
	default:
		return nil
	}
}

// typeOf returns the type of a schema beside null.
func typeOf(schema node) string {
	if one := text(schema["type"]); one != "" {
		return one
	}
	for _, one := range list(schema["type"]) {
		if one != "null" {
			return text(one)
		}
	}
	return ""
}

func (m *maker) string(schema node) any {
	switch text(schema["format"]) {
	case "uuid":
		return newID(m.clock())
	case "date":
		return m.clock().UTC().AddDate(0, 0, 14+int(random(60))).Format(time.DateOnly)
	case "date-time":
		return m.clock().UTC().AddDate(0, 0, 14+int(random(60))).Format("2006-01-02T15:04:05.000000Z")
	case "email":
		return m.text(0, 0) + "@example.com"
	case "uri", "uri-reference":
		return "https://example.com/" + m.text(0, 0)
	}
	made := m.text(size(schema["minLength"]), size(schema["maxLength"]))
	pattern := text(schema["pattern"])
	if pattern == "" {
		return made
	}
	fits, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	for _, form := range []string{made, strings.ToUpper(made), "a" + made, made[:min(len(made), 8)], strconv.FormatInt(10_000+random(90_000), 10)} {
		if fits.MatchString(form) {
			return form
		}
	}
	return nil
}

func size(v any) int {
	n, _ := v.(float64)
	return int(n)
}

// text returns a text of the length that holds the mark, where it has room for it.
func (m *maker) text(least, most int) string {
	m.made++
	out := m.mark + strconv.FormatInt(int64(1000+m.made), 36)
	for len(out) < least {
		out += m.mark
	}
	if most > 0 && len(out) > most {
		// The number tells values apart, so its end stays.
		return out[len(out)-most:]
	}
	return out
}

// number returns a whole number within the bounds: of seven or eight digits, where these leave room for it.
func (m *maker) number(schema node, choice int) int64 {
	least, bounded := schema["minimum"].(float64)
	most, capped := schema["maximum"].(float64)
	low, high := int64(1_000_000), int64(90_000_000)
	if choice > 0 { // large ones were refused
		low, high = 1, 100
	}
	if bounded && int64(least) > low {
		low = int64(least)
		high = max(high, low+1_000_000)
	}
	if capped && int64(most) < high {
		high = int64(most)
		low = min(low, high)
		if bounded {
			low = max(low, int64(least))
		} else if high > 0 {
			low = min(low, high/2)
		}
	}
	return low + random(high-low+1)
}
