package httpapi

import (
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/resource"
)

// entityTag is one entity tag of RFC 9110, section 8.8.3, without its quotes.
type entityTag struct {
	opaque string
	weak   bool
}

// tagList is the value of an If-Match or If-None-Match header: any, or some tags.
type tagList struct {
	any  bool
	tags []entityTag
}

// parseTags reads the lines of a header that lists entity tags. It returns false where they are no such list.
func parseTags(lines []string) (tagList, bool) {
	text := strings.Join(lines, ",")
	if strings.Trim(text, " \t") == "*" {
		return tagList{any: true}, true
	}
	var list tagList
	for {
		text = strings.TrimLeft(text, " \t,") // empty elements are allowed (RFC 9110, section 5.6.1)
		if text == "" {
			return list, len(list.tags) > 0
		}
		tag, rest, ok := cutTag(text)
		if !ok {
			return tagList{}, false
		}
		list.tags = append(list.tags, tag)
		text = strings.TrimLeft(rest, " \t")
		if text != "" && text[0] != ',' {
			return tagList{}, false
		}
	}
}

// cutTag takes one tag off the front. A comma inside the quotes belongs to the tag.
func cutTag(text string) (tag entityTag, rest string, ok bool) {
	text, tag.weak = strings.CutPrefix(text, "W/")
	if text == "" || text[0] != '"' {
		return entityTag{}, "", false
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			tag.opaque = text[1:i]
			return tag, text[i+1:], true
		case c <= ' ' || c == 0x7f:
			return entityTag{}, "", false
		}
	}
	return entityTag{}, "", false
}

// matchesStrongly is the comparison of If-Match: a weak tag matches nothing.
func (l tagList) matchesStrongly(etag string) bool {
	for _, tag := range l.tags {
		if !tag.weak && tag.opaque == etag {
			return true
		}
	}
	return l.any
}

// matchesWeakly is the comparison of If-None-Match.
func (l tagList) matchesWeakly(etag string) bool {
	for _, tag := range l.tags {
		if tag.opaque == etag {
			return true
		}
	}
	return l.any
}

// ifMatch returns the request's If-Match, present or not. One that can't be read is refused rather than ignored:
// the client asked for a precondition, and writing without it could lose somebody's update.
func ifMatch(r *http.Request) (list tagList, present bool, err error) {
	lines := r.Header["If-Match"]
	if len(lines) == 0 {
		return tagList{}, false, nil
	}
	list, ok := parseTags(lines)
	if !ok {
		return tagList{}, false, fault.New(fault.MalformedBody, `If-Match is not a list of entity tags such as "abc", in their quotes.`)
	}
	return list, true, nil
}

// precondition returns what a write of one record has to hold to; nil where the client asks for nothing.
func precondition(r *http.Request) (*resource.Precondition, error) {
	if len(r.Header["If-None-Match"]) > 0 {
		return nil, fault.New(fault.PreconditionFailed, "If-None-Match does not hold for a write to a record; use If-Match.")
	}
	list, present, err := ifMatch(r)
	if err != nil || !present {
		return nil, err
	}
	out := &resource.Precondition{Any: list.any}
	for _, tag := range list.tags {
		if !tag.weak {
			out.Tags = append(out.Tags, tag.opaque)
		}
	}
	return out, nil
}

// untagged refuses a request whose If-Match names a tag, on an operation whose answer never carries one: what the
// client asks for can't hold, and the header must not be ignored.
func untagged(r *http.Request) error {
	list, present, err := ifMatch(r)
	if err != nil {
		return err
	}
	if present && !list.any {
		return fault.New(fault.PreconditionFailed, "This answer carries no entity tag, so that If-Match can't hold.")
	}
	return nil
}

// notModified reports whether the client has the representation already. An If-None-Match that can't be read is
// ignored: the full answer is always right.
func notModified(r *http.Request, etag string) bool {
	lines := r.Header["If-None-Match"]
	if len(lines) == 0 {
		return false
	}
	list, ok := parseTags(lines)
	return ok && list.matchesWeakly(etag)
}
