package doctor

import (
	"bytes"
	"strings"
)

// minKey is what HS256 takes (RFC 7518, section 3.2): as many bytes as the hash has.
const minKey = 32

// KeyFault says why a signing key can be guessed, as in "has 7 bytes", and nothing where it looks random. It catches
// the keys that people type, copy from an example or leave in place; only a random source can make a good one.
func KeyFault(key []byte) string {
	switch {
	case len(key) < minKey:
		return "is shorter than 32 bytes"
	case distinct(key) < 9:
		return "has too few different characters"
	case repeats(key):
		return "repeats itself"
	case counts(key):
		return "is a sequence"
	case known(key):
		return "is that of an example"
	default:
		return ""
	}
}

func distinct(key []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range key {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

func repeats(key []byte) bool {
	for period := 1; period <= len(key)/2; period++ {
		if bytes.Equal(key[period:], key[:len(key)-period]) {
			return true
		}
	}
	return false
}

// counts reports whether most characters follow from the one before, as in abcdefgh or 11112222. Of a random key one
// in five does so, where it is written in hex.
func counts(key []byte) bool {
	steps := 0
	for i := 1; i < len(key); i++ {
		if d := int(key[i]) - int(key[i-1]); d >= -1 && d <= 1 {
			steps++
		}
	}
	return steps*5 > len(key)*3
}

// known reports whether the key has a word of those that stand in examples. No random key has: the shortest word turns
// up in one of a hundred million.
func known(key []byte) bool {
	text := strings.ToLower(string(key))
	for _, word := range []string{
		"secret", "password", "changeme", "change-me", "change_me", "change this", "changethis", "change-this", "replace",
		"example", "default", "insecure", "placeholder", "signing key", "signing-key", "signing_key", "your-", "your_", "tenantry",
	} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
