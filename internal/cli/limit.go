package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/origin"
)

// Limits say how often the API may be called, from where, and who is believed about that.
type Limits struct {
	RateAnonymous     limit.Rate      `default:"100/h" placeholder:"RATE" help:"Requests of an address without a token, such as 100/h, 5/s or 50/10m; off for no limit."`
	RateAuthenticated limit.Rate      `default:"1000/h" placeholder:"RATE" help:"Requests of a caller with a token."`
	RateTenant        []TenantRate    `placeholder:"[SLUG=]RATE" help:"Requests of all callers of a tenant together, or of the named one; by default without limit. Repeat it, or separate several by commas."`
	RateLogin         limit.Rate      `default:"10/m" placeholder:"RATE" help:"Log-ins with one username."`
	RateLoginAddress  limit.Rate      `default:"60/m" placeholder:"RATE" help:"Log-ins and other operations on tokens from one address."`
	RateOperation     []OperationRate `placeholder:"NAME=RATE" help:"Requests for one operation, by its operationId, instead of the limits of callers and addresses. Repeat it, or separate several by commas."`
	RedisURL          RedisURL        `name:"redis-url" placeholder:"URL" help:"Redis or Valkey that shares the limits between nodes, as redis://USER:PASSWORD@HOST:6379/0. Without it each node counts for itself."`
	CORSOrigins       []origin.Origin `name:"cors-origins" placeholder:"ORIGIN" help:"Origins whose pages may call the API, such as https://app.example.com, separated by commas. None by default."`
	TrustedProxies    []Network       `placeholder:"CIDR" help:"Networks of the proxies in front, such as 10.0.0.0/8,fd00::/8: their X-Forwarded-For, -Proto and -Host are believed. None by default."`
}

// check finds what no single value can tell.
func (l Limits) check(s *session) error {
	var names []string
	for _, o := range l.RateOperation {
		if slices.Contains(names, o.Name) {
			return &usageError{fmt.Sprintf("%s gives %s two rates", s.vars.source("rate-operation"), o.Name)}
		}
		names = append(names, o.Name)
	}
	var slugs []string
	for _, t := range l.RateTenant {
		if slices.Contains(slugs, t.Slug) {
			return &usageError{fmt.Sprintf("%s gives two rates for the same tenants", s.vars.source("rate-tenant"))}
		}
		slugs = append(slugs, t.Slug)
	}
	if s.program.Operations == nil {
		return nil
	}
	known := s.program.Operations()
	for _, name := range names {
		if slices.Contains(known, name) || len(known) == 0 {
			continue
		}
		text := fmt.Sprintf("%s: there is no operation %q", s.vars.source("rate-operation"), name)
		if near := nearest(name, known); near != "" {
			return &usageError{text + "; did you mean " + near + "?"}
		}
		return &usageError{text + fmt.Sprintf("; %s openapi lists them as operationId", s.program.Name)}
	}
	return nil
}

// OperationRate is the rate of one operation.
type OperationRate struct {
	Name string
	Rate limit.Rate
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *OperationRate) UnmarshalText(text []byte) error {
	name, rate, found := strings.Cut(string(text), "=")
	if !found || name == "" {
		return fmt.Errorf("%q is not NAME=RATE, such as listTasks=100/m", text)
	}
	o.Name = name
	return o.Rate.UnmarshalText([]byte(rate))
}

// TenantRate is the rate of a tenant, or of all of them where Slug is empty.
type TenantRate struct {
	Slug string
	Rate limit.Rate
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *TenantRate) UnmarshalText(text []byte) error {
	slug, rate, found := strings.Cut(string(text), "=")
	if !found {
		return t.Rate.UnmarshalText(text)
	}
	if slug == "" {
		return fmt.Errorf("%q is not RATE or SLUG=RATE, such as 5000/h or acme=20000/h", text)
	}
	t.Slug = slug
	return t.Rate.UnmarshalText([]byte(rate))
}

// Network is a range of addresses.
type Network netip.Prefix

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *Network) UnmarshalText(text []byte) error {
	const form = "it takes addresses or networks such as 10.0.0.0/8, fd00::/8 or 192.0.2.7"
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		address, addressErr := netip.ParseAddr(string(text))
		if addressErr != nil || address.Zone() != "" {
			return fmt.Errorf("%q is no network; %s", text, form)
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	switch {
	case prefix.Addr().Is4In6():
		return fmt.Errorf("%q is IPv4 written as IPv6; %s", text, form)
	case prefix.Masked() != prefix:
		return fmt.Errorf("%q names an address inside of a network; did you mean %s? %s", text, prefix.Masked(), form)
	case prefix.Bits() == 0:
		return fmt.Errorf("%q is everybody, and everybody could claim any address; %s", text, form)
	}
	*n = Network(prefix)
	return nil
}

// Prefix returns the network as what it is.
func (n Network) Prefix() netip.Prefix { return netip.Prefix(n) }

// RedisURL is where a Redis is. Printed in any way, it has no password.
type RedisURL string

var errRedisURL = errors.New("it takes a URL such as redis://HOST:6379/0, rediss:// for TLS, or unix:///run/redis.sock")

// UnmarshalText implements encoding.TextUnmarshaler. Its error never repeats the text, which holds a password.
func (r *RedisURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = ""
		return nil
	}
	if err := limit.CheckRedisURL(string(text)); err != nil {
		return errRedisURL
	}
	*r = RedisURL(text)
	return nil
}

// String returns the URL without its password.
func (r RedisURL) String() string {
	if r == "" {
		return ""
	}
	u, err := url.Parse(string(r))
	if err != nil {
		return "redis://(hidden)"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// GoString keeps %#v from showing the password.
func (r RedisURL) GoString() string { return strconv.Quote(r.String()) }

// LogValue implements slog.LogValuer.
func (r RedisURL) LogValue() slog.Value { return slog.StringValue(r.String()) }

// secrets returns the parts of the URL that must not be printed.
func (r RedisURL) secrets() []string { return DatabaseURL(r).secrets() }
