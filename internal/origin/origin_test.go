package origin_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/origin"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"https://app.example.com", "http://localhost:3000", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443", "https://xn--bcher-kva.example", "http://app.example.com:443",
	} {
		if got, err := origin.Parse(text); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "*", "null", "app.example.com", "https://", "https://app.example.com/", "https://app.example.com/path", "https://*.example.com", "https://app.example.com?x",
		"https://app.example.com#x", "https://u@app.example.com", "https://u:p@app.example.com", "ftp://app.example.com", "file:///", "HTTPS://app.example.com",
		"https://App.example.com", "https://bücher.example", "https://app.example.com:443", "http://app.example.com:80", "https://app.example.com:", "https://app.example.com:0",
		"https://app.example.com:065", "https://app.example.com:99999", "https://app.example.com:x", "https://a b", " https://app.example.com", "https://app.example.com,https://b",
		"//app.example.com", "https:app.example.com", "javascript:alert(1)", "https://app.example.com\n", "chrome-extension://x",
	} {
		got, err := origin.Parse(text)
		if err == nil {
			t.Errorf("%q is taken as %q", text, got)
		} else if !strings.Contains(err.Error(), "https://app.example.com") {
			t.Errorf("%q: the message doesn't say what it takes: %v", text, err)
		}
	}
}
