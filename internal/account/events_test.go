package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// words returns an event as "action resource changes", with known ids as names.
func (f *fixture) words(e storage.Event, names map[id.ID]string) string {
	text := fmt.Sprintf("%s %s %s %s", e.Action, e.Resource, names[e.Record], e.Changes)
	for i, name := range names {
		if !i.IsZero() {
			text = strings.ReplaceAll(text, i.String(), name)
		}
	}
	return text
}

func TestActsLeaveEventsInTheTrailsThatTheyConcern(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	out, err := f.CreateUser(ctx, by, "out", password, false)
	if err != nil {
		t.Fatal(err)
	}
	names := map[id.ID]string{id.ID(f.acme.ID): "ACME", out.ID: "OUT", f.user(t, "bob"): "BOB", {}: "-"}
	members, err := f.Members(ctx, "acme", id.ID{}, 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.User.Username == "bob" {
			names[m.ID] = "BOB IN ACME"
		}
	}
	root := account.By{Actor: policy.Actor{Kind: policy.Operator, ID: id.New(), Name: "root", Pass: f.passes.For(tenant.Platform)}, RequestID: "r1", IP: "192.0.2.7"}
	both, tenants, platforms := []bool{true, true}, []bool{true, false}, []bool{false, true}
	for _, c := range []struct {
		name string
		by   account.By
		do   func(account.By) error
		in   []bool // acme's, the platform's
		want string
	}{
		{"suspend", by, func(by account.By) error { return f.Suspend(ctx, by, "acme") }, both, `suspended tenant ACME {"status":["active","suspended"]}`},
		{"suspend again", by, func(by account.By) error { return f.Suspend(ctx, by, "acme") }, nil, ``},
		{"activate", root, func(by account.By) error { return f.Activate(ctx, by, "acme") }, both, `activated tenant ACME {"status":["suspended","active"]}`},
		{"add a member", by, func(by account.By) error {
			m, err := f.AddMember(ctx, by, "acme", "out", policy.Viewer)
			names[m.ID] = "OUT IN ACME"
			return err
		}, tenants, `created members OUT IN ACME {"user":[null,"OUT"],"username":[null,"out"],"role":[null,"viewer"]}`},
		{"add them again", by, func(by account.By) error { _, err := f.AddMember(ctx, by, "acme", "out", policy.Viewer); return err }, nil, ``},
		{"change a role", by, func(by account.By) error { return f.SetRole(ctx, by, "acme", "out", policy.Admin) }, tenants, `updated members OUT IN ACME {"role":["viewer","admin"]}`},
		{"the same role", by, func(by account.By) error { return f.SetRole(ctx, by, "acme", "out", policy.Admin) }, nil, ``},
		{"change a role as an operator", root, func(by account.By) error { return f.SetRole(ctx, by, "acme", "out", policy.Member) }, both, `updated members OUT IN ACME {"role":["admin","member"]}`},
		{"remove a member", by, func(by account.By) error { return f.RemoveMember(ctx, by, "acme", "out") }, tenants, `deleted members OUT IN ACME {"user":["OUT",null],"username":["out",null],"role":["member",null]}`},
		{"remove the last owner", by, func(by account.By) error { return f.RemoveMember(ctx, by, "acme", "ann") }, nil, ``},
		{"set a password", by, func(by account.By) error { return f.SetPassword(ctx, by, "out", "another password") }, platforms, `password_changed users OUT {}`},
		{"disable", by, func(by account.By) error { return f.SetActive(ctx, by, "out", false) }, platforms, `disabled users OUT {"is_active":[true,false]}`},
		{"disable again", by, func(by account.By) error { return f.SetActive(ctx, by, "out", false) }, nil, ``},
		{"enable", by, func(by account.By) error { return f.SetActive(ctx, by, "out", true) }, platforms, `enabled users OUT {"is_active":[false,true]}`},
		{"create a user", by, func(by account.By) error {
			u, err := f.CreateUser(ctx, by, "new", password, true)
			names[u.ID] = "NEW"
			return err
		}, platforms, `created users NEW {"username":[null,"new"],"is_active":[null,true],"is_operator":[null,true]}`},
		{"create them again", by, func(by account.By) error { _, err := f.CreateUser(ctx, by, "new", password, true); return err }, nil, ``},
		{"issue a token", by, func(by account.By) error { _, err := f.Issue(ctx, by, "bob", "acme", 0); return err }, tenants, `token_issued members BOB IN ACME {}`},
		{"refuse", by, func(by account.By) error {
			by.Actor.Tenant = f.acme.ID
			return f.Refused(ctx, by, account.Refusal{Operation: "deleteTask", Resource: "tasks", Record: f.user(t, "bob")})
		}, tenants, `permission_denied tasks BOB {"operation":[null,"deleteTask"]}`},
		{"refuse an operator", root, func(by account.By) error { return f.Refused(ctx, by, account.Refusal{Operation: "x"}) }, platforms, `permission_denied  - {"operation":[null,"x"]}`},
	} {
		acme, globex, platform := len(f.trail(t, f.acme.ID)), len(f.trail(t, f.globex.ID)), len(f.trail(t, tenant.Platform))
		err := c.do(c.by)
		if c.in != nil && err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, events := range [][]storage.Event{f.trail(t, f.acme.ID)[acme:], f.trail(t, tenant.Platform)[platform:]} {
			if c.in == nil || !c.in[i] {
				if len(events) > 0 {
					t.Errorf("%s: trail %d got %s", c.name, i, f.words(events[0], names))
				}
				continue
			}
			if len(events) != 1 {
				t.Fatalf("%s: trail %d got %d events", c.name, i, len(events))
			}
			e := events[0]
			if diff := cmp.Diff(c.want, f.words(e, names)); diff != "" {
				t.Errorf("%s: trail %d (-want +got):\n%s", c.name, i, diff)
			}
			if string(e.Actor) != string(storage.ActorJSON(c.by.Actor)) || e.ActorID != c.by.Actor.ID || e.RequestID != c.by.RequestID || e.IP != c.by.IP {
				t.Errorf("%s: the event is by %s in %q from %q", c.name, e.Actor, e.RequestID, e.IP)
			}
		}
		if n := len(f.trail(t, f.globex.ID)); n != globex {
			t.Errorf("%s: globex got %d events", c.name, n-globex)
		}
	}
}

