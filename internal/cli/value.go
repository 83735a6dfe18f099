package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Address is HOST:PORT to listen on. An empty host is every interface.
type Address string

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Address) UnmarshalText(text []byte) error {
	host, port, err := net.SplitHostPort(string(text))
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:8000 or :8000", text)
	}
	*a = Address(net.JoinHostPort(host, strconv.FormatUint(number, 10)))
	return nil
}

// Directory is the name of a directory.
type Directory string

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Directory) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New(`"" is not a directory; "." is the one you are in`)
	}
	*d = Directory(text)
	return nil
}

// Size is a number of bytes.
type Size int64

// FileSize is a number of bytes that nobody holds in memory.
type FileSize int64

const (
	// maxSize bounds what a body may be set to: it is held in memory.
	maxSize = 1 << 30
	// maxFileSize is the largest object that S3 takes.
	maxFileSize = 5 << 40
)

type unit struct {
	name  string
	bytes int64
}

// units are tried in this order: each ends in the next one's letters.
func units() []unit {
	return []unit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(text []byte) error {
	n, ok := parseSize(string(text), maxSize)
	if !ok {
		return fmt.Errorf("%q is not a size from 1 byte to 1GiB, such as 1MiB, 512KiB or 65536", text)
	}
	*s = Size(n)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *FileSize) UnmarshalText(text []byte) error {
	n, ok := parseSize(string(text), maxFileSize)
	if !ok {
		return fmt.Errorf("%q is not a size from 1 byte to 5120GiB, such as 100MiB, 2GiB or 65536", text)
	}
	*s = FileSize(n)
	return nil
}

func parseSize(text string, most int64) (int64, bool) {
	for _, u := range units() {
		number, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		return n * u.bytes, err == nil && n >= 1 && n <= most/u.bytes
	}
	return 0, false
}

// Lifetime is how long something is good: at least a second, since tokens count in seconds.
type Lifetime time.Duration

// maxLifetime keeps times of expiry within what every reader of a token can hold.
const maxLifetime = 10 * 365 * 24 * time.Hour

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Lifetime) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < time.Second || d > maxLifetime {
		return fmt.Errorf("%q is not a duration from 1s to 87600h, such as 90s, 15m or 24h", text)
	}
	*l = Lifetime(d)
	return nil
}

// Wait is how long to wait for something; zero is not at all.
type Wait time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Wait) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 || d > 24*time.Hour {
		return fmt.Errorf("%q is not a duration from 0s to 24h, such as 5s or 1m", text)
	}
	*w = Wait(d)
	return nil
}

// DatabaseURL is where a PostgreSQL database is. Printed in any way, it has no password.
type DatabaseURL string

var errDatabaseURL = errors.New("it takes a URL such as postgres://USER:PASSWORD@HOST:5432/DATABASE")

// FilesURL is where files are kept. Which schemes there are is the program's to say.
type FilesURL string

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *FilesURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	switch {
	case len(text) == 0:
	case err != nil: // what can't be read may hold a password anywhere
		return errors.New("it takes a URL, file:///DIR or s3://BUCKET/PREFIX")
	case u.Scheme == "", u.Scheme == "file" && (u.Host != "" || !strings.HasPrefix(u.Path, "/")), u.Scheme != "file" && u.Host == "":
		return fmt.Errorf("%q is not file:///DIR or s3://BUCKET/PREFIX", text)
	}
	*f = FilesURL(text)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Its error never repeats the text as it is, which holds a password.
func (d *DatabaseURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = ""
		return nil
	}
	u, err := url.Parse(string(text))
	switch {
	case err != nil:
		return errDatabaseURL
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		if u.Scheme != "" && u.Host != "" { // else it may be anything, a password as well
			return fmt.Errorf("%q: %w", DatabaseURL(text).String(), errDatabaseURL)
		}
		return errDatabaseURL
	case u.Host == "" && u.Query().Get("host") == "":
		return errDatabaseURL
	}
	*d = DatabaseURL(text)
	return nil
}

// String returns the URL without its password.
func (d DatabaseURL) String() string {
	if d == "" {
		return ""
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "postgres://(hidden)"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	// The query may hold a password as well.
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// GoString keeps %#v from showing the password.
func (d DatabaseURL) GoString() string { return strconv.Quote(d.String()) }

// LogValue implements slog.LogValuer.
func (d DatabaseURL) LogValue() slog.Value { return slog.StringValue(d.String()) }

// secrets returns the parts of the URL that must not be printed.
func (d DatabaseURL) secrets() []string {
	u, err := url.Parse(string(d))
	if err != nil {
		return []string{string(d)}
	}
	var found []string
	if password, ok := u.User.Password(); ok {
		_, raw, _ := strings.Cut(u.User.String(), ":")
		found = append(found, password, raw)
	}
	return append(found, u.Query()["password"]...)
}

// Secret is a text that is never printed.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("(secret)") }
