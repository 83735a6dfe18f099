package httpapi

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/fault"
)

// text is one member of a small body: the name it has there, and where it goes: a text, or where number is given, a
// whole number.
type text struct {
	name     string
	optional bool
	into     *string
	number   *int64
}

// decodeTexts reads a JSON object that consists of the given texts and of nothing else. What is no such object at
// all, or names a member twice, is malformed; everything else that is wrong is reported at once. Null is the same as
// leaving an optional text out.
func decodeTexts(body []byte, texts ...text) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if dec.PeekKind() != '{' {
		return malformed(errNotObject)
	}
	if _, err := dec.ReadToken(); err != nil {
		return malformed(errNotObject)
	}
	var wrong []fault.Field
	seen := make([]string, 0, len(texts))
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return malformed(err)
		}
		member := name.String()
		seen = append(seen, member)
		value, err := dec.ReadValue()
		if err != nil {
			return malformed(err)
		}
		wrong = append(wrong, assign(texts, member, value)...)
	}
	if err := finish(dec); err != nil {
		return malformed(err)
	}
	for _, t := range texts {
		if !t.optional && !slices.Contains(seen, t.name) {
			wrong = append(wrong, fault.Field{Name: t.name, Code: fault.FieldRequired, Message: "This field is required."})
		}
	}
	return fault.Invalid(wrong...)
}

// finish reads the end of the object and makes sure that nothing follows.
func finish(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.Join(errTrailing, err)
	}
	return nil
}

// assign stores one member where it belongs and says what is wrong with it.
func assign(texts []text, member string, value jsontext.Value) []fault.Field {
	i := slices.IndexFunc(texts, func(t text) bool { return t.name == member })
	if i < 0 {
		return []fault.Field{{Name: member, Code: fault.FieldUnknown, Message: "There is no such field."}}
	}
	t := texts[i]
	switch kind := value.Kind(); {
	case kind == 'n':
		if t.optional {
			return nil
		}
		return []fault.Field{{Name: member, Code: fault.FieldNull, Message: "This field may not be null."}}
	case t.number != nil:
		return assignNumber(t, value)
	case kind != '"':
		return []fault.Field{{Name: member, Code: fault.FieldType, Message: "This field is a text."}}
	}
	unquoted, err := jsontext.AppendUnquote(nil, value)
	switch {
	case err != nil || bytes.IndexByte(unquoted, 0) >= 0:
		return []fault.Field{{Name: member, Code: fault.FieldFormat, Message: "This is no text in UTF-8 without NUL."}}
	case len(unquoted) == 0 && !t.optional:
		return []fault.Field{{Name: member, Code: fault.FieldTooShort, Message: "This field may not be empty."}}
	}
	*t.into = string(unquoted)
	return nil
}

func assignNumber(t text, value jsontext.Value) []fault.Field {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return []fault.Field{{Name: t.name, Code: fault.FieldType, Message: "This field is a whole number."}}
	}
	*t.number = n
	return nil
}

// decodeError is a sentence for the log about a body that can't be read.
type decodeError string

func (e decodeError) Error() string { return string(e) }

const (
	errNotObject = decodeError("no object")
	errTrailing  = decodeError("text after the object")
)

func malformed(err error) error {
	return fault.Wrap(fault.MalformedBody, "The body is not a JSON object in UTF-8 in which every name occurs once.", err)
}
