package codec

import (
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// forms writes times, dates and ids as records have them, whatever the types' own forms are.
var forms = jsonv2.WithMarshalers(jsonv2.JoinMarshalers(
	jsonv2.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			return fmt.Errorf("a time outside of the years 1 to 9999")
		}
		return enc.WriteValue(schema.Moment(t).AppendJSON(nil))
	}),
	jsonv2.MarshalToFunc(func(enc *jsontext.Encoder, d Date) error {
		value, ok := schema.DateOf(d.Time())
		if !ok || !d.Valid() {
			return errNotDate
		}
		return enc.WriteValue(value.AppendJSON(nil))
	}),
	jsonv2.MarshalToFunc(func(enc *jsontext.Encoder, i id.ID) error {
		return enc.WriteValue(schema.ID(i).AppendJSON(nil))
	}),
))

// Marshal returns the JSON of a report's answer, of the form that ShapeOf describes: the same bytes for the same
// value. Text that is not valid UTF-8 is repaired; an error would come too late for the client.
func Marshal(v any) ([]byte, error) {
	out, err := jsonv2.Marshal(v, forms, jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true),
		jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true))
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return out, nil
}
