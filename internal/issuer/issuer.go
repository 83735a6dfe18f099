package issuer

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Issuer is an OpenID Connect provider whose access tokens are taken. URL, Audience and TenantClaim are required.
type Issuer struct {
	// URL is the issuer, byte by byte as its tokens have it in iss. It begins with https.
	URL string
	// Audience is what the tokens must name in aud: this API, and not the client that they were given to.
	Audience string
	// TenantClaim is the claim that holds the tenant's id or slug.
	TenantClaim string
	// UserClaim is the claim that names the user, by default "sub". Nobody may be able to choose its value, and the
	// issuer must never give one to another person.
	UserClaim string
	// Algorithms are those that its tokens may be signed with, by default RS256 and ES256.
	Algorithms []string
	// Tenants are the slugs or ids of the tenants that the issuer may speak for; empty is each that its users belong
	// to, "*" says so.
	Tenants []string
	// Join is the role, "viewer", "member" or "admin", in which the issuer's users become members of the tenant that
	// their token names, by this token; empty lets nobody in who is no member. It takes Tenants.
	Join string
	// UsernameClaim is the claim that holds the name of a user who joins. By default the name is the user's in UserClaim,
	// an @, and the issuer's URL without https://.
	UsernameClaim string
	// IgnoreScopes lets the membership's role alone decide. By default a token that has scopes opens what they name and
	// its role allows, and one that has none of ours opens nothing.
	IgnoreScopes bool
	// DangerouslyPrivate lets the issuer be at a private or loopback address, and without TLS at a loopback one. Whoever
	// controls the issuer can then make this server send GET requests inside of its own network.
	DangerouslyPrivate bool
}

// anyTenant stands in Tenants for all.
const anyTenant = "*"

// algorithms are all that may be configured: none with a secret, since an issuer's keys are public.
func algorithms() []string {
	return []string{
		string(jose.RS256), string(jose.RS384), string(jose.RS512), string(jose.PS256), string(jose.PS384), string(jose.PS512),
		string(jose.ES256), string(jose.ES384), string(jose.ES512), string(jose.EdDSA),
	}
}

func (i Issuer) withDefaults() Issuer {
	if i.UserClaim == "" {
		i.UserClaim = "sub"
	}
	if len(i.Algorithms) == 0 {
		i.Algorithms = []string{string(jose.RS256), string(jose.ES256)}
	}
	return i
}

// Check returns all mistakes in the settings of issuers, beside one that signs our own tokens as own.
func Check(issuers []Issuer, own string) error {
	var wrong []error
	seen := map[string]bool{}
	for _, i := range issuers {
		if err := i.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("issuer %q: %w", shown(i.URL), err))
		}
		if seen[i.URL] {
			wrong = append(wrong, fmt.Errorf("issuer %q is there twice", i.URL))
		}
		if i.URL == own {
			wrong = append(wrong, fmt.Errorf("issuer %q is the one of our own tokens", i.URL))
		}
		seen[i.URL] = true
	}
	return errors.Join(wrong...)
}

// ValidURL reports whether text can be the URL of an issuer, be it configured or not.
func ValidURL(text string) bool { return checkURL(text, true) == nil }

// ValidSubject reports whether text can be what an issuer calls a user.
func ValidSubject(text string) bool { return proper(text) }

// check returns what is wrong with the settings, as words that follow the issuer's name.
func (i Issuer) check() error {
	wrong := []error{checkURL(i.URL, i.DangerouslyPrivate)}
	if i.Audience == "" {
		wrong = append(wrong, errors.New("it takes an audience: what the issuer's tokens for this API have in aud"))
	}
	if i.TenantClaim == "" {
		wrong = append(wrong, errors.New("it takes a tenant: the claim that holds the tenant's id or slug"))
	}
	for _, name := range i.Algorithms {
		if !slices.Contains(algorithms(), name) {
			wrong = append(wrong, fmt.Errorf("%q is no algorithm that can be taken; they are %s", name, strings.Join(algorithms(), ", ")))
		}
	}
	for _, ref := range i.Tenants {
		if _, isID := tenant.ParseID(ref); !isID && !tenant.ValidSlug(ref) && ref != anyTenant {
			wrong = append(wrong, fmt.Errorf("%q is neither a tenant's slug nor its id", ref))
		}
	}
	if i.Join == "" {
		return errors.Join(wrong...)
	}
	if role := i.JoinRole(); role == policy.NoRole || role > policy.Admin {
		wrong = append(wrong, fmt.Errorf("%q is no role to join in; they are viewer, member and admin", i.Join))
	}
	if len(i.Tenants) == 0 {
		wrong = append(wrong, errors.New("join takes tenants as well: those whose members the issuer may make, or * for all"))
	}
	return errors.Join(wrong...)
}

// checkURL refuses an address that would be fetched without TLS, or whose form leaves room for a mistake.
func checkURL(text string, private bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is no https URL", shown(text))
	case u.User != nil || u.Fragment != "" || u.String() != text:
		return fmt.Errorf("%q has more than an https URL's host, path and query", shown(text))
	case u.Scheme == "http" && !private:
		return fmt.Errorf("%q is not https, so anybody on the way could answer in its place", text)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("%q is not https, which takes a loopback address", text)
	}
	return nil
}

// shown is the URL without a password that somebody may have put into it.
func shown(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	return u.Redacted()
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// JoinRole is the role that Join names; NoRole where nobody joins.
func (i *Issuer) JoinRole() policy.Role {
	role, _ := policy.ParseRole(i.Join)
	return role
}

// SpeaksFor reports whether the issuer's tokens may name the tenant.
func (i *Issuer) SpeaksFor(t tenant.Tenant) bool {
	if len(i.Tenants) == 0 {
		return true
	}
	return slices.ContainsFunc(i.Tenants, func(ref string) bool {
		asked, isID := tenant.ParseID(ref)
		return ref == anyTenant || ref == t.Slug || isID && asked == t.ID
	})
}

// username is the name under which somebody joins whom the issuer calls subject.
func (i *Issuer) username(subject string) string {
	_, rest, _ := strings.Cut(i.URL, "://")
	return subject + "@" + strings.TrimSuffix(rest, "/")
}
