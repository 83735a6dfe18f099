package limit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/limit"
)

func TestRates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]limit.Rate{
		"100/h": {100, time.Hour}, "1000/h": {1000, time.Hour}, "10/m": {10, time.Minute}, "5/s": {5, time.Second}, "50/10m": {50, 10 * time.Minute},
		"1/31d": {1, 31 * 24 * time.Hour}, "1000000000/s": {1_000_000_000, time.Second}, "7/90s": {7, 90 * time.Second}, "1/d": {1, 24 * time.Hour},
		"0": {}, "off": {},
	} {
		got, err := limit.ParseRate(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if back, err := limit.ParseRate(got.String()); err != nil || back != got {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for text, want := range map[string]string{"60/60s": "60/m", "1/24h": "1/d", "0": "off", "50/10m": "50/10m", "1/90m": "1/90m", "1/61s": "1/61s"} {
		if got, err := limit.ParseRate(text); err != nil || got.String() != want {
			t.Errorf("%s is written as %s, want %s", text, got, want)
		}
	}
}

func TestWhatIsNoRate(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "100", "/h", "100/", "100/H", "100/hour", "100 /h", "100/ h", " 100/h", "-1/h", "+1/h", "0/h", "1.5/h", "1e3/h", "0x10/h", "1_000/h",
		"01/h", "100/0h", "100/-1h", "100/01h", "100/1.5h", "100/32d", "100/745h", "1000000001/h", "99999999999999999999/h", "100/99999999999999999999s",
		"100/ms", "100/500ms", "100/h/h", "Off", "none", "100/ｈ", "１/h", "100/1w",
	} {
		rate, err := limit.ParseRate(text)
		if err == nil {
			t.Errorf("%q is taken as %s", text, rate)
			continue
		}
		if !strings.Contains(err.Error(), `"`+text+`"`) || !strings.Contains(err.Error(), "100/h") {
			t.Errorf("%q: the message doesn't name the value and what it takes: %v", text, err)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, text := range []string{"100/h", "50/10m", "off", "0", "1/31d", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rate, err := limit.ParseRate(text)
		if err != nil {
			return
		}
		if back, err := limit.ParseRate(rate.String()); err != nil || back != rate {
			t.Errorf("%q is %+v, written as %s, read as %+v, %v", text, rate, rate, back, err)
		}
		if !rate.Unlimited() && (rate.Count < 1 || rate.Count > limit.MaxCount || rate.Per < time.Second || rate.Per > limit.MaxPer) {
			t.Errorf("%q is out of bounds: %+v", text, rate)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	seen := map[limit.Key][]string{}
	for _, parts := range [][]string{
		{},
		{""},
		{"", ""},
		{"a"},
		{"a", ""},
		{"", "a"},
		{"ab"},
		{"a", "b"},
		{"a\x01b"},
		{"\x01a"},
		{"caller", "t1", "u"},
		{"caller", "t", "1u"},
		{"caller", "t1u"},
		{"callert", "1", "u"},
		{strings.Repeat("x", 127)},
		{strings.Repeat("x", 128)},
		{strings.Repeat("x", 1000), "y"},
		{strings.Repeat("x", 1000) + "y"},
	} {
		key := limit.NewKey(parts...)
		if other, taken := seen[key]; taken {
			t.Errorf("%q and %q have one key", other, parts)
		}
		if key != limit.NewKey(parts...) {
			t.Errorf("%q has two keys", parts)
		}
		seen[key] = parts
	}
}
