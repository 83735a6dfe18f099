package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// target is the least share of the combined ceiling that a kind of request may reach.
func target(kind string) float64 {
	if kind == list {
		return 0.60
	}
	return 0.55
}

// part is what one of the three did: the bare HTTP server, pgbench, or the server with its database.
type part struct {
	rate     float64
	requests int
	cpu      time.Duration // of all its processes, for all requests
}

func (p part) each() float64 { return milliseconds(p.cpu) / float64(max(p.requests, 1)) }

// round is one measurement of one kind.
type round struct {
	http, database, real part
	answer               loadAnswer
	// client is what the load process used for the real requests.
	client time.Duration
}

// byRate is the part of the combined ceiling that the server reached. Where other programs keep the processors
// busy, the parts get unequal shares of them, and this means little.
func (r round) byRate() float64 { return r.real.rate * (1/r.http.rate + 1/r.database.rate) }

// byCPU is the same by the processor time that each took: equal to byRate where the processors are all ours.
func (r round) byCPU() float64 { return (r.http.each() + r.database.each()) / r.real.each() }

// served is the processor time of server and database for one request.
func (r round) served() float64 {
	return milliseconds(r.real.cpu-r.client) / float64(max(r.real.requests, 1))
}

func measurePostgres(ctx context.Context, o options, dir, binary string, out io.Writer) (met bool, err error) {
	w, err := newWorld(ctx, o)
	if err != nil {
		return false, err
	}
	if o.keep {
		say(out, "database %s, server's URL %s\n", w.name, w.server)
	} else {
		defer func() { err = errors.Join(err, w.drop(ctx)) }()
	}
	began := time.Now() //nolint:forbidigo // a stopwatch
	if err := w.migrate(ctx, dir, binary); err != nil {
		return false, err
	}
	if err := w.fill(ctx); err != nil {
		return false, err
	}
	say(out, "PostgreSQL: %d tenants with %d tasks each, filled in %s; %d connections, %d rounds of %s\n",
		o.tenants, o.tasks, time.Since(began).Round(time.Second), o.clients, o.rounds, o.slice)
	seen, err := record(ctx, w, dir, binary)
	if err != nil {
		return false, err
	}
	if o.keep {
		for _, kind := range kinds() {
			say(out, "\n-- %s\n%s", kind, seen.scripts[kind])
		}
	}
	return compare(ctx, o, w, seen, dir, binary, out)
}

// compare runs both ceilings and the server in turns.
func compare(ctx context.Context, o options, w *world, seen recorded, dir, binary string, out io.Writer) (met bool, err error) {
	ceiling, err := startCeiling(ctx, ceilingQuestion{Key: []byte(w.signingKey), Bodies: seen.bodies})
	if err != nil {
		return false, err
	}
	defer func() { _ = ceiling.cmd.Process.Kill(); _ = ceiling.cmd.Wait() }() // it has nothing to say
	server, err := startServer(ctx, binary, dir, w.env(w.server)...)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	database, err := w.postmaster(ctx)
	if err != nil {
		return false, err
	}
	run := &comparison{options: o, world: w, seen: seen, dir: dir, ceiling: ceiling, server: server, database: database}
	rounds := map[string][]round{}
	for n := range o.rounds {
		for _, kind := range kinds() {
			r, err := run.round(ctx, kind, n)
			if err != nil {
				return false, err
			}
			rounds[kind] = append(rounds[kind], r)
		}
	}
	return report(out, rounds, memory(server.cmd.Process.Pid)), nil
}

// comparison is what the parts of a round work with.
type comparison struct {
	options
	world    *world
	seen     recorded
	dir      string
	ceiling  *process
	server   *process
	database int
}

func (c *comparison) round(ctx context.Context, kind string, n int) (r round, err error) {
	before := cpuOfTree(c.database)
	r.database, err = pgbench(ctx, c.world, c.dir, c.seen.scripts[kind], c.options, (n+1)*10_000_000)
	if err != nil {
		return r, err
	}
	r.database.cpu += cpuOfTree(c.database) - before
	if r.http, _, _, err = c.load(ctx, c.ceiling, kind); err != nil {
		return r, fmt.Errorf("the HTTP ceiling: %w", err)
	}
	if c.profile != "" {
		go c.startProfile(ctx)
	}
	err = c.serve(ctx, kind, &r)
	return r, err
}

// serve measures the server with its database.
func (c *comparison) serve(ctx context.Context, kind string, r *round) (err error) {
	before := cpuOfTree(c.database)
	if r.real, r.answer, r.client, err = c.load(ctx, c.server, kind); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	r.real.cpu += cpuOfTree(c.database) - before
	return nil
}

// load sends requests to a server and returns what that took of the server's and of the load process's time.
func (c *comparison) load(ctx context.Context, to *process, kind string) (p part, a loadAnswer, client time.Duration, err error) {
	before := cpu(to.cmd.Process.Pid)
	client, err = self(ctx, "load", loadQuestion{
		Base: to.base, Kind: kind, Tokens: c.world.tokens, Tasks: c.world.tasks, Clients: c.clients, For: c.slice,
		Warm: 500 * time.Millisecond,
	}, &a)
	p = part{rate: a.Rate, requests: a.All, cpu: cpu(to.cmd.Process.Pid) - before + client}
	return p, a, client, err
}

func (c *comparison) startProfile(ctx context.Context) {
	cmd := exec.CommandContext(ctx, c.profile, strconv.Itoa(c.server.cmd.Process.Pid)) //nolint:gosec // the caller's own
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	_ = cmd.Run() // it is beside the measurement
}

// report prints the medians and says whether all targets are met.
func report(out io.Writer, rounds map[string][]round, mebibytes float64) bool {
	met := true
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	say(table, "\trequests/s\tHTTP alone\tpgbench\tshare by rate\tby CPU\ttarget\tCPU ms\tp50 ms\tp99 ms\t\n")
	for _, kind := range kinds() {
		all := rounds[kind]
		byRate, byCPU := median(all, round.byRate), median(all, round.byCPU)
		verdict := "met"
		if min(byRate, byCPU) < target(kind) {
			verdict, met = "MISSED", false
		}
		say(table, "%s\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t%.2f %s\t%.3f\t%.1f\t%.1f\t\n", kind,
			median(all, func(r round) float64 { return r.real.rate }),
			median(all, func(r round) float64 { return r.http.rate }),
			median(all, func(r round) float64 { return r.database.rate }),
			byRate, byCPU, target(kind), verdict, median(all, round.served),
			median(all, func(r round) float64 { return milliseconds(r.answer.P50) }),
			median(all, func(r round) float64 { return milliseconds(r.answer.P99) }))
	}
	_ = table.Flush() // out is the terminal
	say(out, "memory of the server after this load: %.0f MiB\n", mebibytes)
	return met
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median[T any](all []T, of func(T) float64) float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.Sort(values)
	if len(values)%2 == 0 {
		return (values[len(values)/2-1] + values[len(values)/2]) / 2
	}
	return values[len(values)/2]
}
