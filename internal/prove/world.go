package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Provisioner makes the throw-away tenants and those who act in them: what a tenant can't do for itself.
type Provisioner interface {
	// Tenant makes a tenant and returns its id.
	Tenant(ctx context.Context, slug, name string) (id string, err error)
	// User makes a user who belongs to no tenant, and returns their id. One without a password signs in nowhere.
	User(ctx context.Context, username, password string) (id string, err error)
	// Join lets a user into a tenant in a role.
	Join(ctx context.Context, tenant, username, role string) error
	// Leave ends that.
	Leave(ctx context.Context, tenant, username string) error
	// Suspend refuses every request of the tenant from now on.
	Suspend(ctx context.Context, tenant string) error
	// Disable shuts a user out everywhere. It is for what is left at the end.
	Disable(ctx context.Context, user string) error
	// Operator returns the name and the password of an operator of the platform; empty where there are none.
	Operator() (username, password string)
}

// Expirer is a Provisioner that can have an access token made that has expired.
type Expirer interface {
	Expired(ctx context.Context, tenant, username, password string) (string, error)
}

// The operations that let somebody in. They are the only ones that are known by their paths.
const (
	signInPath  = "/api/v1/auth/token/"
	refreshPath = "/api/v1/auth/token/refresh/"
	mePath      = "/api/v1/me/"
	accountPath = "/api/v1/service-accounts/"
	oauthPath   = "/api/v1/auth/oauth/token/"
)

// The roles of a tenant, the highest first.
const (
	owner  = "owner"
	admin  = "admin"
	member = "member"
	viewer = "viewer"
)

// actor is somebody who sends requests.
type actor struct {
	name     string
	token    string
	refresh  string
	username string
	password string
	user     string // the user's id
	side     *side  // the tenant that the token is for; nil where it is for none
}

// side is one of the two tenants.
type side struct {
	letter, id, slug string
	maker            *maker
	owner            *actor
	roles            map[string]*actor
	// spares are users who belong to no tenant, for operations that let somebody in.
	spares []*actor
	// records are by the path of their collection.
	records map[string][]*record
	// created are the ids of what the tenant's own people made.
	created map[string]bool
	// spent is a token that may be revoked, rotating the refresh token that comes next.
	spent, rotating string
}

// placeholder stands for the refresh token that is the next one when the request is sent.
func (s *side) placeholder() string { return "@refresh-" + s.letter + "@" }

// record is one record of a tenant, as its owner was last answered.
type record struct {
	collection, id, etag string
	values               node
}

// Whose role is none of the roles' names.
const (
	ofBoth         = "member of both"
	serviceAccount = "service account"
)

// actors returns those who belong to the tenant, in a fixed order.
func (s *side) actors() []*actor {
	var out []*actor
	for _, name := range []string{owner, admin, member, viewer, ofBoth, serviceAccount, operatorInside} {
		if who := s.roles[name]; who != nil {
			out = append(out, who)
		}
	}
	return out
}

