package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// FuzzBody holds what is made of a body against what encoding/json reads in it.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"code":"A","title":"x","owner":"` + someID + `"}`, `{"size":1e2,"weight":1.5,"due":"2026-11-23","status":"done"}`, `{"extra":{"a":[1,{"b":null}]},"data":{}}`,
		`{"title":"\ud83d\ude00\u0000"}`, `{"size":1.0e0}`, `{"size":-0}`, `{"size":9223372036854775807}`, `{"size":0.00000001e8}`, `{}`, `[]`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}",
		`{"extra":{"a":"\u2028<","b":"\/"}}`, `{"extra":{"a":1e400}}`, `{"helper":null,"note":""}`, `{"Title":"x"}`, `{"data":{"b":null,"a":{"y":null}}}`, ` {"note" : "x" } `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, s := setup(t)
		current := record(t, r)
		var plain map[string]json.RawMessage
		plainErr := json.Unmarshal(body, &plain)
		for name, decode := range map[string]func() ([]schema.Value, error){
			"create":  func() ([]schema.Value, error) { return codec.Create(r, body) },
			"replace": func() ([]schema.Value, error) { return codec.Replace(r, body, current) },
			"patch":   func() ([]schema.Value, error) { return codec.Patch(r, body, current) },
		} {
			values, err := decode()
			if err != nil {
				checkRefusal(t, r, plain, values, err)
				continue
			}
			if plainErr != nil {
				t.Fatalf("%s took what encoding/json refuses: %v", name, plainErr)
			}
			for field, raw := range plain {
				i := r.Index(field)
				if i < 0 {
					t.Fatalf("%s took the unknown field %q", name, field)
				}
				if !r.Fields[i].Writable() || r.Fields[i].Immutable {
					continue
				}
				if name == "patch" && r.Fields[i].Type == schema.JSON && string(raw) != "null" {
					checkMerge(t, current[i], raw, values[i])
					continue
				}
				checkValue(t, r.Fields[i], raw, values[i])
			}
			checkHook(t, r, s, values)
			if out := codec.NewEncoder(r, nil).Append(nil, values); !json.Valid(out) || !utf8.Valid(out) {
				t.Errorf("answered with %s", out)
			}
		}
	})
}

func checkRefusal(t *testing.T, r *schema.Resource, plain map[string]json.RawMessage, values []schema.Value, err error) {
	t.Helper()
	var failed *fault.Error
	if !errors.As(err, &failed) {
		t.Fatalf("not a fault: %v", err)
	}
	switch failed.Code {
	case fault.MalformedBody:
		if values != nil || len(failed.Fields) > 0 {
			t.Error("a malformed body has values")
		}
	case fault.ValidationFailed:
		if len(values) != len(r.Fields) || len(failed.Fields) == 0 {
			t.Error("no values, or no fields at fault")
		}
		for _, f := range failed.Fields {
			_, given := plain[f.Name]
			if !given && f.Code != fault.FieldRequired && len(f.Name) < 99 {
				t.Errorf("%q is at fault and was not given", f.Name)
			}
		}
	default:
		t.Error(err)
	}
}

// checkValue compares a value with the JSON that it was read from.
func checkValue(t *testing.T, f schema.Field, raw json.RawMessage, v schema.Value) {
	t.Helper()
	if string(raw) == "null" {
		if !v.IsNull() {
			t.Errorf("%s: null became %s", f.Name, v.AppendJSON(nil))
		}
		return
	}
	same := false
	switch f.Type {
	case schema.Text:
		var want string
		same = json.Unmarshal(raw, &want) == nil && want == v.Text()
	case schema.Integer:
		if len(raw) < 100 && !strings.ContainsAny(string(raw), "eE") {
			want, ok := new(big.Rat).SetString(string(raw))
			same = ok && want.Cmp(new(big.Rat).SetInt64(v.Int())) == 0
		} else {
			var want float64
			same = json.Unmarshal(raw, &want) == nil && want == float64(v.Int())
		}
	case schema.Number:
		var want float64
		same = json.Unmarshal(raw, &want) == nil && want == v.Float()
	case schema.Boolean:
		same = string(raw) == string(v.AppendJSON(nil))
	case schema.Date, schema.UUID:
		var want string
		same = json.Unmarshal(raw, &want) == nil && strings.EqualFold(`"`+want+`"`, string(v.AppendJSON(nil)))
	case schema.Time:
		var want time.Time
		same = json.Unmarshal(raw, &want) == nil && want.UnixMicro() == v.Int()
	case schema.JSON:
		same = sameJSON(raw, v.Raw()) && sameJSON(raw, v.AppendJSON(nil)) && inOrder(t, raw) == inOrder(t, v.Raw())
	default:
	}
	if !same {
		t.Errorf("%s: %s became %s", f.Name, raw, v.AppendJSON(nil))
	}
}

func sameJSON(a, b []byte) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}

// inOrder returns the tokens of a JSON text in their order.
func inOrder(t *testing.T, text []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	var out strings.Builder
	for {
		token, err := dec.Token()
		if err != nil {
			return out.String()
		}
		line, _ := json.Marshal(token)
		if _, ok := token.(json.Delim); ok {
			line = []byte(token.(json.Delim).String())
		}
		out.Write(append(line, '\n'))
	}
}

// checkMerge holds a merge against the text of RFC 7396.
func checkMerge(t *testing.T, current schema.Value, patch json.RawMessage, got schema.Value) {
	t.Helper()
	var target, change, result any
	_ = json.Unmarshal(current.Raw(), &target)
	_ = json.Unmarshal(patch, &change)
	_ = json.Unmarshal(got.Raw(), &result)
	if want := rfc7396(target, change); !reflect.DeepEqual(want, result) {
		t.Errorf("%s with %s became %s, want %v", current.Raw(), patch, got.Raw(), want)
	}
}

func rfc7396(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out, ok := target.(map[string]any)
	if !ok {
		out = map[string]any{}
	}
	for name, value := range changes {
		if value == nil {
			delete(out, name)
		} else {
			out[name] = rfc7396(out[name], value)
		}
	}
	return out
}

// checkHook makes sure that a hook that does nothing changes nothing.
func checkHook(t *testing.T, r *schema.Resource, s *codec.Struct, values []schema.Value) {
	t.Helper()
	before := codec.NewEncoder(r, nil).Append(nil, values)
	rec := s.New()
	s.Load(rec, values)
	if faults := s.Store(values, rec); len(faults) > 0 {
		t.Errorf("what a client may write is refused from a hook: %v", faults)
	}
	if after := codec.NewEncoder(r, nil).Append(nil, values); !bytes.Equal(before, after) {
		t.Errorf("loaded %s\nstored %s", before, after)
	}
}
