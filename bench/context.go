package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"text/tabwriter"
)

// measureContext compares two databases, one of which takes tenants only with a proof, in turns: what else the machine
// does meets both alike. There is no target: whoever turns proofs on has decided.
func measureContext(ctx context.Context, o options, dir, binary string, out io.Writer) (err error) {
	var sides [2]*comparison // without and with proofs
	for i := range sides {
		side, stop, err := startSide(ctx, o, dir, binary, i == 1)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
		sides[i] = side
	}
	say(out, "PostgreSQL: %d tenants with %d tasks each, %d connections, %d rounds of %s, without and with proofs in turns\n",
		o.tenants, o.tasks, o.clients, o.rounds, o.slice)
	pairs := map[string][]pair{}
	for n := range o.rounds {
		for _, kind := range kinds() {
			p, err := measurePair(ctx, sides, kind, n%2 == 1)
			if err != nil {
				return err
			}
			pairs[kind] = append(pairs[kind], p)
		}
	}
	reportContext(out, pairs)
	return nil
}

// startSide starts a server on a database of its own, and returns what ends both.
func startSide(ctx context.Context, o options, dir, binary string, proven bool) (c *comparison, stop func() error, err error) {
	w, err := newWorld(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	stop = func() error { return w.drop(ctx) }
	if proven {
		w.more = []string{"TENANTRY_CONTEXT_KEY=" + w.signingKey}
	}
	c = &comparison{options: o, world: w, dir: dir}
	if err := errors.Join(w.migrate(ctx, dir, binary), w.fill(ctx)); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	if c.database, err = w.postmaster(ctx); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	if c.server, err = startServer(ctx, binary, dir, w.env(w.server)...); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	return c, func() error { return errors.Join(c.server.stop(), w.drop(ctx)) }, nil
}

// pair is the processor time of server and database for one request, in milliseconds.
type pair struct{ without, with float64 }

func (p pair) ratio() float64 { return p.with / p.without }

func measurePair(ctx context.Context, sides [2]*comparison, kind string, reversed bool) (pair, error) {
	order, each := []int{0, 1}, [2]float64{}
	if reversed { // so that neither always runs first
		slices.Reverse(order)
	}
	for _, i := range order {
		var r round
		if err := sides[i].serve(ctx, kind, &r); err != nil {
			return pair{}, err
		}
		each[i] = r.served()
	}
	return pair{each[0], each[1]}, nil
}

// reportContext prints the medians.
func reportContext(out io.Writer, pairs map[string][]pair) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	say(table, "\tCPU ms without\twith\tratio\t\n")
	for _, kind := range kinds() {
		all := pairs[kind]
		say(table, "%s\t%.3f\t%.3f\t%.2f\t\n", kind, median(all, func(p pair) float64 { return p.without }),
			median(all, func(p pair) float64 { return p.with }), median(all, pair.ratio))
	}
	_ = table.Flush() // out is the terminal
}
