package codec

import (
	"github.com/go-json-experiment/json/jsontext"
)

// merge appends the object that a JSON Merge Patch (RFC 7396) makes of target: names that the patch sets to null
// are gone, objects are merged in turn, all else is replaced. Known names keep their place, new ones follow. Both
// are compact; a target that is no object counts as an empty one.
func merge(dst []byte, target, patch jsontext.Value) ([]byte, error) {
	changes, _, err := readObject(patch)
	if err != nil {
		return nil, err
	}
	members, err := objectMembers(target)
	if err != nil {
		return nil, err
	}
	pending := make(map[string]jsontext.Value, len(changes))
	for _, c := range changes {
		pending[c.name] = c.value
	}
	w := objectWriter{dst: append(dst, '{')}
	for _, m := range members {
		change, ok := pending[m.name]
		if !ok {
			w.put(m.name, m.value)
			continue
		}
		delete(pending, m.name)
		w.change(m.name, m.value, change)
	}
	for _, c := range changes {
		if _, ok := pending[c.name]; ok {
			w.change(c.name, nil, c.value)
		}
	}
	return append(w.dst, '}'), w.err
}

func objectMembers(text jsontext.Value) ([]member, error) {
	if text.Kind() != jsontext.KindBeginObject {
		return nil, nil
	}
	members, _, err := readObject(text)
	return members, err
}

// objectWriter writes the members of an object; the first error stays.
type objectWriter struct {
	dst     []byte
	started bool
	err     error
}

func (w *objectWriter) change(name string, old, value jsontext.Value) {
	switch value.Kind() {
	case jsontext.KindNull:
	case jsontext.KindBeginObject:
		w.name(name)
		dst, err := merge(w.dst, old, value)
		if err != nil {
			w.err = err
			return
		}
		w.dst = dst
	default:
		w.put(name, value)
	}
}

func (w *objectWriter) put(name string, value jsontext.Value) {
	w.name(name)
	w.dst = append(w.dst, value...)
}

func (w *objectWriter) name(name string) {
	if w.started {
		w.dst = append(w.dst, ',')
	}
	w.started = true
	dst, err := jsontext.AppendQuote(w.dst, name)
	if err != nil {
		w.err = err
		return
	}
	w.dst = append(dst, ':')
}
