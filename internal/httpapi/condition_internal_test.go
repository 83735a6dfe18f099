package httpapi

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParseTags holds the parser to what it reads: the tags, written out again, are read as the same.
func FuzzParseTags(f *testing.F) {
	for _, seed := range []string{`*`, `"a"`, `W/"a", "b"`, `"a,b",`, `, ,"x"`, `"`, `W/`, `""`, ` "a" `, "\"\xff\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, ok := parseTags([]string{text})
		if !ok {
			if list.any || list.tags != nil {
				t.Fatalf("%q is refused and yet read as %+v", text, list)
			}
			return
		}
		if list.any == (len(list.tags) > 0) {
			t.Fatalf("%q is read as %+v", text, list)
		}
		if list.any {
			return
		}
		var written []string
		for _, tag := range list.tags {
			prefix := ""
			if tag.weak {
				prefix = "W/"
			}
			written = append(written, prefix+quoted(tag.opaque))
			if !list.matchesWeakly(tag.opaque) || list.matchesStrongly(tag.opaque) != slices.Contains(list.tags, entityTag{opaque: tag.opaque}) {
				t.Fatalf("%q: the tag %+v matches wrongly", text, tag)
			}
		}
		again, ok := parseTags([]string{strings.Join(written, ", ")})
		if !ok || !slices.Equal(again.tags, list.tags) {
			t.Fatalf("%q: %+v, written out and read again %+v", text, list, again)
		}
	})
}

// FuzzHost holds validHost to its use: whatever it lets through is one host, whose address has the path that follows.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"a", "a:80", "[::1]:80", "a b", "a/b", "a?b", "a#b", "u@a", "[::1", "a:b", "\"", "a\\b", "%41"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if validHost(host) && strings.ContainsAny(host, "/?#@\\\"<> \t\r\n%,;") {
			t.Fatalf("%q is taken for a host", host)
		}
	})
}
