package cli

import (
	"bufio"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Password are the ways to give a password.
type Password struct {
	Password      string `placeholder:"PASSWORD" xor:"password" help:"The password. Other users of this machine may see it in the list of processes: better use --password-stdin."`
	PasswordStdin bool   `xor:"password" help:"Read the password from the first line of standard input."`
}

// choose returns the password that is given, else a random one.
func (p Password) choose(s *session) (password string, made bool, err error) {
	given, err := p.given(s)
	if err != nil || given != "" {
		return given, false, err
	}
	random := make([]byte, 12)
	if _, err := io.ReadFull(s.env.Random, random); err != nil {
		return "", false, err
	}
	return hex.EncodeToString(random), true, nil
}

// ask returns the password that is given, else asks on the terminal.
func (p Password) ask(s *session) (string, error) {
	given, err := p.given(s)
	if err != nil || given != "" {
		return given, err
	}
	if !terminal(s.env.Stdin) {
		return "", &usageError{"no password is given; use --password-stdin"}
	}
	first, err := s.prompt("New password: ")
	if err != nil {
		return "", err
	}
	second, err := s.prompt("Once more: ")
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(first), []byte(second)) == 0 {
		return "", &usageError{"the two passwords differ"}
	}
	return first, nil
}

// given returns the password of the flags, empty where there is none.
func (p Password) given(s *session) (string, error) {
	if !p.PasswordStdin {
		s.secrets = append(s.secrets, p.Password)
		return p.Password, nil
	}
	const longest = 4096
	line, err := bufio.NewReader(io.LimitReader(s.env.Stdin, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &problem{"standard input can't be read", err}
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", &usageError{"--password-stdin: the first line of standard input is empty"}
	}
	s.secrets = append(s.secrets, line)
	return line, nil
}

func (s *session) prompt(text string) (string, error) {
	file, ok := s.env.Stdin.(*os.File)
	if !ok {
		return "", &usageError{"no password is given; use --password-stdin"}
	}
	_, _ = io.WriteString(s.env.Stderr, text)
	typed, err := term.ReadPassword(int(file.Fd()))
	_, _ = fmt.Fprintln(s.env.Stderr)
	if err != nil {
		return "", &problem{"the password can't be read", err}
	}
	if len(typed) == 0 {
		return "", &usageError{"the password is empty"}
	}
	return string(typed), nil
}
