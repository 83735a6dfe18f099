// Package accept reads what a client would rather have: the headers Accept and Accept-Encoding (RFC 9110, section
// 12.5), as far as the server has a choice to offer. It knows no content and no answer.
package accept

import (
	"strconv"
	"strings"
)

// Gzip reports whether the lines of Accept-Encoding take gzip: gzip itself decides, then *, and a weight of 0 is a no.
func Gzip(lines []string) bool {
	star := false
	for name, weight := range items(lines) {
		switch {
		case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
			return weight > 0
		case name == "*":
			star = weight > 0
		}
	}
	return star
}

// HTML reports whether the lines of Accept ask for HTML by its name, and no less than for JSON. Browsers do; programs,
// which ask for anything or for nothing, don't.
func HTML(lines []string) bool {
	html, json := 0.0, 0.0
	for name, weight := range items(lines) {
		switch strings.ToLower(name) {
		case "text/html", "application/xhtml+xml":
			html = max(html, weight)
		case "application/json":
			json = max(json, weight)
		}
	}
	return html > 0 && html >= json
}

// items yields the names of a list with their weights: 1 where none is given, 0 where it can't be read.
func items(lines []string) func(yield func(string, float64) bool) {
	return func(yield func(string, float64) bool) {
		for item := range strings.SplitSeq(strings.Join(lines, ","), ",") {
			name, params, _ := strings.Cut(item, ";")
			if !yield(strings.TrimSpace(name), weight(params)) {
				return
			}
		}
	}
}

func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, found := strings.Cut(strings.TrimSpace(param), "=")
		if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || weight < 0 || weight > 1 {
			return 0
		}
		return weight
	}
	return 1
}
