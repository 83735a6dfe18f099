package doctor

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
)

// Settings are what can be seen of a deployment's configuration. A start fills in what it knows; what it leaves out
// is not found fault with.
type Settings struct {
	Production bool
	// Key is the signing key, KeyProblem why there is none although there should be one.
	Key        []byte
	KeyProblem string
	// SecretFiles are files with secrets in them.
	SecretFiles []string
	// SampleData is whether the start adds sample tenants, TokensFile where such a start leaves their tokens.
	SampleData bool
	TokensFile string
	// DatabaseURL is the server's, MigrationURL the owner's connection.
	DatabaseURL, MigrationURL string
	// Listeners are where the server listens, by the setting that says so.
	Listeners map[string]string
	// Metrics is where the metrics are served, empty where nowhere.
	Metrics string
	// RatesOff are the settings that lift a limit.
	RatesOff []string
	// Origins are whose pages may call the API, Proxies who is believed about clients.
	Origins []string
	Proxies []netip.Prefix
	// Redis and Files reach what the settings name; nil where they name none.
	Redis, Files func(context.Context) error
}

// Checks implements Source.
func (s Settings) Checks() []finding.Check {
	static := func(look func() []finding.Finding) func(context.Context) ([]finding.Finding, error) {
		return func(context.Context) ([]finding.Finding, error) { return look(), nil }
	}
	return []finding.Check{
		{ID: "signing_key", Title: "The signing key can't be guessed", Worst: finding.Critical, Run: static(s.checkKey)},
		{ID: "secret_files", Title: "Files with secrets are for their owner alone", Worst: finding.Critical, Run: s.checkSecretFiles},
		{ID: "database_password", Title: "The database's passwords are none that stand in examples", Worst: finding.Warning, Run: static(s.checkPasswords)},
		{ID: "migration_url", Title: "The server does not know the owner's connection", Worst: finding.Warning, Run: static(s.checkOwner)},
		{ID: "sample_data", Title: "Production has no sample users", Worst: finding.Critical, Run: static(s.checkSample)},
		{ID: "sample_tokens", Title: "No tokens of sample users lie about in production", Worst: finding.Warning, Run: static(s.checkTokensFile)},
		{ID: "listeners", Title: "Whoever is not on this machine comes through a proxy with TLS", Worst: finding.Warning, Run: static(s.checkListeners)},
		{ID: "metrics", Title: "Metrics are for whoever runs the service", Worst: finding.Warning, Run: static(s.checkMetrics)},
		{ID: "trusted_proxies", Title: "Only proxies are believed about clients", Worst: finding.Critical, Run: static(s.checkProxies)},
		{ID: "origins", Title: "Pages that may call the API came by HTTPS", Worst: finding.Warning, Run: static(s.checkOrigins)},
		{ID: "rate_limits", Title: "Requests are limited", Worst: finding.Warning, Run: static(s.checkRates)},
		{ID: "redis", Title: "The Redis that shares the limits answers", Worst: finding.Warning, Run: s.checkRedis},
		{ID: "files", Title: "The place for files can be reached", Worst: finding.Critical, Run: s.checkFiles},
	}
}

func warn(found, do string, values ...any) []finding.Finding {
	return []finding.Finding{{Status: finding.Warning, Found: fmt.Sprintf(found, values...), Do: do}}
}

const keyAdvice = `Make one of random bytes, such as from "openssl rand -base64 48", and name its file with --jwt-signing-key @FILE. All tokens end with it.`

func (s Settings) checkKey() []finding.Finding {
	fault := KeyFault(s.Key)
	switch {
	case s.KeyProblem != "":
		return []finding.Finding{{Status: finding.Critical, Found: s.KeyProblem, Do: keyAdvice}}
	case len(s.Key) == 0 && s.Production:
		return []finding.Finding{{Status: finding.Critical, Found: "There is no signing key.", Do: keyAdvice}}
	case len(s.Key) == 0:
		return []finding.Finding{{Found: "None yet; the first start makes a random one."}}
	case fault == "":
		return nil
	case s.Production || len(s.Key) < minKey:
		return []finding.Finding{{Status: finding.Critical, Found: "The signing key " + fault + ".", Do: keyAdvice}}
	default:
		return warn("The signing key %s; production would refuse it.", keyAdvice, fault)
	}
}

