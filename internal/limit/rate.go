package limit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is how much is allowed: Count in Per, as a burst or spread. The zero Rate is no limit.
type Rate struct {
	Count int64
	Per   time.Duration
}

// The bounds of a rate. Within them all arithmetic on microseconds is exact, in Go and in the doubles of Lua.
const (
	MaxCount = 1_000_000_000
	MaxPer   = 31 * 24 * time.Hour
)

const rateForm = `it takes COUNT/PERIOD, such as 100/h, 5/s or 50/10m, or "off"`

// ParseRate reads a rate: 100/h, 5/s, 50/10m, 1000/d. 0 and off are no limit.
func ParseRate(text string) (Rate, error) {
	if text == "0" || text == "off" {
		return Rate{}, nil
	}
	count, period, found := strings.Cut(text, "/")
	if !found {
		return Rate{}, fmt.Errorf("%q is not a rate; %s", text, rateForm)
	}
	n, ok := parseNumber(count, MaxCount)
	if !ok {
		return Rate{}, fmt.Errorf("%q is not a rate: the count is a whole number from 1 to %d; %s", text, MaxCount, rateForm)
	}
	per, ok := parsePeriod(period)
	if !ok {
		return Rate{}, fmt.Errorf("%q is not a rate: the period is s, m, h or d, or a number of them, of 31d at most; %s", text, rateForm)
	}
	return Rate{n, per}, nil
}

// parseNumber reads a positive number in plain digits.
func parseNumber(text string, most int64) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && n <= most && text[0] >= '1' && text[0] <= '9'
}

func parsePeriod(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	unit, ok := unitOf(text[len(text)-1])
	if !ok {
		return 0, false
	}
	number := text[:len(text)-1]
	if number == "" {
		return unit, true
	}
	n, ok := parseNumber(number, int64(MaxPer/unit))
	return time.Duration(n) * unit, ok
}

func unitOf(letter byte) (time.Duration, bool) {
	switch letter {
	case 's':
		return time.Second, true
	case 'm':
		return time.Minute, true
	case 'h':
		return time.Hour, true
	case 'd':
		return 24 * time.Hour, true
	default:
		return 0, false
	}
}

// Unlimited reports whether the rate is no limit.
func (r Rate) Unlimited() bool { return r.Count == 0 }

// Seconds is the period in seconds.
func (r Rate) Seconds() int64 { return int64(r.Per / time.Second) }

// String returns the rate as ParseRate reads it.
func (r Rate) String() string {
	if r.Unlimited() {
		return "off"
	}
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for _, u := range units {
		if r.Per%u.length != 0 {
			continue
		}
		if r.Per == u.length {
			return fmt.Sprintf("%d/%s", r.Count, u.name)
		}
		return fmt.Sprintf("%d/%d%s", r.Count, r.Per/u.length, u.name)
	}
	return fmt.Sprintf("%d/%s", r.Count, r.Per) // none that ParseRate makes
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
