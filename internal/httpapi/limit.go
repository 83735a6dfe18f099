package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/problem"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/operation"
)

// Rates say how many requests are served. A zero rate is no limit.
type Rates struct {
	// Anonymous is for an address without a token, Authenticated for a caller with one.
	Anonymous, Authenticated limit.Rate
	// Tenant is for all callers of a tenant together, Tenants for those tenants that have their own, by slug.
	Tenant  limit.Rate
	Tenants map[string]limit.Rate
	// Login is for log-ins with one username, LoginAddress for all operations on tokens from one address.
	Login, LoginAddress limit.Rate
	// Operations are for single operations, by their ids, instead of Anonymous, Authenticated and LoginAddress.
	Operations map[string]limit.Rate
}

// allowance is one limit as clients see it.
type allowance struct {
	name   string
	of     string // the operation, where it is one's own
	rate   limit.Rate
	stated []string // the value of RateLimit-Policy where it is the only one
}

// newAllowance returns nil for a rate that is no limit.
func newAllowance(name, of string, rate limit.Rate) *allowance {
	if rate.Unlimited() {
		return nil
	}
	return &allowance{name, of, rate, []string{fmt.Sprintf("%q;q=%d;w=%d", name, rate.Count, rate.Seconds())}}
}

// allowances are all limits of the API.
type allowances struct {
	address, caller, tenant *allowance
	tenants                 map[string]*allowance
	token                   *allowance
	// A log-in is counted for its username from one network, and from all of them together. Where only the latter
	// has nothing left, reserve is for each network: a stranger can't lock out whoever is elsewhere.
	login, everywhere, reserve *allowance
	operations                 map[string]*allowance
}

func newAllowances(r Rates) *allowances {
	p := &allowances{
		address: newAllowance("address", "", r.Anonymous), caller: newAllowance("caller", "", r.Authenticated), tenant: newAllowance("tenant", "", r.Tenant),
		token: newAllowance("login-address", "", r.LoginAddress), login: newAllowance("login", "", r.Login),
		everywhere: newAllowance("login-everywhere", "", r.Login), tenants: map[string]*allowance{}, operations: map[string]*allowance{},
	}
	if reserve := r.Login; !reserve.Unlimited() {
		reserve.Count = max(reserve.Count/10, 1)
		p.reserve = newAllowance("login-reserve", "", reserve)
	}
	for slug, rate := range r.Tenants {
		p.tenants[slug] = newAllowance("tenant", "", rate)
	}
	for id, rate := range r.Operations {
		p.operations[id] = newAllowance("operation", id, rate)
	}
	return p
}

// meter says what the requests of an endpoint are charged to; nil is nothing.
type meter struct {
	stranger, caller *allowance
	ofTenant         bool // the tenant's limit counts as well
	free             bool // the limits are shown and not charged
	byHandler        bool // the handler charges, once it knows more
}

// meter returns what an operation's requests are charged to.
func (p *allowances) meter(op *operation.Operation) meter {
	own, hasOwn := p.operations[op.ID]
	switch {
	case hasOwn:
		return meter{stranger: own, caller: own, ofTenant: true, byHandler: isSignIn(op.Kind)}
	case !strings.HasPrefix(op.Path, "/api/"):
		return meter{} // balancers ask for these all the time
	case isSignIn(op.Kind), op.Kind == operation.Refresh, op.Kind == operation.VerifyToken, op.Kind == operation.RevokeToken,
		op.Kind == operation.ClientToken, op.Kind == operation.OperatorRefresh, op.Kind == operation.OperatorRevoke:
		return meter{stranger: p.token, byHandler: isSignIn(op.Kind)}
	default:
		return meter{stranger: p.address, caller: p.caller, ofTenant: true}
	}
}

func isSignIn(kind operation.Kind) bool {
	return kind == operation.SignIn || kind == operation.OperatorSignIn
}

// checkRates refuses rates of operations that are none.
func checkRates(r Rates, ops []operation.Operation) error {
	for id := range r.Operations {
		if !slices.ContainsFunc(ops, func(op operation.Operation) bool { return op.ID == id }) {
			return fmt.Errorf("rate of an operation: there is no operation %q", id)
		}
	}
	return nil
}

// underAPI reports whether the request's path belongs to the API, routed or not.
func underAPI(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/api"
}

// bill is what a request was charged to.
type bill struct {
	allowances [4]*allowance
	buckets    [4]limit.Bucket
	n          int
	shown      int // how many of them the client may see
	charged    bool
}

func (a *bill) add(p *allowance, key limit.Key) {
	if p == nil {
		return
	}
	a.allowances[a.n], a.buckets[a.n] = p, limit.Bucket{Key: key, Rate: p.rate}
	a.n++
	a.shown = a.n
}

