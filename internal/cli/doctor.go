package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
)

type doctorCommand struct {
	Settings
	Demo   bool `group:"sample" help:"As given to serve: sample users have no place in production."`
	Strict bool `help:"End with exit code 1 on a warning as well."`
	Format
}

// Help is the longer text of doctor --help.
func (*doctorCommand) Help() string {
	return "Looks at what the settings name, beside a running server or without one, and changes nothing. Give it the " +
		"settings that serve gets. What is critical, production refuses to start on; then the exit code is 1."
}

func (c *doctorCommand) Run(ctx context.Context, s *session) error {
	if err := s.hide(c.Storage); err != nil {
		return err
	}
	if err := s.contextKeys(&c.Storage); err != nil {
		return err
	}
	s.secrets = append(s.secrets, c.Limits.RedisURL.secrets()...)
	if err := c.Limits.check(s); err != nil {
		return err
	}
	c.Seen = s.seen(&c.Settings)
	c.Seen.SampleData = c.Demo
	c.Tokens.Key, c.Seen.KeyProblem = s.keyAsFound(c.Storage, c.Tokens)
	s.secrets = append(s.secrets, string(c.Tokens.Key), string(c.Tokens.KeyEncryptionKey))
	examined := c.Settings
	examined.Storage.DataDir = Directory(s.path(string(c.Storage.DataDir)))
	report, err := s.program.Doctor(ctx, examined, s.log())
	if err != nil {
		return err
	}
	s.conceal(&report)
	if err := c.print(s, report); err != nil {
		return err
	}
	if report.Status == finding.Critical || c.Strict && report.Status == finding.Warning {
		return &problem{fmt.Sprintf("the worst finding is %s", report.Status), nil}
	}
	return nil
}

func (c *doctorCommand) print(s *session, report doctor.Report) error {
	if c.json() {
		return c.write(s.env.Stdout, report, nil, nil)
	}
	return report.WriteTable(s.env.Stdout)
}

// conceal takes out of a report what must not be printed: an error of some library may repeat what it was given.
func (s *session) conceal(report *doctor.Report) {
	for _, check := range report.Checks {
		for i := range check.Findings {
			f := &check.Findings[i]
			f.Found, f.Do = printable(f.Found, s.secrets), printable(f.Do, s.secrets)
		}
	}
}

// seen is what the deployment shows beside its settings.
func (s *session) seen(settings *Settings) doctor.Settings {
	seen := doctor.Settings{
		TokensFile: s.path(defaultDemo().Out), Listeners: map[string]string{"--addr": string(settings.Serving.Addr)},
	}
	if addr := string(settings.Serving.MetricsAddr); addr != "" {
		seen.Metrics = addr
	}
	if s.vars.secretInFile() {
		seen.SecretFiles = append(seen.SecretFiles, s.path(".env"))
	}
	if path := s.keyPath(settings.Storage, settings.Tokens); path != "" {
		seen.SecretFiles = append(seen.SecretFiles, path)
	}
	for _, key := range []Secret{settings.Tokens.KeyEncryptionKey, settings.Storage.ContextKey, settings.Storage.PreviousContextKey} {
		if file, isFile := strings.CutPrefix(string(key), "@"); isFile {
			seen.SecretFiles = append(seen.SecretFiles, s.path(file))
		}
	}
	return seen
}

// keyAsFound returns the signing key, however bad it is, and makes none. Where it can't be read, it says why.
func (s *session) keyAsFound(storage Storage, tokens Tokens) (key []byte, trouble string) {
	var err error
	switch {
	case tokens.JWTSigningKey != "":
		key, err = s.namedKey("jwt-signing-key", tokens.JWTSigningKey)
	case storage.Environment != Production:
		if key, err = readKey(s.keyPath(storage, tokens)); missing(err) {
			err = nil
		}
	}
	if err != nil {
		return nil, explain(err) + "."
	}
	return key, ""
}
