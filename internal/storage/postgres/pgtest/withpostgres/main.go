// Command withpostgres runs a command with a PostgreSQL for tests: it finds or starts one as pgtest does, sets
// TENANTRY_TEST_POSTGRES_URL for the command, and stops what it started when the command ends. So all the test
// processes of one run share a cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
	}
	os.Exit(code)
}

func run(command []string) (code int, err error) {
	if len(command) == 0 {
		return 2, errors.New("give a command to run")
	}
	// An interrupt at the terminal reaches the command too; this process has to stay for the clean-up.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)

	ctx := context.Background()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(pgtest.EnvURL) == "" {
		cluster, err := pgtest.Start(ctx)
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, cluster.Close()) }()
		cmd.Env = append(os.Environ(), pgtest.EnvURL+"="+cluster.URL, pgtest.EnvDisposable+"=1")
	}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil // the command has said why
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
