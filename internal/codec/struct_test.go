package codec_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	r, s := setup(t)
	values := record(t, r)
	set(r, values, "created_by", schema.ID(mustID(t, otherID)))
	set(r, values, "helper", schema.ID(mustID(t, otherID)))
	set(r, values, "weight", schema.Float(0.1))
	set(r, values, "due", schema.Days(0))
	set(r, values, "closed", schema.Micros(1))
	rec := s.New().(*thing)
	rec.Note, rec.Ready, rec.Cache = "stale", true, []chan int{nil}
	s.Load(rec, values)
	at := time.Date(2026, 11, 23, 9, 0, 0, 123456000, time.UTC)
	helper, weight, due, closed := otherID, 0.1, codec.Date{Year: 1970, Month: 1, Day: 1}, time.UnixMicro(1).UTC()
	want := &thing{
		Record: codec.Record{ID: mustID(t, someID), CreatedBy: mustID(t, otherID), CreatedAt: at, UpdatedAt: at},
		Code:   "A-1", Title: "One", Status: "todo", Owner: mustID(t, someID), OwnerTag: "Ada", Helper: &helper, Parts: 3, Size: 7,
		Weight: &weight, Due: &due, Closed: &closed,
		Data:  map[string]any{"b": 1.0, "a": map[string]any{"x": 1.0, "y": []any{1.0, 2.0}}},
		Extra: json.RawMessage("{}"), Fixed: json.RawMessage(`{"k":1.0,"l":2}`), Secret: "s3cret", Cache: []chan int{nil},
	}
	if d := cmp.Diff(want, rec, cmpopts.IgnoreUnexported(thing{})); d != "" {
		t.Error("-want +got\n" + d)
	}
	copy(values[r.Index("fixed")].Raw(), "XXXXX")
	if string(rec.Fixed) != `{"k":1.0,"l":2}` {
		t.Error("the struct shares memory with the values")
	}
	set(r, values, "helper", schema.Null())
	set(r, values, "created_by", schema.Null())
	if s.Load(rec, values); rec.Helper != nil || !rec.CreatedBy.IsZero() {
		t.Error("what was there before shows through null")
	}
	s.Load(rec, values[:2])
	s.Load(thing{}, values)
	s.Load((*thing)(nil), values)
	s.Load(nil, values)
	s.Load(&struct{}{}, values)
}

