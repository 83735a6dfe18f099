package codec_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

type statistics struct {
	Total  int64            `json:"total" doc:"All of them."`
	Tasks  taskStatistics   `json:"tasks"`
	Best   *taskStatistics  `json:"best"`
	ByWord map[status]int   `json:"by_word"`
	Rows   []taskStatistics `json:"rows"`
	Pair   [2]float64       `json:"pair"`
	Owner  id.ID            `json:"owner"`
	At     time.Time        `json:"at"`
	Day    *codec.Date      `json:"day"`
	Note   string           `json:"note,omitzero"`
	Free   map[string]any   `json:"free"`
	Raw    json.RawMessage  `json:"raw"`
	Ok     bool             `json:"ok"`
	Hidden chan int         `json:"-"`
	state  int
}

type taskStatistics struct {
	Rate float64 `json:"rate"`
}

func TestShapeOf(t *testing.T) {
	t.Parallel()
	_ = statistics{}.state
	got, err := codec.ShapeOf[statistics]()
	if err != nil {
		t.Fatal(err)
	}
	scalar := func(typ schema.Type) *schema.Shape { return &schema.Shape{Type: typ} }
	tasks := func(nullable bool) *schema.Shape {
		return &schema.Shape{Type: schema.Object, Nullable: nullable, Properties: []schema.Property{{Name: "rate", Shape: scalar(schema.Number)}}}
	}
	want := &schema.Shape{Type: schema.Object, Properties: []schema.Property{
		{Name: "total", Description: "All of them.", Shape: scalar(schema.Integer)},
		{Name: "tasks", Shape: tasks(false)},
		{Name: "best", Shape: tasks(true)},
		{Name: "by_word", Shape: &schema.Shape{Type: schema.Object, Items: scalar(schema.Integer)}},
		{Name: "rows", Shape: &schema.Shape{Type: schema.Array, Items: tasks(false)}},
		{Name: "pair", Shape: &schema.Shape{Type: schema.Array, Items: scalar(schema.Number)}},
		{Name: "owner", Shape: scalar(schema.UUID)},
		{Name: "at", Shape: scalar(schema.Time)},
		{Name: "day", Shape: &schema.Shape{Type: schema.Date, Nullable: true}},
		{Name: "note", Shape: scalar(schema.Text), Optional: true},
		{Name: "free", Shape: scalar(schema.JSON)},
		{Name: "raw", Shape: scalar(schema.JSON)},
		{Name: "ok", Shape: scalar(schema.Boolean)},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("-want +got\n" + d)
	}
	if shape, err := codec.ShapeOf[map[string]int](); err != nil || shape.Type != schema.Object || shape.Items.Type != schema.Integer {
		t.Error(shape, err)
	}
}

type looped struct {
	Next []looped `json:"next"`
}

func TestShapeOfRefusesWhatHasNone(t *testing.T) {
	t.Parallel()
	shapes := map[string]error{
		"a JSON object: a struct":       shapeErr[int](),
		"answers with a JSON object":    shapeErr[*statistics](),
		"a report answers":              shapeErr[[]int](),
		"looped contains itself":        shapeErr[looped](),
		"the keys of a map are strings": shapeErr[map[int]int](),
		"interface {} has no shape": shapeErr[struct {
			A any `json:"a"`
		}](),
		"A: a json tag with a snake_case name is missing": shapeErr[struct{ A int }](),
		"bytes have no shape": shapeErr[struct {
			A []byte `json:"a"`
		}](),
		"pointer to a pointer": shapeErr[struct {
			A **int `json:"a"`
		}](),
		"has a form of its own": shapeErr[struct {
			A jsonForm `json:"a"`
		}](),
		"func() has no shape": shapeErr[struct {
			A []func() `json:"a"`
		}](),
		"no option but omitzero": shapeErr[struct {
			A int `json:"a,string"`
		}](),
		"only named, exported fields": shapeErr[struct{ codec.Record }](),
		"has no unit": shapeErr[struct {
			A time.Duration `json:"a"`
		}](),
	}
	for want, err := range shapes {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

type jsonForm struct{}

func (jsonForm) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func shapeErr[T any]() error {
	_, err := codec.ShapeOf[T]()
	return err
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	day := codec.Date{Year: 2028, Month: 2, Day: 29}
	v := statistics{
		Total: 1 << 60, ByWord: map[status]int{"b": 1, "a": 2, "c": 3}, Pair: [2]float64{0.3333, 1}, Owner: mustID(t, someID),
		At: time.Date(2026, 11, 23, 10, 0, 0, 1999, time.FixedZone("", 3600)), Day: &day, Note: "<&\u2028\xff", Free: map[string]any{"z": 1, "y": nil},
		Raw: json.RawMessage(`{"b": 1}`),
	}
	want := `{"total":1152921504606846976,"tasks":{"rate":0},"best":null,"by_word":{"a":2,"b":1,"c":3},"rows":[],"pair":[0.3333,1],"owner":"` + someID +
		`","at":"2026-11-23T09:00:00.000001Z","day":"2028-02-29","note":"\u003c\u0026\u2028` + "\uFFFD" + `","free":{"y":null,"z":1},"raw":{"b":1},"ok":false}`
	for range 20 {
		got, err := codec.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	v.Day = &codec.Date{Year: 2027, Month: 2, Day: 29}
	if _, err := codec.Marshal(v); err == nil {
		t.Error("a day that the calendar lacks was written")
	}
	v.Day, v.At = nil, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := codec.Marshal(v); err == nil {
		t.Error("a year of five digits was written")
	}
	v.At = time.Time{}
	if got, err := codec.Marshal(v); err != nil || !strings.Contains(string(got), `"at":"0001-01-01T00:00:00.000000Z"`) {
		t.Error(string(got), err)
	}
}
