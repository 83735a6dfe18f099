package openapi

import (
	"bytes"
	"slices"
)

// appendYAML appends the tree as YAML 1.2 in block style. Text is quoted as in JSON, which YAML reads alike, unless it
// is one plain word that no version of YAML takes for anything else.
func appendYAML(dst []byte, node any, indent int) []byte {
	switch v := node.(type) {
	case object:
		for i, m := range v {
			if i > 0 {
				dst = appendIndent(dst, indent)
			}
			dst = appendYAMLScalar(dst, m.name)
			dst = append(dst, ':')
			dst = appendYAMLValue(dst, m.value, indent+1)
		}
	case array:
		for i, item := range v {
			if i > 0 {
				dst = appendIndent(dst, indent)
			}
			dst = append(dst, "- "...)
			if isBlock(item) {
				dst = appendYAML(dst, item, indent+1)
			} else {
				dst = append(appendYAMLLeaf(dst, item), '\n')
			}
		}
	}
	return dst
}

// appendYAMLValue appends what follows a member's colon.
func appendYAMLValue(dst []byte, value any, indent int) []byte {
	if !isBlock(value) {
		return append(appendYAMLLeaf(append(dst, ' '), value), '\n')
	}
	dst = append(dst, '\n')
	return appendYAML(appendIndent(dst, indent), value, indent)
}

func isBlock(node any) bool {
	switch v := node.(type) {
	case object:
		return len(v) > 0
	case array:
		return len(v) > 0
	default:
		return false
	}
}

func appendYAMLLeaf(dst []byte, node any) []byte {
	switch v := node.(type) {
	case object:
		return append(dst, "{}"...)
	case array:
		return append(dst, "[]"...)
	case string:
		return appendYAMLScalar(dst, v)
	default:
		return appendScalar(dst, v)
	}
}

func appendYAMLScalar(dst []byte, text string) []byte {
	if plainWord(text) {
		return append(dst, text...)
	}
	return appendScalar(dst, text)
}

// plainWord reports whether text can stand without quotes: a word of letters that is no keyword of YAML 1.1 or 1.2.
func plainWord(text string) bool {
	if text == "" || len(text) > 60 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	keywords := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	return !slices.Contains(keywords, string(bytes.ToLower([]byte(text))))
}
