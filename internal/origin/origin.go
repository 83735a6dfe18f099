// Package origin says what an origin of the web is: scheme, host and port, as browsers write it in Origin headers
// (RFC 6454, section 6.2). It knows nothing of who may do what from where.
package origin

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Origin is an origin as browsers write it.
type Origin string

const form = "an origin is scheme://host or scheme://host:port, such as https://app.example.com"

// Parse reads exactly one origin: no wildcard, no path, nothing that a browser would write in another way.
func Parse(text string) (Origin, error) {
	switch text {
	case "*":
		return "", fmt.Errorf(`"*" would let every page on the web read the answers; name each origin: %s`, form)
	case "null":
		return "", fmt.Errorf(`"null" is the origin of files and of every sandboxed page; name each origin: %s`, form)
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.ContainsAny(text, "*@?# ") || u.Path != "" {
		return "", fmt.Errorf("%q is no origin; %s, without a path, a user or a wildcard", text, form)
	}
	if exact := u.Scheme + "://" + u.Host; exact != text || strings.ToLower(text) != text || !ascii(text) {
		return "", fmt.Errorf("%q is not as browsers write it: in lower case and ASCII; %s", text, form)
	}
	if !usualPort(u) {
		return "", fmt.Errorf("%q has a port that browsers leave out, or none; %s", text, form)
	}
	return Origin(text), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Origin) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*o = parsed
	return nil
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' })
}

// usualPort reports whether the port is one that a browser would write.
func usualPort(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != port || n == 0 {
		return false
	}
	return (u.Scheme != "http" || n != 80) && (u.Scheme != "https" || n != 443)
}
