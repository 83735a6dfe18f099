package jwt_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tenantry/tenantry/internal/jwt"
)

func token(header string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(`{}`)) + "." + encode([]byte("signature"))
}

func TestHeaderIsRead(t *testing.T) {
	t.Parallel()
	h, err := jwt.ParseHeader(token(`{"alg":"ES256","typ":"at+jwt","kid":"a","other":{"x":1}}`))
	if err != nil || h.Algorithm != "ES256" || h.Type != "at+jwt" || h.KeyID == nil || *h.KeyID != "a" {
		t.Errorf("%+v %v", h, err)
	}
	if h, err := jwt.ParseHeader(token(`{"alg":"ES256"}`)); err != nil || h.KeyID != nil {
		t.Errorf("without a kid: %+v %v", h, err)
	}
}

func TestHeadersAreRefused(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		`{"alg":"ES256","jwk":{}}`, `{"alg":"ES256","jku":"https://evil.example"}`, `{"alg":"ES256","x5c":[]}`, `{"alg":"ES256","x5u":""}`,
		`{"alg":"ES256","crit":["exp"]}`, `{"alg":"ES256","b64":false}`, `{"alg":"ES256","zip":"DEF"}`, `{"alg":"ES256","jwk":null}`,
		`{"alg":"ES256","alg":"none"}`, `{"alg":["ES256"]}`, `{"alg":"ES256","kid":1}`, `[]`, `x`, `{"alg":"ES256"} {}`, "{\"alg\":\"\xff\"}",
	} {
		if _, err := jwt.ParseHeader(token(header)); !errors.Is(err, jwt.ErrHeader) {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// TestOneSpelling changes each character of a token into each other one: what is still taken decodes to other bytes.
func TestOneSpelling(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n\r\t%"
	good := token(`{"alg":"ES256","typ":"JWT"}`)
	signature := good[strings.LastIndexByte(good, '.')+1:]
	for i := range signature {
		for _, c := range []byte(alphabet) {
			other := signature[:i] + string(c) + signature[i+1:]
			_, err := jwt.ParseHeader(strings.TrimSuffix(good, signature) + other)
			if err == nil && other != signature && string(decoded(t, other)) == string(decoded(t, signature)) {
				t.Errorf("%q is taken for %q", other, signature)
			}
		}
	}
	for _, raw := range []string{"", "a", "a.b", good + ".x", good + "=", good + "\n", " " + good, strings.Replace(good, ".", "..", 1), ".."} {
		if _, err := jwt.ParseHeader(raw); !errors.Is(err, jwt.ErrForm) {
			t.Errorf("%q is taken: %v", raw, err)
		}
	}
}

func decoded(t *testing.T, part string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatalf("%q is taken and can't be decoded", part)
	}
	return data
}

func TestAudiences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{`"a"`: 1, `["a"]`: 1, `["a","b"]`: 2, `[]`: 0, `null`: 0} {
		var a jwt.Audience
		if err := json.Unmarshal([]byte(text), &a); err != nil || len(a) != want {
			t.Errorf("%s: %v %v", text, a, err)
		}
	}
	for _, text := range []string{`1`, `{"a":1}`, `[1]`, `[["a"]]`, `true`} {
		if err := json.Unmarshal([]byte(text), new(jwt.Audience)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if text, err := json.Marshal(jwt.Audience{"a"}); err != nil || string(text) != `"a"` {
		t.Errorf("%s %v", text, err)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`0`: time.Unix(0, 0), `1800000000`: time.Unix(1800000000, 0), `1800000000.5`: time.Unix(1800000000, 500_000_000), `1.8e9`: time.Unix(1800000000, 0),
	} {
		var d jwt.Date
		if err := json.Unmarshal([]byte(text), &d); err != nil || !d.Equal(want) {
			t.Errorf("%s: %v %v", text, d, err)
		}
	}
	for _, text := range []string{`"1800000000"`, `null`, `true`, `-1`, `1e300`, `253402300800`, `[]`, `{}`} {
		if err := json.Unmarshal([]byte(text), new(jwt.Date)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
