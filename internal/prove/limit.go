package prove

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plenty is how many requests an address must have in an hour without a token for every stranger to try everything.
const plenty = 5000

var quota = regexp.MustCompile(`;q=(\d+);w=(\d+)`)

// allowed returns how many requests in an hour a RateLimit-Policy allows (draft-ietf-httpapi-ratelimit-headers), the
// least where it states several; where it states none there is no bound.
func allowed(policy string) float64 {
	least := math.Inf(1)
	for _, match := range quota.FindAllStringSubmatch(policy, -1) {
		n, _ := strconv.ParseFloat(match[1], 64) // digits alone
		seconds, _ := strconv.ParseFloat(match[2], 64)
		least = min(least, n*3600/max(seconds, 1))
	}
	return least
}

// mostRenewals bounds how many accounts are made because others have spent their limits.
const mostRenewals = 60

// renew gives a member of a tenant whose limit is spent another user's account in the same role. So the attacks neither
// wait for an hour nor ask for limits to be lifted.
func (e *engine) renew(ctx context.Context, r request) (bool, error) {
	who := r.who
	switch {
	case who == nil, who.side == nil, e.renewals >= mostRenewals, strings.HasPrefix(r.path, adminPrefix):
		return false, nil
	case who.side.roles[who.name] != who, !slices.Contains([]string{owner, admin, member, viewer}, who.name):
		return false, nil
	}
	e.renewals++
	fresh, err := e.user(ctx, who.side, who.name)
	if err != nil {
		return false, err
	}
	if err := e.join(ctx, who.side, fresh, who.name); err != nil {
		return false, err
	}
	*who = *fresh
	return true, nil
}

// inTurn are those who try an operation at the cost of the address: all of them, or, where the address has few requests,
// one in turn.
func (e *engine) inTurn(all []*actor) []*actor {
	if !e.sparse || len(all) == 0 {
		return all
	}
	e.turn++
	return []*actor{all[e.turn%len(all)]}
}

// some reports whether an operation is tried at the cost of the address: each, or, where the address has few requests, each
// of so many.
func (e *engine) some(i, of int) bool { return !e.sparse || i%of == 0 }

// spent takes note of an attack that a limit of the service kept from being tried; any other error stays one. Those who get
// nowhere by what they are have tried enough where others of them have; without the tenant's own people it is no proof.
func (e *engine) spent(op *operation, place string, who *actor, err error) error {
	if !errors.Is(err, errSpent) {
		return err
	}
	if op.audience == tenants && place != inToken && place != inSuspension {
		e.report.found(Finding{Kind: Missed, Operation: op.id, Place: place, Actor: who.name, Detail: "It was not tried: a limit of the service was spent."})
		return nil
	}
	e.report.skip(op.id + ": not tried by " + who.name + ", since a limit of the service was spent")
	return nil
}
