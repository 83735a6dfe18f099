//go:build !unix

package pgtest

import (
	"errors"
	"os/exec"
)

type account struct{}

func serverAccount() (account, error) {
	return account{}, errors.New("tests start no PostgreSQL on this system: set " + EnvURL + " to a superuser's URL")
}

func (account) give(string) error { return nil }

func (account) apply(*exec.Cmd) {}
