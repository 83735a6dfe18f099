package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/prove"
)

// ServiceURL is where a service answers.
type ServiceURL string

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *ServiceURL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" {
		return errors.New("a service's URL is http://HOST or https://HOST, with a port and a path where it has them")
	}
	*u = ServiceURL(strings.TrimSuffix(string(text), "/"))
	return nil
}

type proveCommand struct {
	URL              ServiceURL  `name:"url" required:"" placeholder:"URL" help:"Where the service is, such as https://api.example.com."`
	Operator         string      `required:"" group:"proving" placeholder:"NAME" help:"An operator, who makes the throw-away tenants and puts them away."`
	OperatorPassword Secret      `group:"proving" placeholder:"@FILE" help:"The operator's password, in a file; asked for on the terminal where there is none. The variable takes the password itself as well."`
	DatabaseURL      DatabaseURL `name:"database-url" placeholder:"URL" help:"The PostgreSQL of the service, as its server's role: what the database itself refuses is tried as well."`
	ContextKey       Secret      `name:"context-key" group:"proving" placeholder:"KEY" help:"The context key of the servers, where that database takes a tenant only with a proof of it; @FILE reads a file."`
	Rate             Count       `default:"50" placeholder:"N" help:"How many requests are sent in a second at most; 0 for as many as go."`
	Timeout          Lifetime    `default:"30m" placeholder:"DURATION" help:"When to give up."`
	Report           []string    `placeholder:"FILE" sep:"none" help:"Where to write the report, in the form that the name ends in: .txt, .json, .xml for JUnit or .html. May be given several times."`
}

// Help is the longer text of prove --help.
func (*proveCommand) Help() string {
	return "Makes two throw-away tenants, fills both with what the service's OpenAPI document says it takes, and tries every " +
		"operation as the one with everything that belongs to the other. Other tenants are neither read nor touched, and no more " +
		"is asked of the service than --rate. At the end the tenants are suspended and their users disabled. The exit code is 1 " +
		"where anything came through, and 2 where nothing did but something could not be tried."
}

// ProveOptions say what is to be proved.
type ProveOptions struct {
	URL, Operator, Password string
	// DatabaseURL is empty where the database is not to be asked.
	DatabaseURL string
	// ContextKey is what tenants are proven to that database with, nil where they are not.
	ContextKey []byte
	Rate       float64
	Progress   func(done, total int, operation string)
}

func (c *proveCommand) Run(ctx context.Context, s *session) error {
	s.secrets = append(s.secrets, c.DatabaseURL.secrets()...)
	for _, name := range c.Report {
		if _, known := prove.FormOf(name); !known {
			return &usageError{"--report " + name + ": the name ends in .txt, .json, .xml or .html"}
		}
	}
	database := Storage{DatabaseURL: c.DatabaseURL, ContextKey: c.ContextKey}
	if _, shared := s.vars.used["context-key"]; shared && c.DatabaseURL == "" {
		database.ContextKey = "" // the servers' variable, and no database to prove a tenant to
	}
	if err := s.contextKeys(&database); err != nil {
		return err
	}
	password, err := c.password(s)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout.Duration())
	defer cancel()
	options := ProveOptions{
		URL: string(c.URL), Operator: c.Operator, Password: password, DatabaseURL: string(c.DatabaseURL), ContextKey: database.Context,
		Rate: float64(c.Rate),
	}
	if terminal(s.env.Stderr) {
		options.Progress = prove.Bar(s.env.Stderr, s.env.Clock)
	}
	report, err := s.program.Prove(limited, options)
	if report != nil {
		if err := c.write(s, report, err != nil && report.Attempts() == 0 && len(report.Left) == 0); err != nil {
			return err
		}
	}
	return c.verdict(report, err)
}

// verdict is the error that the command ends with; nil where nothing came through and all was tried. What came through
// counts, whatever else went wrong.
func (c *proveCommand) verdict(report *prove.Report, err error) error {
	switch {
	case report != nil && report.Leaks() > 0:
		return &problem{report.Verdict(), nil}
	case errors.Is(err, context.DeadlineExceeded):
		return &unproved{&problem{fmt.Sprintf("gave up after %s (--timeout)", c.Timeout.Duration().Round(time.Second)), nil}}
	case err != nil:
		return &unproved{&problem{"the proof did not come to its end", err}}
	case !report.OK():
		return &unproved{&problem{report.Verdict(), nil}}
	default:
		return nil
	}
}

// password returns the operator's password. On the command line other users of the machine would see it.
func (c *proveCommand) password(s *session) (string, error) {
	const flag = "operator-password"
	source, given := s.vars.source(flag), c.OperatorPassword
	switch _, isFile := strings.CutPrefix(string(given), "@"); {
	case given == "":
		return s.askOnce("Password of " + c.Operator + ": ")
	case !isFile && source == "--"+flag:
		return "", &usageError{source + " takes @FILE: other users of this machine may see what stands in a command"}
	}
	password, err := s.namedKey(flag, given)
	s.secrets = append(s.secrets, string(password))
	if err == nil && len(password) == 0 {
		err = &usageError{source + ": the password is empty"}
	}
	return string(password), err
}

// askOnce asks on the terminal for a password that somebody has already.
func (s *session) askOnce(text string) (string, error) {
	if !terminal(s.env.Stdin) {
		return "", &usageError{"no password is given; use --operator-password @FILE or " + prefix + "OPERATOR_PASSWORD"}
	}
	typed, err := s.prompt(text)
	s.secrets = append(s.secrets, typed)
	return typed, err
}

// write writes the reports. Where the proof never began and left nothing behind, the text would only list what it did not try.
func (c *proveCommand) write(s *session, report *prove.Report, never bool) error {
	if !never {
		if err := report.Write(s.env.Stdout, prove.Text); err != nil {
			return err
		}
	}
	for _, name := range c.Report {
		if err := writeReport(s.path(name), report); err != nil {
			return &problem{"--report " + name + " can't be written", err}
		}
	}
	return nil
}

func writeReport(path string, report *prove.Report) error {
	form, _ := prove.FormOf(path)
	file, err := os.Create(path) //nolint:gosec // the user names it
	if err != nil {
		return reason(err)
	}
	return errors.Join(report.Write(file, form), file.Close())
}
