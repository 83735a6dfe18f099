// Package policy decides who may do what. It is pure: no I/O, no context, no clock, so that every cell of the
// role matrix can be tested by calling Decide.
package policy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Role is what a member may do in a tenant. Roles are ordered: each may do what the ones below it may.
type Role uint8

// The roles. NoRole may do nothing.
const (
	NoRole Role = iota
	Viewer
	Member
	Admin
	Owner
)

var roleNames = [...]string{"", "viewer", "member", "admin", "owner"}

// String returns the role's name as tokens and answers have it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return ""
}

// ParseRole returns the named role, false where there is none.
func ParseRole(name string) (Role, bool) {
	for _, role := range Roles() {
		if role.String() == name {
			return role, true
		}
	}
	return NoRole, false
}

// Roles returns all roles, the lowest first.
func Roles() []Role { return []Role{Viewer, Member, Admin, Owner} }

// Kind is what kind of caller an Actor is.
type Kind string

// The kinds.
const (
	User     Kind = "user"
	Service  Kind = "service"
	Operator Kind = "operator"
	System   Kind = "system"
)

// Actor is the caller of an operation, bound to one tenant by the gate.
type Actor struct {
	Kind   Kind
	ID     id.ID
	Name   string
	Tenant tenant.ID
	Role   Role
	// Scopes narrow what a role may do; empty scopes narrow nothing.
	Scopes []string
	// OnBehalfOf is the operator who acts as the actor, where one does.
	OnBehalfOf id.ID
	// Pass is the gate's for Tenant, or for tenant.Platform where the actor is an operator: without it no data is opened.
	Pass tenant.Pass
}

// Has reports whether the actor's token carries the scope.
func (a Actor) Has(scope string) bool { return slices.Contains(a.Scopes, scope) }

// Rule says from which role on an operation is allowed. The zero Rule admits owners only: what nobody thought
// about stays closed.
type Rule struct {
	minimum   Role
	operators bool
}

// The rules.
var (
	Owners  = Rule{minimum: Owner}
	Admins  = Rule{minimum: Admin}
	Members = Rule{minimum: Member}
	Viewers = Rule{minimum: Viewer}
	// Operators admits the operators of the platform, and no role in any tenant.
	Operators = Rule{operators: true}
)

// Minimum returns the lowest role that the rule admits.
func (r Rule) Minimum() Role {
	if r.minimum == NoRole {
		return Owner
	}
	return r.minimum
}

// Access is the kind of access that an operation needs, for scopes.
type Access string

// The kinds of access.
const (
	Read  Access = "read"
	Write Access = "write"
)

// Decide returns nil where the actor may do an operation of the given access on the resource under the rule, and
// PermissionDenied otherwise.
func Decide(actor Actor, access Access, resource string, rule Rule) error {
	if rule.operators {
		if actor.Kind == Operator && actor.Tenant.IsZero() {
			return nil
		}
		return fault.New(fault.PermissionDenied, "Only operators of the platform may do this.")
	}
	if actor.Tenant.IsZero() || actor.Role < rule.Minimum() {
		least := rule.Minimum().String()
		if rule.Minimum() < Owner {
			least += " or above"
		}
		return fault.New(fault.PermissionDenied, "Your role does not allow this; it takes the role "+least+".")
	}
	if len(actor.Scopes) > 0 && !scopeAllows(actor.Scopes, access, resource) {
		scope := resource + ":" + string(access)
		refusal := fault.New(fault.PermissionDenied, "Your token's scopes do not allow this; it takes "+string(access)+" or "+scope+".")
		refusal.Scope = scope
		return refusal
	}
	return nil
}

// IsScope reports whether text is a scope: read, write, or one of them of one of the resources.
func IsScope(text string, resources []string) bool {
	resource, access, narrow := strings.Cut(text, ":")
	if !narrow {
		access = text
	}
	if access != string(Read) && access != string(Write) {
		return false
	}
	return !narrow || slices.Contains(resources, resource)
}

func scopeAllows(scopes []string, access Access, resource string) bool {
	return slices.Contains(scopes, string(access)) || slices.Contains(scopes, resource+":"+string(access))
}

// Grant returns nil where the actor may give a role to somebody who has the role held, NoRole for somebody who has none
// yet, and PermissionDenied otherwise: nobody grants, changes or takes away a role above their own. Operators of the
// platform may do all of it.
func Grant(actor Actor, held, given Role) error {
	if actor.Kind == Operator && actor.Tenant.IsZero() || actor.Kind == System {
		return nil
	}
	if highest := max(held, given); actor.Role < highest {
		return fault.New(fault.PermissionDenied, "Your role does not allow this; it takes the role "+highest.String()+".")
	}
	return nil
}