func TestStore(t *testing.T) {
	t.Parallel()
	r, s := setup(t)
	tests := map[string]struct {
		change func(*thing)
		want   map[string]string // the fields that changed
	}{
		"nothing":                          {func(*thing) {}, nil},
		"text":                             {func(x *thing) { x.Title, x.Status = "Two", "done" }, map[string]string{"title": `"Two"`, "status": `"done"`}},
		"immutable and read-only fields":   {func(x *thing) { x.Code, x.Ready = "B", true }, map[string]string{"code": `"B"`, "ready": "true"}},
		"hidden fields":                    {func(x *thing) { x.Secret = "new" }, map[string]string{"secret": `"new"`}},
		"what the server owns, in vain":    {func(x *thing) { x.ID, x.CreatedAt, x.Parts, x.OwnerTag = id.New(), time.Now(), 9, "Eve" }, nil},
		"references":                       {func(x *thing) { x.Owner = mustID(t, otherID); x.Helper = new(someID) }, map[string]string{"owner": `"` + otherID + `"`, "helper": `"` + someID + `"`}},
		"a pointer to an empty id":         {func(x *thing) { x.Helper = new("") }, nil},
		"numbers":                          {func(x *thing) { x.Size = 100; x.Weight = new(math.Copysign(0, -1)) }, map[string]string{"size": "100", "weight": "0"}},
		"times, cut to microseconds":       {func(x *thing) { x.Closed = new(time.Date(2026, 1, 1, 0, 0, 0, 1999, time.FixedZone("", 3600))) }, map[string]string{"closed": `"2025-12-31T23:00:00.000001Z"`}},
		"dates":                            {func(x *thing) { x.Due = &codec.Date{Year: 2028, Month: 2, Day: 29} }, map[string]string{"due": `"2028-02-29"`}},
		"a map, its names sorted":          {func(x *thing) { x.Data = map[string]any{"b": 1, "a": []int{2}} }, map[string]string{"data": `{"a":[2],"b":1}`}},
		"a change inside a map":            {func(x *thing) { x.Data["a"].(map[string]any)["x"] = 2 }, map[string]string{"data": `{"a":{"x":2,"y":[1,2]},"b":1}`}},
		"a nil map and a nil message":      {func(x *thing) { x.Data, x.Fixed = nil, nil }, map[string]string{"data": "{}", "fixed": "{}"}},
		"raw JSON, made compact, in order": {func(x *thing) { x.Extra = []byte(` { "b" : 1.50 , "a" : "\u00e4" } `) }, map[string]string{"extra": `{"b":1.50,"a":"ä"}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := record(t, r)
			before := record(t, r)
			rec := s.New().(*thing)
			s.Load(rec, values)
			test.change(rec)
			if faults := s.Store(values, rec); len(faults) > 0 {
				t.Fatal(faults)
			}
			var changed map[string]string
			for i := range values {
				if !values[i].Equal(before[i]) {
					if changed == nil {
						changed = map[string]string{}
					}
					changed[r.Fields[i].Name] = string(values[i].AppendJSON(nil))
				}
			}
			diff(t, test.want, changed)
		})
	}
}

func TestStoreChecksWhatAHookDid(t *testing.T) {
	t.Parallel()
	r, s := setup(t)
	deep := json.RawMessage(strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32))
	tests := map[string]struct {
		change func(*thing)
		want   string
	}{
		"a blank title":        {func(x *thing) { x.Title = " " }, "title too_short"},
		"a long title":         {func(x *thing) { x.Title = strings.Repeat("x", 21) }, "title too_long"},
		"text with NUL":        {func(x *thing) { x.Note = "a\x00" }, "note invalid_format"},
		"text that is no text": {func(x *thing) { x.Note = "a\xff" }, "note invalid_format"},
		"no choice":            {func(x *thing) { x.Status = "urgent" }, "status invalid_choice"},
		"a number too large":   {func(x *thing) { x.Size = 101 }, "size too_large"},
		"a number too small":   {func(x *thing) { x.Weight = new(-6.0) }, "weight too_small"},
		"no number":            {func(x *thing) { x.Weight = new(math.NaN()) }, "weight invalid"},
		"no reference":         {func(x *thing) { x.Owner = id.ID{} }, "owner null"},
		"a bad reference":      {func(x *thing) { x.Helper = new("me") }, "helper invalid_format"},
		"no day":               {func(x *thing) { x.Due = &codec.Date{Year: 2027, Month: 2, Day: 29} }, "due invalid_format"},
		"a time too late":      {func(x *thing) { x.Closed = new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }, "closed invalid_format"},
		"JSON too long":        {func(x *thing) { x.Data = map[string]any{"a": strings.Repeat("x", 193)} }, "data too_long"},
		"no JSON":              {func(x *thing) { x.Data = map[string]any{"a": func() {}} }, "data invalid"},
		"JSON with NUL":        {func(x *thing) { x.Data = map[string]any{"a": "\x00"} }, "data invalid_format"},
		"broken JSON":          {func(x *thing) { x.Extra = []byte(`{"a":`) }, "extra invalid_format"},
		"a JSON array":         {func(x *thing) { x.Extra = []byte(`[]`) }, "extra invalid_type"},
		"a name twice":         {func(x *thing) { x.Extra = []byte(`{"a":1,"a":2}`) }, "extra invalid_format"},
		"deep JSON":            {func(x *thing) { x.Extra = deep }, "extra invalid"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := record(t, r)
			rec := s.New().(*thing)
			s.Load(rec, values)
			test.change(rec)
			rec.Note += "!"
			faults := s.Store(values, rec)
			if len(faults) != 1 || faults[0].Name+" "+faults[0].Code != test.want {
				t.Fatalf("got %v", faults)
			}
			at := r.Index(faults[0].Name)
			if !values[at].Equal(record(t, r)[at]) {
				t.Error("the value was stored all the same")
			}
			if note := get(r, values, "note"); faults[0].Name != "note" && note != `"!"` {
				t.Error("the other fields were not stored")
			}
		})
	}
	if faults := s.Store(record(t, r), &struct{}{}); len(faults) != 1 || faults[0].Code != fault.FieldInvalid {
		t.Error("another type was stored")
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	r, _ := setup(t)
	values := record(t, r)
	e := codec.NewEncoder(r, nil)
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { dst = e.Append(dst[:0], values) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !json.Valid(dst) {
		t.Error(string(dst))
	}
}

func TestEncoder(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	values := record(t, r)
	for want, fields := range map[string][]string{
		`{"id":"` + someID + `","title":"One"}`: {"title", "id"},
		`{}`:                                    {},
		`{"code":"A-1"}`:                        {"secret", "code", "nope"},
	} {
		if got := string(codec.NewEncoder(r, fields).Append([]byte("x"), values)); got != "x"+want {
			t.Errorf("%v: got %s", fields, got)
		}
	}
	if got := string(codec.NewEncoder(r, nil).Append(nil, values)); strings.Contains(got, "s3cret") {
		t.Error("a hidden field is shown")
	}
	set(r, values, "extra", schema.RawJSON([]byte(`{"a":"</script>&`+"\u2028\u2029\u202a\u007f"+`"}`)))
	if got := get(r, values, "extra"); got != `{"a":"\u003c/script\u003e\u0026\u2028\u2029`+"\u202a"+`\u007f"}` {
		t.Errorf("markup is not escaped: %s", got)
	}
}

func BenchmarkLoadStore(b *testing.B) {
	r, s := setup(b)
	values := record(b, r)
	rec := s.New()
	b.ReportAllocs()
	for b.Loop() {
		s.Load(rec, values)
		s.Store(values, rec)
	}
}

func BenchmarkAppend(b *testing.B) {
	r, _ := setup(b)
	values := record(b, r)
	e := codec.NewEncoder(r, nil)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = e.Append(dst[:0], values)
	}
}

func BenchmarkCreate(b *testing.B) {
	r, _ := setup(b)
	body := []byte(`{"code":"A","title":"One","note":"something","owner":"` + someID + `","status":"done","size":12,"due":"2026-11-23"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Create(r, body); err != nil {
			b.Fatal(err)
		}
	}
}
