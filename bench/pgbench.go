package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	tps          = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	transactions = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
)

// pgbench runs a script as the server's role, with the server's settings. first is where its fresh ids begin.
func pgbench(ctx context.Context, w *world, dir, script string, o options, first int) (r part, err error) {
	program, err := findPgbench()
	if err != nil {
		return r, err
	}
	file := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return r, err
	}
	u, err := url.Parse(w.server)
	if err != nil {
		return r, err
	}
	secret, _ := u.User.Password()
	cmd := exec.CommandContext(ctx, program, "--no-vacuum", "--protocol=prepared", "--jobs=2", //nolint:gosec // found by name
		"--client="+strconv.Itoa(o.clients), "--time="+strconv.Itoa(max(1, int(o.slice.Seconds()))),
		"--define=n="+strconv.Itoa(first), "--file="+file,
		"--host="+u.Hostname(), "--port="+u.Port(), "--username="+u.User.Username(), w.name)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+secret, "PGOPTIONS=-c plan_cache_mode=force_generic_plan")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("pgbench: %w\n%.2000s", err, said)
	}
	rate, count := tps.FindSubmatch(said), transactions.FindSubmatch(said)
	if rate == nil || count == nil || !strings.Contains(string(said), "number of failed transactions: 0") {
		return r, fmt.Errorf("pgbench gave no clean rate:\n%.2000s", said)
	}
	if r.requests, err = strconv.Atoi(string(count[1])); err != nil {
		return r, err
	}
	r.cpu = used(cmd)
	r.rate, err = strconv.ParseFloat(string(rate[1]), 64)
	return r, err
}

func findPgbench() (string, error) {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", errors.New("pgbench is not installed; it comes with PostgreSQL (on Debian: apt-get install postgresql)")
	}
	return found[len(found)-1], nil
}

// postmaster returns the process of the database, 0 where it runs elsewhere.
func (w *world) postmaster(ctx context.Context) (int, error) {
	conn, err := pgx.Connect(ctx, w.inside().String())
	if err != nil {
		return 0, err
	}
	var backend int
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend)
	main := parent(backend)
	return main, errors.Join(err, conn.Close(ctx))
}

// env are the settings of a server on this world, whose database it reaches by the URL.
func (w *world) env(database string) []string {
	return append([]string{
		"TENANTRY_DATABASE_URL=" + database, "TENANTRY_MIGRATION_URL=" + w.owner,
		"TENANTRY_JWT_SIGNING_KEY=" + w.signingKey, "TENANTRY_ENVIRONMENT=production",
	}, w.more...)
}

// migrate brings the database to its form.
func (w *world) migrate(ctx context.Context, dir, binary string) error {
	cmd := exec.CommandContext(ctx, binary, "migrate", "up")
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, w.env(w.server)...)
	cmd.WaitDelay = time.Minute
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, said)
	}
	return nil
}
