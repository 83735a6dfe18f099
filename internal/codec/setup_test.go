package codec_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

type status string

// thing has a field of every type, and most words.
type thing struct {
	codec.Record

	Code     string          `json:"code" tenantry:"required,unique,immutable,max=8" doc:"As printed."`
	Title    string          `json:"title" tenantry:"required,max=20,filter,sort,search"`
	Note     string          `json:"note" tenantry:"search"`
	Status   status          `json:"status" tenantry:"enum=todo|done,default=todo,filter,sort"`
	Owner    id.ID           `json:"owner" tenantry:"required,ref=owners,filter,cascade,nested"`
	OwnerTag string          `json:"owner_name" tenantry:"lookup=owner.name,sort"`
	Helper   *string         `json:"helper" tenantry:"ref=members"`
	Parts    int64           `json:"parts_count" tenantry:"count=parts.thing"`
	Size     int             `json:"size" tenantry:"min=0,max=100,default=7"`
	Weight   *float64        `json:"weight" tenantry:"min=-5"`
	Ready    bool            `json:"ready" tenantry:"readonly"`
	Due      *codec.Date     `json:"due" tenantry:"filter,sort"`
	Closed   *time.Time      `json:"closed" tenantry:"readonly"`
	Data     map[string]any  `json:"data" tenantry:"max=200"`
	Extra    json.RawMessage `json:"extra"`
	Fixed    json.RawMessage `json:"fixed" tenantry:"immutable"`
	Secret   string          `json:"secret" tenantry:"hidden"`
	Cache    []chan int      `json:"-"`
	private  func()
}

const (
	someID  = "01890a5d-ac96-774b-bcce-b302099a8057"
	otherID = "01890a5d-ac96-774b-bcce-b302099a8058"
)

func setup(tb testing.TB) (*schema.Resource, *codec.Struct) {
	tb.Helper()
	_ = thing{}.private
	r := &schema.Resource{Name: "things", Singular: "thing"}
	s, problems := codec.Compile[thing](r)
	if len(problems) > 0 {
		tb.Fatal(problems)
	}
	return r, s
}

// record returns the values of a whole record.
func record(tb testing.TB, r *schema.Resource) []schema.Value {
	tb.Helper()
	values, err := codec.Create(r, []byte(`{"code":"A-1","title":"One","owner":"`+someID+`",
		"data":{"b":1,"a":{"x":1,"y":[1,2]}},"fixed":{"k":1.0,"l":2}}`))
	if err != nil {
		tb.Fatal(err)
	}
	set(r, values, "id", schema.ID(mustID(tb, someID)))
	set(r, values, "created_at", schema.Moment(time.Date(2026, 11, 23, 9, 0, 0, 123456000, time.UTC)))
	set(r, values, "updated_at", schema.Moment(time.Date(2026, 11, 23, 9, 0, 0, 123456000, time.UTC)))
	set(r, values, "parts_count", schema.Int(3))
	set(r, values, "owner_name", schema.String("Ada"))
	set(r, values, "secret", schema.String("s3cret"))
	return values
}

func mustID(tb testing.TB, text string) id.ID {
	tb.Helper()
	parsed, ok := id.Parse(text)
	if !ok {
		tb.Fatal(text)
	}
	return parsed
}

func set(r *schema.Resource, values []schema.Value, name string, v schema.Value) {
	values[r.Index(name)] = v
}

func get(r *schema.Resource, values []schema.Value, name string) string {
	return string(values[r.Index(name)].AppendJSON(nil))
}

// faults returns the fields at fault as "name: code: message".
func faults(tb testing.TB, err error) []string {
	tb.Helper()
	var failed *fault.Error
	if !errors.As(err, &failed) {
		tb.Fatalf("not a fault: %v", err)
	}
	if failed.Code != fault.ValidationFailed {
		return []string{string(failed.Code) + ": " + failed.Message}
	}
	out := make([]string, 0, len(failed.Fields))
	for _, f := range failed.Fields {
		out = append(out, f.Name+": "+f.Code+": "+f.Message)
	}
	return out
}

func diff(tb testing.TB, want, got any) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Error("-want +got\n" + d)
	}
}
