package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	doc := b.config.Document
	tags := map[string]bool{}
	for query, want := range map[string]struct {
		body        []byte
		contentType string
	}{
		"": {doc.JSON31, "application/json"}, "?format=json": {doc.JSON31, "application/json"}, "?version=3.1": {doc.JSON31, "application/json"},
		"?format=yaml": {doc.YAML31, "application/yaml"}, "?version=3.0": {doc.JSON30, "application/json"}, "?format=yaml&version=3.0": {doc.YAML30, "application/yaml"},
	} {
		rec := b.send(request{do: "GET /api/schema/" + query})
		tag := rec.Header().Get("ETag")
		if rec.Code != 200 || !bytes.Equal(rec.Body.Bytes(), want.body) || rec.Header().Get("Content-Type") != want.contentType {
			t.Errorf("%s: %d %s", query, rec.Code, rec.Header().Get("Content-Type"))
		}
		tags[tag] = true
		again := b.send(request{do: "GET /api/schema/" + query, header: header("If-None-Match", tag)})
		if again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("%s again: %d %v", query, again.Code, again.Header())
		}
		packed := b.send(request{do: "GET /api/schema/" + query, header: header("Accept-Encoding", "gzip", "If-None-Match", tag)})
		if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Vary") != "Accept-Encoding" || packed.Header().Get("ETag") == tag ||
			!bytes.Equal(unpack(t, packed.Body), want.body) || packed.Body.Len() > len(want.body)/5 {
			t.Errorf("%s packed: %d %v", query, packed.Code, packed.Header())
		}
	}
	if len(tags) != 4 {
		t.Errorf("%d tags for four documents", len(tags))
	}
	for query, want := range map[string]string{"format=xml": "format:invalid_choice", "version=2": "version:invalid_choice", "format=": "format:invalid_choice", "format=json&format=yaml": "format:repeated", "x=1": "x:unknown"} {
		got := problem(t, b.send(request{do: "GET /api/schema/?" + query}), 422, "validation_failed")
		if diff := cmp.Diff([]string{want}, fields(got)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

// TestPagesLoadNothingFromOutside follows every address on the pages.
func TestPagesLoadNothingFromOutside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address := regexp.MustCompile(`(?:src|href|data-schema)="([^"]*)"`)
	for _, path := range []string{"/api/docs/", "/api/redoc", "/api/redoc/"} {
		rec := b.send(request{do: "GET " + path})
		page := rec.Body.String()
		if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(page, "Sample &lt;&amp;&gt;") {
			t.Errorf("%s: %d %v %s", path, rec.Code, rec.Header(), page)
		}
		found := address.FindAllStringSubmatch(page, -1)
		if len(found) < 4 {
			t.Errorf("%s loads %v", path, found)
		}
		for _, match := range found {
			if !strings.HasPrefix(match[1], "/api/") {
				t.Errorf("%s loads %s", path, match[1])
			}
			if rec := b.send(request{do: "GET " + match[1]}); rec.Code != 200 || rec.Body.Len() == 0 {
				t.Errorf("%s: %s: %d", path, match[1], rec.Code)
			}
		}
		if regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(page) || strings.Contains(page, "style=") {
			t.Errorf("%s has something inline: %s", path, page)
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const bundle = "GET /api/docs/assets/swagger-ui-bundle.js"
	for accept, packed := range map[string]bool{
		"gzip": true, "GZIP": true, "br, gzip;q=0.5": true, "*": true, "x-gzip": true, "": false, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "*;q=0": false,
		"identity": false, "*, gzip;q=0": false, "gzip;q=x": false,
	} {
		rec := b.send(request{do: bundle, header: header("Accept-Encoding", accept)})
		h := rec.Header()
		if rec.Code != 200 || (h.Get("Content-Encoding") == "gzip") != packed || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%q: %d %v", accept, rec.Code, h)
		}
		if h.Get("ETag") == "" || h.Get("Cache-Control") != "public, no-cache" {
			t.Errorf("%q: %v", accept, h)
		}
		again := b.send(request{do: bundle, header: header("Accept-Encoding", accept, "If-None-Match", h.Get("ETag"))})
		if again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%q again: %d", accept, again.Code)
		}
	}
	plain, packed := b.send(request{do: bundle}), b.send(request{do: bundle, header: header("Accept-Encoding", "gzip")})
	if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
		t.Error("different bytes have one tag")
	}
	unpacked := unpack(t, packed.Body)
	if !bytes.Equal(unpacked, plain.Body.Bytes()) || len(unpacked) < 100_000 {
		t.Errorf("%d bytes unpacked, %d plain", len(unpacked), plain.Body.Len())
	}
	failed := b.send(request{do: bundle, header: header("Accept-Encoding", "gzip", "If-Match", `"x"`)})
	problem(t, failed, 412, "precondition_failed")
	if failed.Header().Get("Content-Encoding") != "" {
		t.Error("a problem says it is packed")
	}
}

func unpack(t *testing.T, packed io.Reader) []byte {
	t.Helper()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
