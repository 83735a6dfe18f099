package accept_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/httpapi/accept"
)

func TestGzip(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"":                         false,
		"gzip":                     true,
		"GZIP, br":                 true,
		"x-gzip;q=0.5":             true,
		"br, *":                    true,
		"*;q=0":                    false,
		"gzip;q=0, *":              false,
		"br":                       false,
		"gzip;q=nonsense":          false,
		"gzip;q=1.1":               false,
		"deflate ; q=1 , gzip;Q=1": true,
	} {
		if got := accept.Gzip([]string{line}); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	if !accept.Gzip([]string{"br", "gzip"}) {
		t.Error("the second line is not read")
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"":                 false,
		"*/*":              false,
		"application/json": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true,
		"text/html;level=1;q=0.5, application/json":                       false,
		"application/json;q=0.5, text/html":                               true,
		"text/html;q=0":                                                   false,
		"text/*":                                                          false,
	} {
		if got := accept.HTML([]string{line}); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
