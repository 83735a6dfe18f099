package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/fault"
)

// maxDepth is how deep a body may be nested, the body itself included: a deeper one costs the stack of every
// program that reads it, and says nothing.
const maxDepth = 32

// member is one member of a JSON object; value points into the object's text.
type member struct {
	name  string
	value jsontext.Value
}

// readBody reads a body that has to be one JSON object. Everything else is MalformedBody.
func readBody(body []byte) ([]member, error) {
	switch {
	case len(bytes.TrimLeft(body, " \t\r\n")) == 0:
		return nil, malformed("The body is empty; send a JSON object.")
	case !utf8.Valid(body):
		return nil, malformed("The body is not valid UTF-8.")
	case depth(body) > maxDepth:
		return nil, malformed(fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
	}
	members, end, err := readObject(body)
	switch {
	case errors.Is(err, errNotObject):
		return nil, malformed("The body is not a JSON object.")
	case err != nil:
		return nil, malformedAt(err)
	case len(bytes.TrimLeft(body[end:], " \t\r\n")) > 0:
		return nil, malformed("The body goes on behind its JSON object.")
	}
	return members, nil
}

var errNotObject = errors.New("not a JSON object")

// readObject reads the object that text begins with, and returns where it ends.
func readObject(text []byte) (members []member, end int64, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	switch dec.PeekKind() {
	case jsontext.KindBeginObject:
	case jsontext.KindInvalid:
		_, err := dec.ReadToken()
		return nil, 0, err
	default: // read it all the same: of "[1," one rather hears that it breaks off
		if err := dec.SkipValue(); err != nil {
			return nil, 0, err
		}
		return nil, 0, errNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, 0, err
	}
	for dec.PeekKind() == jsontext.KindString {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, 0, err
		}
		m := member{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, 0, err
		}
		// The decoder's own slice is valid until its next call; this one as long as the text.
		to := dec.InputOffset()
		m.value = text[to-int64(len(value)) : to]
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, 0, err
	}
	return members, dec.InputOffset(), nil
}

func malformed(message string) error { return fault.New(fault.MalformedBody, message) }

// malformedAt says what kind of mistake a JSON text has, and where, without repeating any of it.
func malformedAt(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return malformed("The body ends in the middle of its JSON.")
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return malformed("The body is not valid JSON.")
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return malformed(fmt.Sprintf("The body has an object in which a name occurs twice, near byte %d.", syntax.ByteOffset))
	}
	return malformed(fmt.Sprintf("The body is not valid JSON, near byte %d.", syntax.ByteOffset))
}

// Empty checks the body of an operation that takes no fields: nothing at all, or an empty object.
func Empty(body []byte) error {
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 {
		return nil
	}
	members, err := readBody(body)
	if err != nil {
		return err
	}
	var faults []fault.Field
	for _, m := range members {
		if len(faults) == maxFaults {
			break
		}
		faults = append(faults, fault.Field{Name: shortened(m.name), Code: fault.FieldUnknown, Message: "is unknown: this operation takes no fields"})
	}
	return fault.Invalid(faults...)
}

// depth returns how deep the text is nested. It is right for valid JSON, and needs no more: it runs first, so that
// nothing that recurses sees a deep text.
func depth(text []byte) int {
	deepest, now := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			now++
			deepest = max(deepest, now)
		case '}', ']':
			now--
		}
	}
	return deepest
}

// stringEnd returns the position of the quote that ends the string that begins at start.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// compactObject returns a JSON object as it is stored: without white space, each string in its shortest form, in
// the client's order. Texts that the engines or Go can't keep are refused.
func compactObject(text []byte) ([]byte, flaw) {
	if jsontext.Value(text).Kind() != jsontext.KindBeginObject {
		return nil, flawObject
	}
	out, err := jsontext.AppendFormat(make([]byte, 0, len(text)), text)
	if err != nil {
		return nil, flaw{fault.FieldFormat, "must be valid JSON, without a name twice in one object"}
	}
	return out, storable(out)
}

// storable looks for what valid JSON can say and not everyone can keep: PostgreSQL has no NUL, and a number beyond
// a double could not be read back into a Go map.
func storable(text []byte) flaw {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			end := stringEnd(text, i)
			if hasNUL(text[i:end]) {
				return flawNUL
			}
			i = end
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(text) && numeric(text[end]) {
				end++
			}
			if f, err := strconv.ParseFloat(string(text[i:end]), 64); err != nil || math.IsInf(f, 0) {
				return flawRange
			}
			i = end - 1
		}
	}
	return flaw{}
}

func numeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

func hasNUL(quoted []byte) bool {
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		if bytes.HasPrefix(quoted[i:], []byte("u0000")) {
			return true
		}
	}
	return false
}

// sameObject reports whether two JSON objects mean the same: neither the order of names nor the form of a number
// matters.
func sameObject(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	left, right := jsontext.Value(bytes.Clone(a)), jsontext.Value(bytes.Clone(b))
	return left.Canonicalize() == nil && right.Canonicalize() == nil && bytes.Equal(left, right)
}