// checkPasswords looks for the passwords of our own documentation and their like.
func (s Settings) checkPasswords() []finding.Finding {
	var out []finding.Finding
	for setting, raw := range map[string]string{"--database-url": s.DatabaseURL, "--migration-url": s.MigrationURL} {
		u, err := url.Parse(raw)
		if err != nil || u.User == nil {
			continue
		}
		password, given := u.User.Password()
		common := []string{u.User.Username(), "secret", "owner-secret", "server-secret", "password", "postgres", "changeme", "tenantry", "admin", "test"}
		if given && slices.Contains(common, strings.ToLower(password)) {
			out = append(out, warn("The password in %s is one that is tried first.", "Give the role a random one: ALTER ROLE … PASSWORD '…';", setting)...)
		}
	}
	slices.SortFunc(out, func(a, b finding.Finding) int { return strings.Compare(a.Found, b.Found) })
	return out
}

func (s Settings) checkOwner() []finding.Finding {
	if !s.Production || s.MigrationURL == "" {
		return nil
	}
	return warn("The connection of the tables' owner is set where the server runs: whoever breaks into the server has it.",
		"Set --migration-url for tenantry migrate up alone.")
}

func (s Settings) checkSample() []finding.Finding {
	if !s.Production || !s.SampleData {
		return nil
	}
	return []finding.Finding{{Status: finding.Critical, Found: "Sample users are asked for in production: anyone could know them.", Do: "Take --demo away."}}
}

func (s Settings) checkListeners() []finding.Finding {
	var out []finding.Finding
	for _, setting := range slices.Sorted(maps.Keys(s.Listeners)) {
		address := s.Listeners[setting]
		if s.Production && public(address) && len(s.Proxies) == 0 {
			out = append(out, warn("%s %s can be reached from other machines, by plain HTTP, and no proxy is trusted.",
				"Put a proxy with TLS in front and name it with --trusted-proxies, or listen on 127.0.0.1.", setting, address)...)
		}
	}
	return out
}

func (s Settings) checkMetrics() []finding.Finding {
	if !s.Production || s.Metrics == "" || !public(s.Metrics) {
		return nil
	}
	return warn("--metrics-addr %s can be reached from other machines and asks nobody who they are.",
		"Listen on 127.0.0.1 or on a network of your own, on another port than the API, or close the port to all others.", s.Metrics)
}

// public reports whether others than this machine reach an address.
func public(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return err == nil && host != "localhost"
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

// The widest networks that somebody can own who is not everybody: a provider's or a company's.
const (
	widest4 = 8
	widest6 = 20
)

func (s Settings) checkProxies() []finding.Finding {
	var out []finding.Finding
	for _, network := range s.Proxies {
		widest := widest6
		if network.Addr().Is4() {
			widest = widest4
		}
		const do = "Name the proxies' own addresses with --trusted-proxies."
		switch {
		case network.Bits() == 0:
			out = append(out, finding.Finding{
				Status: finding.Critical, Found: fmt.Sprintf("Everybody (%s) is believed about who he is.", network), Do: do,
			})
		case network.Bits() < widest && !network.Addr().IsPrivate() && !network.Addr().IsLoopback():
			out = append(out, warn("The network %s is believed about clients, and is too wide to be yours.", do, network)...)
		}
	}
	return out
}

func (s Settings) checkOrigins() []finding.Finding {
	var out []finding.Finding
	for _, origin := range s.Origins {
		if s.Production && strings.HasPrefix(strings.ToLower(origin), "http:") {
			out = append(out, warn("Pages of %s may call the API, and anybody on their way can change them.",
				"Serve them by HTTPS, and name that origin with --cors-origins.", origin)...)
		}
	}
	return out
}

func (s Settings) checkRates() []finding.Finding {
	if len(s.RatesOff) == 0 {
		return nil
	}
	return warn("There is no limit for requests, as %s says.", "Set a limit that is too high to be met, rather than none.", strings.Join(s.RatesOff, ", "))
}

func (s Settings) checkRedis(ctx context.Context) ([]finding.Finding, error) {
	if s.Redis == nil {
		return []finding.Finding{{Found: "None is set: each node counts for itself."}}, nil
	}
	if err := s.Redis(ctx); err != nil {
		return warn("The Redis does not answer: %s.", "See that it runs and that --redis-url is right. Until then each node counts for itself.", oneLine(err.Error())), nil
	}
	return nil, nil
}

func (s Settings) checkFiles(ctx context.Context) ([]finding.Finding, error) {
	if s.Files == nil {
		return nil, nil
	}
	if err := s.Files(ctx); err != nil {
		return []finding.Finding{{
			Status: finding.Critical, Found: fmt.Sprintf("The place for files can't be used: %s.", oneLine(err.Error())),
			Do: "See that it is there, that this user may use it, and that --files-url is right.",
		}}, nil
	}
	return nil, nil
}
