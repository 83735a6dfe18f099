package policy_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestDecideByRole(t *testing.T) {
	t.Parallel()
	rules := map[string]struct {
		rule    policy.Rule
		minimum policy.Role
	}{
		"zero": {policy.Rule{}, policy.Owner}, "owners": {policy.Owners, policy.Owner}, "admins": {policy.Admins, policy.Admin},
		"members": {policy.Members, policy.Member}, "viewers": {policy.Viewers, policy.Viewer},
	}
	for name, c := range rules {
		for _, role := range append(policy.Roles(), policy.NoRole) {
			actor := policy.Actor{Tenant: tenant.NewID(), Role: role}
			err := policy.Decide(actor, policy.Write, "tasks", c.rule)
			if allowed := role >= c.minimum; allowed != (err == nil) {
				t.Errorf("the rule %s on the role %q: %v", name, role, err)
			}
			if err != nil && !fault.Is(err, fault.PermissionDenied) {
				t.Errorf("the rule %s refuses with %v", name, err)
			}
		}
	}
}

func TestDecideWithoutTenant(t *testing.T) {
	t.Parallel()
	if policy.Decide(policy.Actor{Role: policy.Owner}, policy.Read, "tasks", policy.Viewers) == nil {
		t.Error("an actor without a tenant was let in")
	}
}

func TestDecideByScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scopes  []string
		access  policy.Access
		allowed bool
	}{
		{nil, policy.Write, true},
		{[]string{"read"}, policy.Read, true},
		{[]string{"read"}, policy.Write, false},
		{[]string{"write"}, policy.Read, false},
		{[]string{"tasks:write"}, policy.Write, true},
		{[]string{"projects:write"}, policy.Write, false},
		{[]string{"tasks:read", "projects:write"}, policy.Write, false},
	} {
		actor := policy.Actor{Tenant: tenant.NewID(), Role: policy.Owner, Scopes: c.scopes}
		if err := policy.Decide(actor, c.access, "tasks", policy.Viewers); (err == nil) != c.allowed {
			t.Errorf("scopes %v, %s on tasks: %v", c.scopes, c.access, err)
		}
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for _, role := range policy.Roles() {
		if got, ok := policy.ParseRole(role.String()); !ok || got != role {
			t.Errorf("%s reads back as %v, %v", role, got, ok)
		}
	}
	for _, name := range []string{"", "Owner", "root"} {
		if role, ok := policy.ParseRole(name); ok {
			t.Errorf("%q is the role %v", name, role)
		}
	}
}

func TestScopesOfTheService(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"read": true, "write": true, "tasks:read": true, "tasks:write": true,
		"": false, ":": false, "tasks": false, "tasks:": false, ":read": false, "tasks:admin": false, "others:read": false,
		"tasks:read:read": false, "Read": false, "read ": false, "openid": false,
	} {
		if policy.IsScope(text, []string{"tasks"}) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
