package httpapi

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                 `attachment`,
		"notes.txt":        `attachment; filename="notes.txt"; filename*=UTF-8''notes.txt`,
		"a b.txt":          `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`,
		`"\`:               `attachment; filename="__"; filename*=UTF-8''%22%5C`,
		"../x":             `attachment; filename=".._x"; filename*=UTF-8''..%2Fx`,
		"50%":              `attachment; filename="50_"; filename*=UTF-8''50%25`,
		"Übersicht\r\n":    `attachment; filename="_bersicht__"; filename*=UTF-8''%C3%9Cbersicht%0D%0A`,
		"\u202egnp.exe📄'*": `attachment; filename="_gnp.exe_'*"; filename*=UTF-8''%E2%80%AEgnp.exe%F0%9F%93%84%27%2A`,
	} {
		if got := attachment(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// FuzzAttachment holds that every name comes back as it was, in a header that is nothing but a header, and that what is
// left of it for old clients has no way to mean a directory.
func FuzzAttachment(f *testing.F) {
	for _, name := range []string{"notes.txt", "../../etc/passwd", "\x00\r\n\t\x7f", `"quoted"; filename=x`, "\u202e\u200b\ufeff", "📄", "%2e%2e", "'", strings.Repeat("é", 255)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) {
			t.Skip("texts are UTF-8")
		}
		w := httptest.NewRecorder()
		w.Header().Set("Content-Disposition", attachment(name))
		w.WriteHeader(http.StatusOK)
		line := w.Result().Header.Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(line)
		if err != nil || kind != "attachment" || params["filename"] != name {
			t.Fatalf("%q came back as %q (%v): %s", name, params["filename"], err, line)
		}
		_, rest, _ := strings.Cut(line, `filename="`)
		old, _, _ := strings.Cut(rest, `"`)
		if strings.ContainsAny(old, `/\%"`) || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%q became %s", name, line)
		}
	})
}