func TestLogInsLeaveEvents(t *testing.T) {
	t.Parallel()
	f := setup(t)
	defer watch(t, f.node(t, through(f.engine.Open)))() // delivers what comes behind the answer
	ctx := t.Context()
	from := account.By{RequestID: "r1", IP: "192.0.2.7"}
	acme, globex, platform := len(f.trail(t, f.acme.ID)), len(f.trail(t, f.globex.ID)), len(f.trail(t, tenant.Platform))
	grant, err := f.SignIn(ctx, from, "bob", password, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ username, ref string }{{"bob", "acme"}, {"bob", ""}, {"may", ""}, {"bob", "globex"}, {"nobody", "acme"}, {"bob\n", ""}} {
		_, err := f.SignIn(ctx, from, c.username, "wrong", c.ref)
		wantCode(t, err, fault.CredentialsInvalid)
		if c.ref == "acme" && c.username == "bob" { // one after the other, so that the order is known
			f.wantActions(t, f.acme.ID, acme, "logged_in members", "log_in_failed members")
		}
	}
	f.wantActions(t, f.acme.ID, acme, "logged_in members", "log_in_failed members", "log_in_failed members", "log_in_failed members")
	f.wantActions(t, f.globex.ID, globex, "log_in_failed members")
	f.wantActions(t, tenant.Platform, platform, "log_in_failed users", "log_in_failed users", "log_in_failed users")
	for _, e := range f.trail(t, f.acme.ID)[acme : acme+3] {
		if e.RequestID != "r1" || e.IP != "192.0.2.7" || e.ActorID != f.user(t, "bob") || !strings.Contains(string(e.Actor), `"name":"bob"`) {
			t.Errorf("%s is by %s in %q from %q", e.Action, e.Actor, e.RequestID, e.IP)
		}
	}
	for _, e := range f.trail(t, tenant.Platform)[platform+1:] {
		// What an unknown user typed may be a password.
		if strings.Contains(string(e.Actor), "nobody") || !e.ActorID.IsZero() || !e.Record.IsZero() {
			t.Errorf("a stranger's failure says %s, record %s", e.Actor, e.Record)
		}
	}
	if _, err := f.Refresh(ctx, from, grant.Refresh); err != nil {
		t.Fatal(err)
	}
	_, err = f.Refresh(ctx, from, grant.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	_, err = f.Refresh(ctx, from, grant.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	f.wantActions(t, f.acme.ID, acme+4, "token_reused members")
	second := f.signIn(t, "bob", "acme")
	for _, raw := range []string{second.Access, second.Access, second.Refresh, second.Refresh, "nonsense"} {
		if err := f.Revoke(ctx, from, raw); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // for the order
	}
	f.wantActions(t, f.acme.ID, acme+5, "logged_in members", "token_revoked members", "logged_out members")
}

// TestFailedLogInsDoTheSameWork compares all that a failed log-in asks of the platform and of the trails.
func TestFailedLogInsDoTheSameWork(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.Service = f.node(t, through(func(context.Context, tenant.ID) (storage.Store, error) {
		t.Error("a trail was opened before the answer")
		return nil, errDown
	}))
	for _, c := range []struct{ username, password, ref string }{
		{"bob", "wrong", "acme"}, {"bob", password, "globex"}, {"may", "wrong", ""}, {"nobody", "wrong", "acme"}, {"", "wrong", ""}, {"bob", "wrong", "nowhere"},
	} {
		finds, adds := f.platform.finds.Load(), f.platform.adds.Load()
		_, err := f.SignIn(t.Context(), by, c.username, c.password, c.ref)
		wantCode(t, err, fault.CredentialsInvalid)
		if finds, adds = f.platform.finds.Load()-finds, f.platform.adds.Load()-adds; finds != 2 || adds != 1 {
			t.Errorf("%+v: %d reads and %d transactions", c, finds, adds)
		}
	}
}

func TestAFailedLogInWithoutItsEventIsStillAFailure(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.platform.deaf.Store(true)
	_, err := f.SignIn(t.Context(), by, "bob", "wrong", "acme")
	wantCode(t, err, fault.CredentialsInvalid)
	if !strings.Contains(f.log.String(), "left no event") {
		t.Error("the log says nothing")
	}
}

// TestWhoHangsUpIsSeenAnyway ends the request's context where a client does that has seen enough.
func TestWhoHangsUpIsSeenAnyway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	defer watch(t, f.node(t, through(f.engine.Open)))()
	acme := len(f.trail(t, f.acme.ID))
	ctx, hangUp := context.WithCancel(t.Context())
	f.platform.set(&f.platform.beforeAdd, hangUp)
	_, err := f.SignIn(ctx, by, "bob", "wrong", "acme")
	wantCode(t, err, fault.CredentialsInvalid)
	f.wantActions(t, f.acme.ID, acme, "log_in_failed members")
}

// TestNoSecretIsInAnyEvent looks for everything secret that this package knows in every trail and in the outbox.
func TestNoSecretIsInAnyEvent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	grant := f.signIn(t, "bob", "acme")
	secrets := []string{password, "a new password", "$argon2", secret, grant.Access, grant.Refresh}
	if err := f.SetPassword(ctx, by, "bob", "a new password"); err != nil {
		t.Fatal(err)
	}
	account, err := f.CreateServiceAccount(ctx, by, f.acme.ID, account.ServiceAccount{ID: id.New(), Name: "bot", Role: policy.Member})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.SignIn(ctx, by, "a new password", "bob", ""); !fault.Is(err, fault.CredentialsInvalid) {
		t.Fatal(err)
	}
	secrets = append(secrets, account)
	events := append(f.trail(t, f.acme.ID), f.trail(t, tenant.Platform)...)
	for _, q := range f.left(t) {
		events = append(events, q.Event)
	}
	if len(events) < 20 {
		t.Fatalf("only %d events", len(events))
	}
	for _, e := range events {
		text := fmt.Sprintf("%s %s %s %s %s", e.Actor, e.Action, e.Resource, e.Changes, e.RequestID)
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s holds a secret", text)
			}
		}
	}
}