// first returns the first record of a collection, nil where there is none.
func (s *side) first(collection string) *record {
	if all := s.records[collection]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// settle makes the two tenants and everybody who acts in them.
func (e *engine) settle(ctx context.Context) error {
	for _, s := range []*side{e.a, e.b} {
		if err := e.settleSide(ctx, s); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{e.settleBoth, e.settleServices, e.settlePlatform, e.settleStrangers} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) settleSide(ctx context.Context, s *side) error {
	s.slug = "prove-" + s.letter + "-" + s.maker.text(0, 0)
	var err error
	if s.id, err = e.provision.Tenant(ctx, s.slug, "Throw-away "+s.maker.text(0, 0)); err != nil {
		return fmt.Errorf("make a tenant: %w", err)
	}
	for _, role := range []string{owner, admin, member, viewer} {
		who, err := e.user(ctx, s, role)
		if err != nil {
			return err
		}
		if err := e.join(ctx, s, who, role); err != nil {
			return err
		}
		s.roles[role] = who
	}
	s.owner = s.roles[owner]
	again := *s.roles[viewer]
	for _, keep := range []func(){func() { s.spent = again.token }, func() { s.rotating = again.refresh }} {
		if err := e.signIn(ctx, s, &again); err != nil {
			return err
		}
		keep()
	}
	return e.moreSpares(ctx, s)
}

// spares is how many users are at hand for operations that let somebody in: two requests in a row must not name one.
const spares = 6

func (e *engine) moreSpares(ctx context.Context, s *side) error {
	if !e.letsIn() {
		return nil
	}
	for len(s.spares) < spares {
		spare := &actor{name: "nobody yet", username: s.maker.text(0, 0) + "@example.com"}
		var err error
		if spare.user, err = e.provision.User(ctx, spare.username, ""); err != nil {
			return fmt.Errorf("make a user: %w", err)
		}
		e.users = append(e.users, spare.user)
		s.spares = append(s.spares, spare)
	}
	return nil
}

// letsIn reports whether the document has an operation that lets a user into a tenant.
func (e *engine) letsIn() bool {
	return slices.ContainsFunc(e.doc.ops, func(op *operation) bool { return e.doc.isCreate(op) && e.resourceOf(op) == membersOf })
}

// membersOf is the collection whose records are users, by their names.
const membersOf = "members"

// joined takes a user out of the spares whom a request has let in, and makes others.
func (e *engine) joined(ctx context.Context, r request) error {
	if r.method != http.MethodPost || !strings.HasSuffix(r.path, "/"+membersOf+"/") {
		return nil
	}
	for _, s := range []*side{e.a, e.b, e.platform} {
		if s == nil {
			continue
		}
		s.spares = slices.DeleteFunc(s.spares, func(one *actor) bool { return bytes.Contains(r.body, []byte(one.username)) })
		if err := e.moreSpares(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// user makes a user of the tenant: their name is its secret, as their id is. s is nil for one who belongs to both.
func (e *engine) user(ctx context.Context, s *side, name string) (*actor, error) {
	who := &actor{name: name, password: "Pw-" + newMark() + newMark()}
	if s == nil {
		who.username = newMark() + "@example.com"
	} else {
		who.username = s.maker.text(0, 0) + "@example.com"
	}
	var err error
	if who.user, err = e.provision.User(ctx, who.username, who.password); err != nil {
		return nil, fmt.Errorf("make a user: %w", err)
	}
	e.users = append(e.users, who.user)
	e.secrets.of[who.user] = everybody
	if s != nil {
		e.secrets.of[who.user] = s.letter
	}
	return who, nil
}

// join makes the user a member of the tenant and signs them in.
func (e *engine) join(ctx context.Context, s *side, who *actor, role string) error {
	if err := e.provision.Join(ctx, s.id, who.username, role); err != nil {
		return fmt.Errorf("make a user %s of a tenant: %w", role, err)
	}
	return e.signIn(ctx, s, who)
}

func (e *engine) signIn(ctx context.Context, s *side, who *actor) error {
	a, err := e.send(ctx, nil, post(signInPath, node{"username": who.username, "password": who.password, "tenant": s.slug}))
	if err != nil {
		return err
	}
	got := a.object()
	who.side, who.token, who.refresh = s, text(got["access"]), text(got["refresh"])
	if !a.good() || who.token == "" {
		return fmt.Errorf("sign in the %s of tenant %s: %s", who.name, s.letter, a.short())
	}
	return nil
}

// settleBoth makes a user who belongs to both tenants: a member of A, an owner of B. What is remembered of them in the
// one must not count in the other.
func (e *engine) settleBoth(ctx context.Context) error {
	who, err := e.user(ctx, nil, ofBoth)
	if err != nil {
		return err
	}
	there := *who
	if err := e.join(ctx, e.b, &there, owner); err != nil {
		return err
	}
	if err := e.join(ctx, e.a, who, member); err != nil {
		return err
	}
	e.a.roles[who.name], e.b.roles[who.name] = who, &there
	return nil
}

// settleServices makes a service account of each tenant, where the document has them.
func (e *engine) settleServices(ctx context.Context) error {
	create := e.doc.find(http.MethodPost, accountPath)
	if create == nil || e.doc.find(http.MethodPost, oauthPath) == nil {
		return nil
	}
	create.recipe["role"] = 1 // not the lowest, so that it may write
	for _, s := range []*side{e.a, e.b} {
		made, err := e.create(ctx, create, s)
		if err != nil {
			return err
		}
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {text(made.values["client_id"])}, "client_secret": {text(made.values["client_secret"])},
		}
		a, err := e.send(ctx, nil, request{
			method: http.MethodPost, path: oauthPath, body: []byte(form.Encode()), media: "application/x-www-form-urlencoded",
		})
		if err != nil {
			return err
		}
		who := &actor{name: serviceAccount, side: s, token: text(a.object()["access_token"])}
		if who.token == "" {
			return fmt.Errorf("sign in a service account: %s", a.short())
		}
		s.roles[who.name] = who
	}
	return nil
}

// settleStrangers makes those whom no operation that asks for a token may answer.
func (e *engine) settleStrangers(ctx context.Context) error {
	genuine := e.a.owner.token
	e.strangers = []*actor{
		{name: "nobody"},
		{name: "somebody with a token that is none", token: "none"},
		{name: "somebody with another signature", token: spoiled(genuine)},
		{name: "somebody with a token without a signature", token: unsigned(genuine)},
		{name: "somebody with a token of their own making", token: selfSigned(genuine, e.b.id)},
		{name: "somebody who changed the tenant in a token", token: renamed(genuine, e.b.id)},
		{name: "somebody with a refresh token", token: e.a.owner.refresh},
	}
	expired := ""
	if p, able := e.provision.(Expirer); able {
		var err error
		if expired, err = p.Expired(ctx, e.a.id, e.a.owner.username, e.a.owner.password); err != nil {
			return fmt.Errorf("have an expired token made: %w", err)
		}
	}
	e.stranger("somebody with an expired token", expired)
	operators := ""
	if e.platform != nil {
		operators = e.platform.owner.token
	}
	e.stranger(operator, operators)
	gone, err := e.user(ctx, e.a, "a removed member")
	if err != nil {
		return err
	}
	if err := e.join(ctx, e.a, gone, admin); err != nil {
		return err
	}
	if err := e.provision.Leave(ctx, e.a.id, gone.username); err != nil {
		return fmt.Errorf("remove a member: %w", err)
	}
	e.strangers = append(e.strangers, gone)
	disabled, err := e.user(ctx, e.a, "a disabled user")
	if err != nil {
		return err
	}
	if err := e.join(ctx, e.a, disabled, owner); err != nil {
		return err
	}
	if err := e.provision.Disable(ctx, disabled.user); err != nil {
		return fmt.Errorf("disable a user: %w", err)
	}
	e.strangers = append(e.strangers, disabled)
	return nil
}

// stranger adds one whose token could perhaps not be had.
func (e *engine) stranger(name, token string) {
	if token == "" {
		e.report.skip("no request was sent by " + name + ": such a token could not be had")
		return
	}
	e.strangers = append(e.strangers, &actor{name: name, token: token})
}

func post(path string, body node) request {
	r := request{method: http.MethodPost, path: path}
	r.setBody(body)
	return r
}

func (r *request) setBody(body node) {
	r.body, _ = json.Marshal(body) // of what was read from JSON or made here, never fails
	if r.media == "" {
		r.media = "application/json"
	}
}

// short shows an answer in a line.
func (a answer) short() string {
	const most = 300
	body := strings.Join(strings.Fields(string(a.body[:min(len(a.body), most)])), " ")
	if len(a.body) > most {
		body += " …"
	}
	return fmt.Sprintf("%d %s", a.status, body)
}
