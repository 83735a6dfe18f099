package schema

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/id"
)

// ParseText reads a value of the type from the text of a query parameter or of a JSON string. It returns false
// where the text is no such value; JSON, Object and Array have no such form.
func ParseText(t Type, text string) (Value, bool) {
	switch t {
	case Text:
		return String(text), !strings.Contains(text, "\x00")
	case Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		return Int(n), err == nil && text[0] != '+'
	case Number:
		f, err := strconv.ParseFloat(text, 64)
		return Float(f), err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	case Boolean:
		return Bool(text == "true"), text == "true" || text == "false"
	case Time:
		return parseTime(text)
	case Date:
		day, err := time.Parse(DateForm, text)
		if err != nil {
			return Value{}, false
		}
		return DateOf(day)
	case UUID:
		parsed, ok := id.Parse(text)
		return ID(parsed), ok
	default:
		return Value{}, false
	}
}

// parseTime reads RFC 3339 with any offset; digits beyond microseconds are cut.
func parseTime(text string) (Value, bool) {
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return Value{}, false
	}
	moment = moment.UTC()
	if y := moment.Year(); y < 1 || y > 9999 {
		return Value{}, false
	}
	return Moment(moment), true
}
