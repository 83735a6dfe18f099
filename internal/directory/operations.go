package directory

import (
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Directory are the schemas of the platform's records.
type Directory struct {
	members, serviceAccounts, tenants, users, usage *schema.Resource
}

// New returns the directory of one application.
func New() *Directory {
	d := &Directory{
		members: storage.MemberRecords(), serviceAccounts: storage.ServiceAccountRecords(),
		tenants: storage.TenantRecords(), users: storage.UserRecords(), usage: storage.UsageRecords(),
	}
	d.serviceAccounts.Actions = []schema.Action{{Name: "rotate", Input: graceInput(), Renews: true}}
	d.tenants.Actions = []schema.Action{{Name: "suspend"}, {Name: "activate"}}
	return d
}

// maxGrace is how long the secret from before a rotation may stay good, in seconds: 30 days.
const maxGrace = 30 * 86400

// graceInput is what a rotation takes.
func graceInput() *schema.Resource {
	least, most := int64(0), int64(maxGrace)
	r := &schema.Resource{Name: "rotations", Singular: "rotation", Fields: []schema.Field{{
		Name: "grace_seconds", Type: schema.Integer, Min: &least, Max: &most, Default: schema.Int(86400),
		Description: "How long the secret from before stays good, in seconds; 0 ends it at once.",
	}}}
	r.Finish()
	return r
}

// rotation says what rotating a service account does.
const rotation = "Make a new secret for a service account"

// Operations are all operations on the platform's records.
func (d *Directory) Operations() []operation.Operation {
	ofTenant := set{prefix: operation.Prefix, audience: operation.TenantToken, read: policy.Viewers, write: policy.Admins}
	admin := set{prefix: operation.AdminPrefix, audience: operation.OperatorToken, id: "admin", read: policy.Operators, write: policy.Operators}

	members := ofTenant.on(d.members, "members/", "Member")
	members.tag = d.members.Name
	accounts := ofTenant.on(d.serviceAccounts, "service-accounts/", "ServiceAccount")
	accounts.read, accounts.tag = policy.Admins, d.serviceAccounts.Name
	own := ofTenant.on(d.tenants, "tenant/", "Tenant")
	own.write, own.tag, own.singleton = policy.Owners, "tenant", true

	tenants := admin.on(d.tenants, "tenants/", "Tenant")
	users := admin.on(d.users, "users/", "User")
	usage := admin.on(d.usage, "usage/", "Usage")
	theirs := admin.on(d.members, "tenants/{id}/members/", "Member")
	theirs.under = "member_id"
	programs := admin.on(d.serviceAccounts, "tenants/{id}/service-accounts/", "ServiceAccount")
	programs.under = "service_account_id"

	return concat(
		members.collection(), members.record(), members.delete(),
		accounts.collection(), accounts.record(), accounts.delete(), accounts.action(0, rotation),
		own.record(),
		tenants.collection(), tenants.record(), tenants.action(0, "Suspend a tenant"), tenants.action(1, "Activate a tenant"),
		theirs.collection(), theirs.record(), theirs.delete(),
		programs.collection(), programs.record(), programs.delete(), programs.action(0, rotation),
		users.collection(), users.record(),
		[]operation.Operation{usage.operation("list", "GET", usage.path, operation.List, "List what the tenants ask of the service, by the hour")},
	)
}

func concat(parts ...[]operation.Operation) []operation.Operation {
	var out []operation.Operation
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}

// set is a part of the operations: those on one kind of record, at one place, for one kind of caller.
type set struct {
	prefix, id  string
	audience    operation.Audience
	read, write policy.Rule

	resource   *schema.Resource
	path, name string
	tag, under string
	singleton  bool
}

func (s set) on(r *schema.Resource, path, name string) set {
	s.resource, s.path, s.name = r, s.prefix+path, name
	if s.audience == operation.OperatorToken {
		s.tag = "operators"
	}
	return s
}

func (s set) item() string {
	switch {
	case s.singleton:
		return s.path
	case s.under != "":
		return s.path + "{" + s.under + "}/"
	default:
		return s.path + "{id}/"
	}
}

func (s set) operation(verb, method, path string, kind operation.Kind, summary string) operation.Operation {
	op := operation.Operation{
		ID: verb + s.name, Method: method, Path: path, Kind: kind, Audience: s.audience, Tag: s.tag, Summary: summary,
		Resource: s.resource, Access: policy.Write, Rule: s.write, Under: s.under, Singleton: s.singleton,
	}
	if method == "GET" {
		op.Access, op.Rule = policy.Read, s.read
	}
	if s.id != "" {
		op.ID = s.id + string(op.ID[0]-'a'+'A') + op.ID[1:]
	}
	return op
}

// collection are the operations on all records: list and create.
func (s set) collection() []operation.Operation {
	list := s.operation("list", "GET", s.path, operation.List, "List "+s.words()+"s")
	list.ID += "s"
	return []operation.Operation{list, s.operation("create", "POST", s.path, operation.Create, "Create "+s.one())}
}

// record are the operations on one: get and patch.
func (s set) record() []operation.Operation {
	return []operation.Operation{
		s.operation("get", "GET", s.item(), operation.Get, "Get "+s.one()),
		s.operation("update", "PATCH", s.item(), operation.Patch, "Change some fields of "+s.one()),
	}
}

func (s set) delete() []operation.Operation {
	return []operation.Operation{s.operation("delete", "DELETE", s.item(), operation.Delete, "Delete "+s.one())}
}

func (s set) action(i int, summary string) []operation.Operation {
	a := &s.resource.Actions[i]
	op := s.operation(a.Name, "POST", s.item()+a.Name+"/", operation.Act, summary)
	op.Action = a
	return []operation.Operation{op}
}

func (s set) words() string { return operation.Words(s.resource.Singular) }

func (s set) one() string {
	if s.singleton {
		return "the " + s.words()
	}
	return "a " + s.words()
}
