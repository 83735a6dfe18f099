// Command bench measures the server against the limit of the machine it runs on, in one run, and prints ratios:
// absolute times say nothing about another machine, and little about this one an hour later.
//
// The limit of a request is what HTTP and the database take by themselves: a bare net/http server that verifies the
// token and answers a constant of the same size, and pgbench running the very statements that the server was seen
// to send. Where both share the processors, their combined limit is 1/(1/http + 1/pgbench). All parts take turns in
// short rounds, so that what else the machine does meets them alike.
//
// It needs a superuser's URL in TENANTRY_TEST_POSTGRES_URL, as `make bench` sets it, and pgbench; it makes a
// database and two roles there and drops them. Traffic stays on loopback.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// envURL names the variable with the superuser's URL.
const envURL = "TENANTRY_TEST_POSTGRES_URL"

// options are what the command line says.
type options struct {
	tenants, tasks, rows int
	clients, rounds      int
	slice                time.Duration
	check, keep, proof   bool
	profile              string
	only, binary         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] { // the processes that a run starts
		case "load":
			return runLoad(ctx, in, out)
		case "ceiling":
			return runCeiling(ctx, in, out)
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	met, err := measure(ctx, o, out)
	if err != nil {
		return err
	}
	if o.check && !met {
		return errors.New("a target is missed")
	}
	return nil
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.tenants, "tenants", 200, "tenants to fill")
	flags.IntVar(&o.tasks, "tasks", 5000, "tasks of each")
	flags.IntVar(&o.rows, "rows", 100_000, "tasks of the one tenant on SQLite")
	flags.IntVar(&o.clients, "clients", 32, "connections at once")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds; the median counts")
	flags.DurationVar(&o.slice, "slice", 3*time.Second, "how long each part runs in each round")
	flags.BoolVar(&o.check, "check", false, "fail where a target is missed")
	flags.BoolVar(&o.keep, "keep", false, "leave the database")
	flags.BoolVar(&o.proof, "context", false, "measure instead what it costs that transactions prove their tenant (--context-key)")
	flags.StringVar(&o.profile, "profile", "", "run this command with the server's pid beside each load, such as a profiler")
	flags.StringVar(&o.only, "only", "", "postgres or sqlite: measure that alone")
	flags.StringVar(&o.binary, "binary", "", "the built server; empty builds it")
	err := flags.Parse(args)
	if err == nil && (o.tenants < 1 || o.tasks < 100 || o.clients < 1 || o.rounds < 1 || flags.NArg() > 0) {
		err = errors.New("give at least 1 tenant, 100 tasks, 1 client and 1 round")
	}
	return o, err
}

func measure(ctx context.Context, o options, out io.Writer) (met bool, err error) {
	dir, err := os.MkdirTemp("", "tenantry-bench-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := filepath.Abs(o.binary)
	if o.binary == "" {
		binary, err = buildServer(ctx, dir)
	}
	if err != nil {
		return false, err
	}
	if o.proof {
		return true, measureContext(ctx, o, dir, binary, out)
	}
	met = true
	if o.only != "sqlite" {
		onPostgres, err := measurePostgres(ctx, o, dir, binary, out)
		if err != nil {
			return false, err
		}
		met = met && onPostgres
	}
	if o.only != "postgres" {
		onSQLite, err := measureSQLite(ctx, o, dir, binary, out)
		if err != nil {
			return false, err
		}
		met = met && onSQLite
	}
	return met, nil
}

// say prints a result. Where that fails there is nobody left to tell.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
