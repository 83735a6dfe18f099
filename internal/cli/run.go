package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"
)

// Environment is what a program is given by its process.
type Environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Environ are the environment variables as NAME=value.
	Environ []string
	// Dir is the working directory; empty is the process's own. Relative names begin there, .env lies there.
	Dir string
	// Signals carries the signals to stop. It may be nil.
	Signals <-chan os.Signal
	Clock   func() time.Time
	// Random is a source of secrets.
	Random io.Reader
}

// Run runs the command that args name, without the program's name, and returns the exit code.
func Run(ctx context.Context, args []string, env Environment, program Program) int {
	s := &session{env: env, program: program}
	err := s.run(ctx, args)
	if err != nil && s.interrupted.Load() {
		err = interruption(err)
	}
	if err != nil {
		s.complain(explain(err))
	}
	return exitCode(err)
}

// session is one call of the program.
type session struct {
	env     Environment
	program Program
	vars    *variables
	// secrets are the texts that must not be printed.
	secrets []string
	// logger is where notes go; nil for commands that don't log.
	logger *slog.Logger
	// helped is set once help has been printed.
	helped bool
	// interrupted is set once a signal has ended what was being done.
	interrupted atomic.Bool
}

func (s *session) run(ctx context.Context, args []string) error {
	vars, err := readVariables(s.env)
	if err != nil {
		return err
	}
	s.vars = vars
	parser, err := s.parser(&commands{})
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(helpful(args))
	if s.helped {
		return nil
	}
	if err != nil {
		return s.misuse(parser.Model, err)
	}
	for _, warning := range vars.unknown(parser.Model) {
		s.complain("warning: " + warning)
	}
	if parsed.Selected().Name != "serve" { // which drains instead
		var stop func()
		ctx, stop = s.untilSignal(ctx)
		defer stop()
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(s)
}

// helpful understands what people try first: no arguments and the word help are --help, --version is version.
func helpful(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(append([]string{}, args[1:]...), "--help")
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	default:
		return args
	}
}

func (s *session) parser(grammar *commands) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name(s.program.Name),
		kong.Description(s.program.Description),
		kong.Writers(s.env.Stdout, s.env.Stderr),
		kong.Exit(func(int) { s.helped = true }),
		kong.Resolvers(s.vars),
		kong.ValueFormatter(describe),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "storage", Title: "Where the data is:"},
			{Key: "tokens", Title: "Tokens:"},
			{Key: "serving", Title: "Serving:"},
			{Key: "limits", Title: "Limits, and who is let in from where:"},
			{Key: "issuers", Title: "Tokens of other issuers:"},
			{Key: "proving", Title: "As whom:"},
			{Key: "sample", Title: "Sample data:"},
			{Key: "logging", Title: "Logs, on stderr:"},
		}),
	)
}

// describe is a flag's help: what it does, its default and the variable that sets it as well.
func describe(value *kong.Value) string {
	text := strings.TrimSuffix(value.Help, ".")
	var notes []string
	if value.HasDefault && value.Default != "" {
		notes = append(notes, "default "+value.Default)
	}
	if value.Flag != nil {
		if name := variableOf(value.Flag); name != "" {
			notes = append(notes, name)
		}
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text + "."
}

// flagOf finds the flag that a message of kong's begins with.
var flagOf = regexp.MustCompile(`^--([a-z0-9-]+)`)

// The ways in which kong says that a flag has no value, or one that looks like a flag.
var (
	withoutValue = regexp.MustCompile(`expected \w+ value but got "EOL" \(<EOL>\)$`)
	likeAFlag    = regexp.MustCompile(`expected \w+ value but got "[^"]*" \(\w+ flag\); perhaps try (.*)\?$`)
)

// misuse turns what kong says of a wrong command into a message that names the variable where one was at fault, and
// the help to read.
func (s *session) misuse(model *kong.Application, err error) error {
	text := err.Error()
	if match := flagOf.FindStringSubmatch(text); match != nil {
		text = s.vars.source(match[1]) + strings.TrimPrefix(text, match[0])
	}
	text = withoutValue.ReplaceAllString(text, "it takes a value")
	text = likeAFlag.ReplaceAllString(text, "it takes a value; one that begins with - is written $1")
	command := model.Name
	var failed *kong.ParseError
	if errors.As(err, &failed) && failed.Context != nil {
		if node := failed.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	separator := "; "
	if strings.HasSuffix(text, "?") {
		separator = " "
	}
	return &usageError{fmt.Sprintf("%s%ssee %s --help", text, separator, command)}
}

// complain writes one line to stderr.
func (s *session) complain(text string) {
	_, _ = fmt.Fprintf(s.env.Stderr, "%s: %s\n", s.program.Name, printable(text, s.secrets))
}

// note tells something that is neither a result nor an error: in the log where there is one.
func (s *session) note(text string, key, value string) {
	if s.logger != nil {
		s.logger.Info(text, key, value)
		return
	}
	s.complain(text + " " + value)
}

// print writes a line of the command's result.
func (s *session) print(format string, values ...any) {
	_, _ = fmt.Fprintf(s.env.Stdout, format+"\n", values...)
}

// path resolves a name in the working directory.
func (s *session) path(name string) string {
	if s.env.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.env.Dir, name)
}

// untilSignal returns a context that the first signal ends, and a function that ends it and leaves later signals to
// others.
func (s *session) untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.env.Signals:
			s.interrupted.Store(true)
			cancel()
		case <-done:
		}
	}()
	return ctx, sync.OnceFunc(func() {
		close(done)
		<-ended // a signal that came just now is not lost: interrupted is set
		cancel()
	})
}
