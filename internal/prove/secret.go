package prove

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
)

// secrets are what only one of the tenants may see: the marks that its texts hold, and every id, number, hash and tag
// that its own people were answered with and the other's were not.
type secrets struct {
	// of names the side whose secret a word is; everybody's is nobody's.
	of map[string]string
	// own are words that a tenant wrote into its records itself, where the service let it.
	own map[string]bool
}

const everybody = "*"

// noID is the id of whoever has none, such as a program that acts by itself.
const noID = "00000000-0000-0000-0000-000000000000"

func newSecrets() *secrets {
	return &secrets{of: map[string]string{noID: everybody}, own: map[string]bool{}}
}

// share takes note of what is nobody's secret, such as the words of the document.
func (s *secrets) share(data []byte) {
	words(data, func(word []byte) { s.of[string(word)] = everybody })
}

// learn takes note of what the side was answered.
func (s *secrets) learn(letter string, a answer) {
	note := func(word []byte) {
		switch before, seen := s.of[string(word)]; {
		case !seen:
			s.of[string(word)] = letter
		case before != letter:
			s.of[string(word)] = everybody
		}
	}
	words(a.body, note)
	words([]byte(a.header.Get("ETag")), note)
}

// wrote takes note of a request that the service took from somebody who may know what is in it.
func (s *secrets) wrote(r request) {
	words(r.body, func(word []byte) { s.own[string(word)] = true })
	for _, value := range r.sent {
		s.own[value] = true
	}
}

// in returns what of the victim's is in an answer that somebody else got, beside what they sent themselves.
func (s *secrets) in(a answer, victim *side, sent []string) []string {
	var found []string
	add := func(what string) {
		if !slices.Contains(found, what) && len(found) < 3 {
			found = append(found, what)
		}
	}
	look := func(data []byte) {
		for _, value := range sent {
			data = without(data, value)
		}
		for _, word := range marked(data, victim.maker.mark) {
			if !s.own[word] {
				add(word)
			}
		}
		words(data, func(word []byte) {
			if s.of[string(word)] == victim.letter && !s.own[string(word)] {
				add(string(word))
			}
		})
	}
	look(a.body)
	words(a.body, func(word []byte) { // what is not meant to be read, such as a cursor, may hold what is not meant to be told
		if plain, err := base64.RawURLEncoding.DecodeString(string(word)); err == nil && len(marked(plain, victim.maker.mark)) > 0 {
			add(string(word))
		}
	})
	for _, name := range headerNames(a.header) {
		for _, value := range a.header[name] {
			look([]byte(value))
		}
	}
	return found
}

// marked returns the words of data that begin with the mark, in whatever case.
func marked(data []byte, mark string) []string {
	var out []string
	lower := bytes.ToLower(data)
	for from := 0; ; {
		at := bytes.Index(lower[from:], []byte(mark))
		if at < 0 {
			return out
		}
		word := wordAt(data, from+at)
		out = append(out, string(word))
		from += at + len(word)
	}
}

// without returns data without a value that was sent. A short one stays: taking it out could break up other words.
func without(data []byte, value string) []byte {
	if len(value) < leastWord {
		return data
	}
	return bytes.ReplaceAll(data, []byte(value), nil)
}

func wordAt(data []byte, at int) []byte {
	end := at
	for end < len(data) && isWord(data[end]) {
		end++
	}
	return data[at:end]
}

// leastWord is how long a word must be to tell something. It also needs a digit: ids, hashes and large numbers have
// one, what the document and its messages consist of has not.
const leastWord = 6

// words calls yield with each word that could tell one tenant from another.
func words(data []byte, yield func(word []byte)) {
	for at := 0; at < len(data); at++ {
		if !isWord(data[at]) {
			continue
		}
		word := wordAt(data, at)
		at += len(word)
		if len(word) >= leastWord && bytes.ContainsAny(word, "0123456789") && !isTime(word) {
			yield(word)
		}
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// isTime reports whether a word is a date, or a part of a time: 2026-11-23, 2026-11-23T09, 123456Z, or the seconds since
// 1970. Two tenants that are filled at once may have those in common.
func isTime(word []byte) bool {
	number := len(bytes.Trim(bytes.TrimSuffix(word, []byte("Z")), "0123456789")) == 0
	switch {
	case number && len(word) == 10 && word[0] == '1', number && len(word) == 7 && word[6] == 'Z':
		return true
	default:
		return len(word) >= 10 && len(word) <= 13 && word[4] == '-' && word[7] == '-'
	}
}

// unstable are the headers that two answers to the same request may differ in.
var unstable = []string{"Date", "Ratelimit", "Ratelimit-Policy", "Content-Length", "X-Request-Id", "Retry-After"}

// headerNames returns the names of the headers that are compared, in their order.
func headerNames(h http.Header) []string {
	var out []string
	for name := range h {
		if !slices.Contains(unstable, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
