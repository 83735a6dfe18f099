package cli

import (
	"encoding"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	t.Parallel()
	var (
		size Size
		life Lifetime
		wait Wait
		addr Address
		n    Count
		seed Seed
	)
	tests := []struct {
		text string
		into encoding.TextUnmarshaler
		want string // empty: refused
	}{
		{"1MiB", &size, "1048576"},
		{"512KiB", &size, "524288"},
		{"1GiB", &size, "1073741824"},
		{"65536", &size, "65536"},
		{"100B", &size, "100"},
		{"0", &size, ""},
		{"-1", &size, ""},
		{"2GiB", &size, ""},
		{"9223372036854775807KiB", &size, ""},
		{"1MB", &size, ""},
		{"1 MiB", &size, ""},
		{"MiB", &size, ""},
		{"", &size, ""},
		{"15m", &life, "15m0s"},
		{"1s", &life, "1s"},
		{"0s", &life, ""},
		{"500ms", &life, ""},
		{"-1h", &life, ""},
		{"15", &life, ""},
		{"1000000h", &life, ""},
		{"0s", &wait, "0s"},
		{"30s", &wait, "30s"},
		{"-1s", &wait, ""},
		{"48h", &wait, ""},
		{"127.0.0.1:8000", &addr, "127.0.0.1:8000"},
		{":0", &addr, ":0"},
		{"[::1]:80", &addr, "[::1]:80"},
		{"localhost:80", &addr, "localhost:80"},
		{"8000", &addr, ""},
		{"localhost", &addr, ""},
		{"localhost:http", &addr, ""},
		{"localhost:65536", &addr, ""},
		{"http://localhost:80", &addr, ""},
		{"0", &n, "0"},
		{"-1", &n, ""},
		{"1.5", &n, ""},
		{"100001", &n, ""},
		{"18446744073709551615", &seed, "18446744073709551615"},
		{"x", &seed, ""},
	}
	for _, test := range tests {
		err := test.into.UnmarshalText([]byte(test.text))
		if (err == nil) != (test.want != "") {
			t.Errorf("%T %q: error %v", test.into, test.text, err)
			continue
		}
		if err != nil {
			if !strings.Contains(err.Error(), `"`+test.text+`"`) {
				t.Errorf("%T %q: the message doesn't name the value: %v", test.into, test.text, err)
			}
			continue
		}
		if got := shown(test.into); got != test.want {
			t.Errorf("%T %q: got %s, want %s", test.into, test.text, got, test.want)
		}
	}
}

func shown(value any) string {
	switch v := value.(type) {
	case *Size:
		return fmt.Sprint(int64(*v))
	case *Lifetime:
		return time.Duration(*v).String()
	case *Wait:
		return time.Duration(*v).String()
	case *Address:
		return string(*v)
	case *Count:
		return fmt.Sprint(int(*v))
	case *Seed:
		return fmt.Sprint(uint64(*v))
	}
	return ""
}

func TestDatabaseURLNeverShowsItsPassword(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"postgres://u:hunter2@h:5432/d", "postgresql://u:hunter2@h/d?sslmode=disable",
		"postgres://h/d?user=u&password=hunter2", "postgres://u:hunter2%40x@h/d",
	} {
		var u DatabaseURL
		if err := u.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		shown := fmt.Sprintf("%v %s %q %#v %v", u, u, u, u, u.LogValue())
		if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "postgres") {
			t.Errorf("shown as %s", shown)
		}
		if line := printable("dial "+text+": no", u.secrets()); strings.Contains(line, "hunter2") {
			t.Errorf("printed as %s", line)
		}
	}
	for _, text := range []string{
		"mysql://u:hunter2@h/d", "host=h password=hunter2", "postgres://u:hunter2/x@h/d", "postgres:///d", "postgres://u:hunter2@h:port/d",
	} {
		var u DatabaseURL
		err := u.UnmarshalText([]byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPrintableIsOneLineWithoutSecrets(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"a\nb\r\nc", "a; b; c"},
		{"key is k3y-of-mine.", "key is (secret)."},
		{"at postgres://u:p@ss@h/d now", "at postgres://u@h/d now"},
		{"at https://h:80/x@y", "at https://h:80/x@y"},
		{"a\x1b[31mb", "a?[31mb"},
	}
	for _, test := range tests {
		if got := printable(test.text, []string{"k3y-of-mine", "", "is"}); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:8000": "http://127.0.0.1:8000", ":80": "http://127.0.0.1:80", "0.0.0.0:80": "http://127.0.0.1:80",
		"[::]:80": "http://127.0.0.1:80", "[::1]:80": "http://[::1]:80", "example.com:80": "http://example.com:80",
	} {
		if got := baseURL(addr); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
}
