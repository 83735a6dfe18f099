package cli

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"unicode"

	"github.com/tenantry/tenantry/internal/fault"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errInterrupted is the end of a command that a signal stopped.
var errInterrupted = &problem{"interrupted", nil}

// usageError is a command that was given wrongly; the program ends with exitUsage.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// problem is a failure with what to do about it.
type problem struct {
	text  string
	cause error
}

func (e *problem) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + explain(e.cause)
}

func (e *problem) Unwrap() error { return e.cause }

// unproved is a proof that did not come to its end, or to a part of what it has to try. It is told apart from a leak by
// exitUsage: what was not tried says nothing of the service.
type unproved struct{ cause error }

func (e *unproved) Error() string { return explain(e.cause) }

func (e *unproved) Unwrap() error { return e.cause }

// interruption is the end of a command that a signal stopped, and that ended with err for it.
func interruption(err error) error {
	if _, ok := errors.AsType[*unproved](err); ok {
		return &unproved{errInterrupted}
	}
	return errInterrupted
}

func exitCode(err error) int {
	var usage *usageError
	var untried *unproved
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.As(err, &untried):
		return exitUsage
	default:
		return exitFailed
	}
}

// explain returns what a person can act on. It drops the code words that are meant for clients of the API.
func explain(err error) string {
	if _, ok := errors.AsType[*problem](err); ok {
		return err.Error()
	}
	if failed, ok := errors.AsType[*fault.Error](err); ok {
		return explainFault(failed)
	}
	return err.Error()
}

// reason returns why the system refused a file, without the file's name: the caller says it in our words.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

func explainFault(failed *fault.Error) string {
	text := strings.TrimSuffix(failed.Message, ".")
	if len(failed.Fields) > 0 {
		parts := make([]string, 0, len(failed.Fields))
		for _, f := range failed.Fields {
			parts = append(parts, f.Name+": "+strings.TrimSuffix(f.Message, "."))
		}
		text = strings.Join(parts, "; ")
	}
	// On the machine itself the cause may be shown: whoever runs the program may read its files anyway.
	if cause := errors.Unwrap(failed); cause != nil {
		if text == "" || failed.Code == fault.Internal {
			return cause.Error()
		}
		text += ": " + cause.Error()
	}
	return text
}

// password finds the password in whatever looks like a URL: somebody may have pasted one where it doesn't belong.
var password = regexp.MustCompile(`(://[^\s/?#:@"]*):[^\s/?#"]*@`)

// printable makes one line of text that shows none of the secrets.
func printable(text string, secrets []string) string {
	for _, secret := range secrets {
		// A secret of a few characters would also hide parts of ordinary words; the pattern finds it in a URL.
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "(secret)")
		}
	}
	text = password.ReplaceAllString(text, "$1@")
	text = strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' }), "; ")
	// A control character from a name or a database could rewrite what the terminal shows.
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '?'
		}
		return c
	}, text)
}
