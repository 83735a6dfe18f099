package codec

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// flaw is what is wrong with a value, apart from where it stands. The zero value is no flaw.
type flaw struct {
	code, message string
}

func (f flaw) is() bool { return f.code != "" }

func (f flaw) at(name string) fault.Field {
	return fault.Field{Name: name, Code: f.code, Message: f.message}
}

// The flaws that occur in more than one place.
var (
	flawNull     = flaw{fault.FieldNull, "must not be null"}
	flawNUL      = flaw{fault.FieldFormat, "must not contain the character NUL"}
	flawUTF8     = flaw{fault.FieldFormat, "must be valid UTF-8"}
	flawInfinite = flaw{fault.FieldInvalid, "must be a finite number"}
	flawUUID     = flaw{fault.FieldFormat, "must be a UUID in its canonical form"}
	flawTime     = flaw{fault.FieldFormat, "must be a time in RFC 3339, such as 2026-11-23T09:00:00Z"}
	flawDate     = flaw{fault.FieldFormat, "must be a date of the form YYYY-MM-DD"}
	flawObject   = flaw{fault.FieldType, "must be a JSON object"}
	flawDepth    = flaw{fault.FieldInvalid, fmt.Sprintf("must not be nested deeper than %d levels", maxDepth-1)}
	flawDouble   = flaw{fault.FieldInvalid, "must be within the range of a double"}
	flawRange    = flaw{fault.FieldInvalid, "must not contain a number beyond the range of a double"}
)

// check checks a value of the field's own type against the field's rules.
func check(f *schema.Field, v schema.Value) flaw {
	if v.IsNull() {
		if f.Nullable {
			return flaw{}
		}
		return flawNull
	}
	switch f.Type {
	case schema.Text:
		return checkText(f, v.Raw())
	case schema.Integer:
		return checkInteger(f, v.Int())
	case schema.Number:
		return checkNumber(f, v.Float())
	case schema.JSON:
		if f.MaxLength > 0 && len(v.Raw()) > f.MaxLength {
			return flaw{fault.FieldTooLong, fmt.Sprintf("must have at most %d bytes", f.MaxLength)}
		}
	default: // their values have no bounds
	}
	return flaw{}
}

func checkText(f *schema.Field, text []byte) flaw {
	if bytes.IndexByte(text, 0) >= 0 {
		return flawNUL
	}
	if len(f.Enum) > 0 {
		if slices.Contains(f.Enum, string(text)) {
			return flaw{}
		}
		return flaw{fault.FieldChoice, "must be one of: " + strings.Join(f.Enum, ", ")}
	}
	if f.MinLength > 0 && len(bytes.TrimSpace(text)) == 0 {
		return flaw{fault.FieldTooShort, "must not be blank"}
	}
	if n := utf8.RuneCount(text); n < f.MinLength {
		return flaw{fault.FieldTooShort, fmt.Sprintf("must have at least %d characters", f.MinLength)}
	} else if f.MaxLength > 0 && n > f.MaxLength {
		return flaw{fault.FieldTooLong, fmt.Sprintf("must have at most %d characters", f.MaxLength)}
	}
	return flaw{}
}

func checkInteger(f *schema.Field, n int64) flaw {
	switch {
	case f.Min != nil && n < *f.Min:
		return tooSmall(*f.Min)
	case f.Max != nil && n > *f.Max:
		return tooLarge(*f.Max)
	}
	return flaw{}
}

func checkNumber(f *schema.Field, n float64) flaw {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return flawInfinite
	case f.Min != nil && n < float64(*f.Min):
		return tooSmall(*f.Min)
	case f.Max != nil && n > float64(*f.Max):
		return tooLarge(*f.Max)
	}
	return flaw{}
}

func tooSmall(bound int64) flaw {
	return flaw{fault.FieldTooSmall, fmt.Sprintf("must be at least %d", bound)}
}

func tooLarge(bound int64) flaw {
	return flaw{fault.FieldTooLarge, fmt.Sprintf("must be at most %d", bound)}
}
