package openapi

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/schema"
)

// A document is a tree of object, array, string, int, int64, bool and nil. Objects keep the order of their members:
// readers meet the operations in the order of the table.
type (
	object []member
	array  []any
	member struct {
		name  string
		value any
	}
)

// get returns the named member's value, nil where there is none.
func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// with returns the object with further members.
func (o object) with(members ...member) object {
	out := make(object, 0, len(o)+len(members))
	return append(append(out, o...), members...)
}

func texts(values ...string) array {
	out := make(array, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// appendJSON appends the tree as JSON, one member a line.
func appendJSON(dst []byte, node any, indent int) []byte {
	switch v := node.(type) {
	case object:
		if len(v) == 0 {
			return append(dst, "{}"...)
		}
		dst = append(dst, '{')
		for i, m := range v {
			dst = appendBreak(dst, i, indent+1)
			dst = schema.AppendString(dst, m.name)
			dst = append(dst, ": "...)
			dst = appendJSON(dst, m.value, indent+1)
		}
		return append(appendBreak(dst, 0, indent), '}')
	case array:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i, item := range v {
			dst = appendBreak(dst, i, indent+1)
			dst = appendJSON(dst, item, indent+1)
		}
		return append(appendBreak(dst, 0, indent), ']')
	default:
		return appendScalar(dst, node)
	}
}

func appendBreak(dst []byte, i, indent int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = append(dst, '\n')
	return appendIndent(dst, indent)
}

func appendIndent(dst []byte, indent int) []byte {
	for range indent {
		dst = append(dst, "  "...)
	}
	return dst
}

func appendScalar(dst []byte, node any) []byte {
	switch v := node.(type) {
	case string:
		return schema.AppendString(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case bool:
		return strconv.AppendBool(dst, v)
	case schema.Value:
		return v.AppendJSON(dst)
	default:
		return append(dst, "null"...)
	}
}

// parseJSON reads JSON into a tree. Numbers must be integers.
func parseJSON(text []byte) (any, error) {
	return parseNode(jsontext.NewDecoder(bytes.NewReader(text)))
}

func parseNode(dec *jsontext.Decoder) (any, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return parseObject(dec)
	case '[':
		return parseArray(dec)
	case '"':
		return token.String(), nil
	case '0':
		return token.Int()
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

func parseObject(dec *jsontext.Decoder) (any, error) {
	out := object{}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String()
		value, err := parseNode(dec)
		if err != nil {
			return nil, err
		}
		out = append(out, member{text, value})
	}
	_, err := dec.ReadToken()
	return out, err
}

func parseArray(dec *jsontext.Decoder) (any, error) {
	out := array{}
	for dec.PeekKind() != ']' {
		item, err := parseNode(dec)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	_, err := dec.ReadToken()
	return out, err
}
