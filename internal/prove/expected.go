package prove

import (
	"net/http"
	"slices"
)

// expected returns the places of an operation of the tenants' at which it has to be attacked, by what its document says it
// takes. So an operation is not passed for the attacks at some of its places while others were forgotten.
func (d *document) expected(op *operation) []string {
	places := []string{inHeader, inQuery}
	add := func(place string, takes bool) {
		if takes {
			places = append(places, place)
		}
	}
	add(inPath, len(op.keys) > 0)
	add(inKey, op.takes("header", inKey))
	add(inMatch, len(op.keys) > 0 && op.takes("header", inMatch))
	add(inNoneMatch, len(op.keys) > 0 && op.takes("header", inNoneMatch))
	if op.method == http.MethodGet {
		add(inSelection, slices.ContainsFunc(op.params, func(p parameter) bool { return p.in == "query" && selects(p.name) }))
		add(inFilter, slices.ContainsFunc(op.params, func(p parameter) bool { return p.in == "query" && filters(p.name) }))
		add(inCursor, op.takes("query", "cursor"))
	}
	if op.body != nil && op.media != formMedia {
		for _, p := range d.properties(op.body) {
			add(inReference, text(p["x-references"]) != "")
		}
		add(inField, true)
		add(inUnique, d.isCreate(op) && len(op.keys) == 0)
	}
	return places
}

// selects reports whether a parameter of the query says how records are shown, and not which.
func selects(name string) bool {
	return slices.Contains([]string{"count", "page", "page_size", "fields", "expand", "ordering", "format", "version"}, name)
}

func filters(name string) bool { return !selects(name) && name != "cursor" }
