package codec

import (
	"cmp"
	"time"

	"github.com/tenantry/tenantry/internal/schema"
)

// Date is a day of the Gregorian calendar, without a time and without a zone. The zero value is no day. Dates may
// be compared with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of a moment, in the moment's own zone.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, bool) {
	value, ok := schema.ParseText(schema.Date, text)
	if !ok {
		return Date{}, false
	}
	return DateOf(value.Time()), true
}

// Time returns the beginning of the day in UTC.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Valid reports whether the calendar has the day, between the years 1 and 9999.
func (d Date) Valid() bool { return d.Year >= 1 && d.Year <= 9999 && DateOf(d.Time()) == d }

// AddDays returns the day n days later, or earlier where n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// Compare returns -1, 0 or 1 as d is before o, the same day, or after it.
func (d Date) Compare(o Date) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After reports whether d is a later day than o.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// String returns YYYY-MM-DD.
func (d Date) String() string { return d.Time().Format(schema.DateForm) }

// MarshalText implements encoding.TextMarshaler: YYYY-MM-DD, empty for the zero value.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	if !d.Valid() {
		return nil, errNotDate
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, ok := ParseDate(string(text))
	if !ok {
		return errNotDate
	}
	*d = parsed
	return nil
}

type dateError string

func (e dateError) Error() string { return string(e) }

const errNotDate = dateError("not a day of the form YYYY-MM-DD")