// charge takes the request from what its caller has left, be it served or refused. Who is a stranger to us is charged
// by address, whoever has given a good token by name.
func (s *server) charge(x *exchange, refusal error) error {
	m := x.endpoint.meter
	if x.endpoint.op == nil && underAPI(x.r) {
		m = meter{stranger: s.allowances.address}
	}
	if s.limiter == nil || m.byHandler && refusal == nil {
		return nil
	}
	a := &x.bill
	if x.known {
		s.chargeCaller(x, m)
	} else if m.stranger != nil {
		a.add(m.stranger, limit.NewKey(m.stranger.name, m.stranger.of, "address", x.client.network()))
	}
	// What fails on our side before we know who it is can't be held against an address: it may be many callers'.
	if m.free || refusal != nil && !x.known && problem.Of(fault.From(refusal).Code).Status >= http.StatusInternalServerError {
		s.limiter.Look(x.ctx, a.buckets[:a.n])
		x.sayLimits()
		return nil
	}
	return s.settle(x)
}

func (s *server) chargeCaller(x *exchange, m meter) {
	at := &x.session
	of, id := string(at.Actor.Tenant[:]), string(at.Actor.ID[:])
	if m.caller != nil {
		x.bill.add(m.caller, limit.NewKey(m.caller.name, m.caller.of, of, string(at.Actor.Kind), id))
	}
	if !m.ofTenant {
		return
	}
	p, own := s.allowances.tenants[at.Tenant.Slug]
	if !own {
		p = s.allowances.tenant
	}
	if p != nil {
		x.bill.add(p, limit.NewKey(p.name, of))
	}
}

// settle charges the account and refuses the request where one of its buckets is empty.
func (s *server) settle(x *exchange) error {
	a := &x.bill
	a.charged = s.limiter.Charge(x.ctx, a.buckets[:a.n])
	x.sayLimits()
	if a.charged {
		return nil
	}
	refusal := fault.New(fault.RateLimited, "")
	for i := range a.n {
		if b := &a.buckets[i]; !b.Allowed {
			refusal.RetryAfter = max(refusal.RetryAfter, b.Next)
		}
	}
	return refusal
}

// chargeLogin charges a log-in, before anything is read of the account. Without a username, because the body names
// none, the address alone is charged.
func (s *server) chargeLogin(x *exchange, username string) error {
	if s.limiter == nil {
		return nil
	}
	a, network := &x.bill, x.client.network()
	if p := x.endpoint.meter.stranger; p != nil {
		a.add(p, limit.NewKey(p.name, p.of, "address", network))
	}
	if username == "" || s.allowances.login == nil {
		return s.settle(x)
	}
	a.add(s.allowances.login, limit.NewKey("login", username, network))
	shown := a.n
	a.add(s.allowances.everywhere, limit.NewKey("login-everywhere", username))
	a.shown = shown // how often others try is nobody's business
	refusal := s.settle(x)
	if refusal == nil || !a.onlyLastIsEmpty() {
		return refusal
	}
	a.n--
	a.add(s.allowances.reserve, limit.NewKey("login-reserve", username, network))
	a.shown = shown
	return s.settle(x)
}

func (a *bill) onlyLastIsEmpty() bool {
	for i := range a.n - 1 {
		if !a.buckets[i].Allowed {
			return false
		}
	}
	return !a.buckets[a.n-1].Allowed
}

// giveBack takes back what the request was charged.
func (s *server) giveBack(x *exchange) {
	a := &x.bill
	if !a.charged || a.n == 0 {
		return
	}
	a.charged = false
	s.limiter.Refund(x.ctx, a.buckets[:a.n])
	x.sayLimits()
}

// sayLimits writes the limits that the request was charged to into the answer, as the draft of the RateLimit headers
// has it (draft-ietf-httpapi-ratelimit-headers-11).
func (x *exchange) sayLimits() {
	a, h := &x.bill, x.w.Header()
	if a.shown == 0 {
		return
	}
	h["Ratelimit-Policy"] = a.allowances[0].stated
	if a.shown > 1 {
		stated := make([]string, 0, a.shown)
		for _, p := range a.allowances[:a.shown] {
			stated = append(stated, p.stated[0])
		}
		h["Ratelimit-Policy"] = x.value(strings.Join(stated, ", "))
	}
	var room [160]byte
	out := room[:0]
	for i := range a.shown {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(append(append(out, '"'), a.allowances[i].name...), `";r=`...)
		out = strconv.AppendInt(out, a.buckets[i].Remaining, 10)
		if next := a.buckets[i].Next; next > 0 {
			out = strconv.AppendInt(append(out, ";t="...), int64((next+time.Second-1)/time.Second), 10)
		}
	}
	h["Ratelimit"] = x.value(string(out))
}
