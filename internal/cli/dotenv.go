package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// variable is one environment variable and where it was set.
type variable struct {
	name, value string
	// file and line are set for one from a .env file.
	file string
	line int
}

// source names the variable for messages.
func (v variable) source() string {
	if v.file == "" {
		return v.name
	}
	return fmt.Sprintf("%s (%s:%d)", v.name, v.file, v.line)
}

// readDotenv reads the settings in a .env file; none where there is no such file.
func readDotenv(path string) ([]variable, error) {
	name := filepath.Base(path)
	content, err := os.ReadFile(path) //nolint:gosec // a name of ours, in the working directory
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EISDIR):
		// A folder of the name is some other tool's.
		return nil, nil
	case err != nil:
		return nil, &problem{name + " can't be read", reason(err)}
	}
	return parseDotenv(name, strings.TrimPrefix(string(content), "\ufeff"))
}

// parseDotenv reads lines of NAME=value. A line may begin with export; a value may be quoted, single quotes keep
// every character and double quotes know the escapes \n, \r, \t, \", \\ and \$; # begins a comment. Nothing is
// expanded. Errors name the line and never repeat it: it may hold a secret.
func parseDotenv(file, content string) ([]variable, error) {
	var found []variable
	number := 0
	for line := range strings.Lines(content) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, raw, ok := strings.Cut(line, "=")
		name = exported(name)
		if !ok || !variableName(name) {
			return nil, &usageError{fmt.Sprintf("%s:%d is not NAME=value", file, number)}
		}
		value, mistake := dotenvValue(strings.TrimSpace(raw))
		if mistake != "" {
			return nil, &usageError{fmt.Sprintf("%s:%d: the value of %s %s", file, number, name, mistake)}
		}
		found = append(found, variable{name, value, file, number})
	}
	return found, nil
}

// exported drops the export that a shell needs.
func exported(name string) string {
	words := strings.Fields(name)
	if len(words) == 2 && words[0] == "export" {
		return words[1]
	}
	return strings.TrimRight(name, " \t")
}

func variableName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func dotenvValue(raw string) (value, mistake string) {
	if raw == "" {
		return "", ""
	}
	if quote := raw[0]; quote == '\'' || quote == '"' {
		value, rest, ok := quoted(raw[1:], quote)
		if !ok {
			return "", "has no closing quote on its line"
		}
		if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
			return "", "goes on after its closing quote"
		}
		return value, ""
	}
	for i := range len(raw) {
		if raw[i] == '#' && (i == 0 || raw[i-1] == ' ' || raw[i-1] == '\t') {
			return strings.TrimSpace(raw[:i]), ""
		}
	}
	return raw, ""
}

// quoted returns what stands before the closing quote and what after it.
func quoted(text string, quote byte) (value, rest string, ok bool) {
	escapes := map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '$': '$'}
	var out []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return string(out), text[i+1:], true
		case c == '\\' && quote == '"' && i+1 < len(text) && escapes[text[i+1]] != 0:
			i++
			out = append(out, escapes[text[i]])
		default:
			out = append(out, c)
		}
	}
	return "", "", false
}
