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
		return parseNumber(text)
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

// parseNumber reads a decimal number. Go's own hexadecimal, infinite and underscored forms are refused.
func parseNumber(text string) (Value, bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" || strings.HasPrefix(text, "+") {
		return Value{}, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return Float(f + 0), err == nil && !math.IsInf(f, 0) // -0 + 0 is 0: there is one zero
}

// parseTime reads RFC 3339 with any offset; digits beyond microseconds are cut. time.Parse is laxer than the
// standard in two places: it takes hours of one digit, and a comma before the fraction.
func parseTime(text string) (Value, bool) {
	if len(text) < len("2006-01-02T15:04:05Z") || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
		return Value{}, false
	}
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
