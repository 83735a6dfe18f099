package codec_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/codec"
)

func TestDate(t *testing.T) {
	t.Parallel()
	leap := codec.Date{Year: 2028, Month: time.February, Day: 29}
	if got := leap.AddDays(1).String(); got != "2028-03-01" {
		t.Error(got)
	}
	if parsed, ok := codec.ParseDate("2028-02-29"); !ok || parsed != leap {
		t.Error(parsed, ok)
	}
	for _, text := range []string{"", "2027-02-29", "2028-2-9", "28-02-29", "2028-02-29T00:00:00Z", "0000-01-01", "10000-01-01"} {
		if parsed, ok := codec.ParseDate(text); ok {
			t.Errorf("%q was read as %s", text, parsed)
		}
	}
	if !leap.Before(leap.AddDays(1)) || !leap.After(leap.AddDays(-60)) || leap.Compare(leap) != 0 || leap.Before(leap) {
		t.Error("wrong order")
	}
	if got := codec.DateOf(time.Date(2026, 1, 1, 23, 0, 0, 0, time.FixedZone("", -3600))); got.String() != "2026-01-01" {
		t.Error(got)
	}
	if (codec.Date{}).Valid() || (codec.Date{Year: 2027, Month: 2, Day: 29}).Valid() || !leap.Valid() || !(codec.Date{}).IsZero() {
		t.Error("wrong validity")
	}
	out, err := json.Marshal(map[string]codec.Date{"a": leap, "b": {}})
	if err != nil || string(out) != `{"a":"2028-02-29","b":""}` {
		t.Error(string(out), err)
	}
	var back map[string]codec.Date
	if err := json.Unmarshal(out, &back); err != nil || back["a"] != leap || !back["b"].IsZero() {
		t.Error(back, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"2027-02-29"}`), &back); err == nil {
		t.Error("a day that the calendar lacks was read")
	}
	if _, err := json.Marshal(codec.Date{Year: 2027, Month: 2, Day: 29}); err == nil {
		t.Error("a day that the calendar lacks was written")
	}
}
