package operation

import (
	"strings"

	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
)

// Prefix is the path below which tenants' resources lie.
const Prefix = "/api/v1/"

// AdminPrefix is the path below which the operators' operations lie.
const AdminPrefix = "/api/admin/v1/"

// Table returns the operations of the API with the given resources, in the order of the document. events is the
// audit trail's resource; rules gives the rules of each resource by name.
func Table(resources []*schema.Resource, events *schema.Resource, rules map[string]Rules) []Operation {
	table := platform()
	byName := map[string]*schema.Resource{}
	for _, r := range resources {
		byName[r.Name] = r
	}
	for _, r := range resources {
		table = append(table, ofResource(r, byName, rules)...)
	}
	table = append(table, operators()...)
	return append(table,
		Operation{
			ID: "listEvents", Method: "GET", Path: Prefix + "events/", Kind: ListEvents, Audience: TenantToken, Tag: "events",
			Summary: "List events, newest first", Resource: events, Access: policy.Read, Rule: policy.Admins,
		},
		Operation{
			ID: "verifyEvents", Method: "GET", Path: Prefix + "events/verify/", Kind: VerifyEvents, Audience: TenantToken, Tag: "events",
			Summary: "Recompute the chain of events", Resource: events, Access: policy.Read, Rule: policy.Admins,
		},
		Operation{
			ID: "adminListEvents", Method: "GET", Path: AdminPrefix + "events/", Kind: ListEvents, Audience: OperatorToken, Tag: "operators",
			Summary: "List the platform's events, newest first", Resource: events, Access: policy.Read, Rule: policy.Operators,
			Description: "What happened above the tenants: users, operators and their log-ins, tenants as a whole. What happened in a tenant is in its own trail.",
		},
		Operation{
			ID: "adminVerifyEvents", Method: "GET", Path: AdminPrefix + "events/verify/", Kind: VerifyEvents, Audience: OperatorToken, Tag: "operators",
			Summary: "Recompute the chain of the platform's events", Resource: events, Access: policy.Read, Rule: policy.Operators,
		},
	)
}

func platform() []Operation {
	public := func(id, method, path string, kind Kind, tag, summary string) Operation {
		return Operation{ID: id, Method: method, Path: path, Kind: kind, Tag: tag, Summary: summary}
	}
	return []Operation{
		public("signIn", "POST", Prefix+"auth/token/", SignIn, "auth", "Sign in with a password"),
		public("refreshToken", "POST", Prefix+"auth/token/refresh/", Refresh, "auth", "Exchange a refresh token for new tokens"),
		public("verifyToken", "POST", Prefix+"auth/token/verify/", VerifyToken, "auth", "Say what a token is good for"),
		public("revokeToken", "POST", Prefix+"auth/token/revoke/", RevokeToken, "auth", "Revoke a token"),
		{
			ID: "getMe", Method: "GET", Path: Prefix + "me/", Kind: Me, Audience: TenantToken, Tag: "auth",
			Summary: "Say who the caller is", Access: policy.Read, Rule: policy.Viewers,
		},
		public("issueClientToken", "POST", Prefix+"auth/oauth/token/", ClientToken, "auth", "Give a service account an access token (OAuth 2 client credentials)"),
		{
			ID: "getKeySet", Method: "GET", Path: "/.well-known/jwks.json", Kind: KeySet, Tag: "auth", Summary: "The public keys of tokens",
			Description: "A JSON Web Key Set (RFC 7517) for services that verify access tokens by themselves: the keys that sign now, that will " +
				"soon, and that did while their tokens are good. Tokens that are signed with a secret, as by default, have none. " +
				"A token that verifies may have been revoked since.",
		},
		public("getSchema", "GET", "/api/schema/", Schema, "service", "The OpenAPI document"),
		public("getSwaggerUI", "GET", "/api/docs/", SwaggerUI, "service", "The document in Swagger UI"),
		public("getReDoc", "GET", "/api/redoc/", ReDoc, "service", "The document in ReDoc"),
		public("getHealth", "GET", "/healthz", Health, "service", "Whether the process lives"),
		public("getReadiness", "GET", "/readyz", Ready, "service", "Whether requests can be served"),
		public("getRoot", "GET", Prefix, Root, "service", "What the API offers"),
		public("getIndex", "GET", "/", Index, "service", "The service, its version and its links"),
	}
}

// operators are the operations on operators' tokens.
func operators() []Operation {
	public := func(id, path string, kind Kind, summary string) Operation {
		return Operation{ID: id, Method: "POST", Path: AdminPrefix + path, Kind: kind, Tag: "operators", Summary: summary}
	}
	return []Operation{
		public("adminSignIn", "auth/token/", OperatorSignIn, "Sign in as an operator"),
		public("adminRefreshToken", "auth/token/refresh/", OperatorRefresh, "Exchange an operator's refresh token for new tokens"),
		public("adminRevokeToken", "auth/token/revoke/", OperatorRevoke, "Revoke an operator's session"),
		{
			ID: "adminGetMe", Method: "GET", Path: AdminPrefix + "me/", Kind: OperatorMe, Audience: OperatorToken, Tag: "operators",
			Summary: "Say who the operator is", Access: policy.Read, Rule: policy.Operators,
		},
		{
			ID: "adminExchangeToken", Method: "POST", Path: AdminPrefix + "tenants/{id}/token/", Kind: ExchangeToken, Audience: OperatorToken, Tag: "operators",
			Summary: "Enter a tenant, for a reason", Access: policy.Write, Rule: policy.Operators,
			Description: "It gives an access token of the tenant for some minutes. The tenant's trail says who came, when and why, and every event of that token names the operator.",
		},
		{
			ID: "adminListKeys", Method: "GET", Path: AdminPrefix + "keys/", Kind: ListKeys, Audience: OperatorToken, Tag: "operators",
			Summary: "List the keys that sign tokens", Access: policy.Read, Rule: policy.Operators,
			Description: "All of them on one page: the secret of the configuration first, as `default`, then the pairs in the order in which they become current.",
		},
		{
			ID: "adminRotateKeys", Method: "POST", Path: AdminPrefix + "keys/rotate/", Kind: RotateKeys, Audience: OperatorToken, Tag: "operators",
			Summary: "Make the next key", Access: policy.Write, Rule: policy.Operators,
			Description: "It signs tokens when its time has come; those that are signed before stay good. Without a key-encryption key on the server none can be made: 409.",
		},
		{
			ID: "adminRetireKey", Method: "POST", Path: AdminPrefix + "keys/{kid}/retire/", Kind: RetireKey, Audience: OperatorToken, Tag: "operators",
			Summary: "Refuse every token of a key", Access: policy.Write, Rule: policy.Operators,
			Description: "For a key that somebody may have got hold of: whoever has one of its tokens, refresh tokens included, signs in again. It can't be taken back. " +
				"Where no other key would be left to sign with: 409; rotate first.",
		},
	}
}

func ofResource(r *schema.Resource, byName map[string]*schema.Resource, rules map[string]Rules) []Operation {
	base := Prefix + r.Name + "/"
	item := base + "{id}/"
	plural, single := camel(r.Name), camel(r.Singular)
	rule := rules[r.Name]
	read := func(id, path string, kind Kind, summary string) Operation {
		return Operation{
			ID: id, Method: "GET", Path: path, Kind: kind, Audience: TenantToken, Tag: r.Name, Summary: summary,
			Resource: r, Access: policy.Read, Rule: rule.Read,
		}
	}
	write := func(id, method, path string, kind Kind, summary string) Operation {
		return Operation{
			ID: id, Method: method, Path: path, Kind: kind, Audience: TenantToken, Tag: r.Name, Summary: summary,
			Resource: r, Access: policy.Write, Rule: rule.Write,
		}
	}
	table := []Operation{
		read("list"+plural, base, List, "List "+Words(r.Name)),
		write("create"+single, "POST", base, Create, "Create "+one(r)),
		read("get"+single, item, Get, "Get "+one(r)),
		write("replace"+single, "PUT", item, Replace, "Replace "+one(r)),
		write("update"+single, "PATCH", item, Patch, "Change some fields of "+one(r)),
		write("delete"+single, "DELETE", item, Delete, "Delete "+one(r)),
	}
	for i := range r.Listings {
		op := read("list"+plural+camel(r.Listings[i].Name), base+r.Listings[i].Name+"/", List, "List "+Words(r.Name)+" "+Words(r.Listings[i].Name))
		op.Listing = &r.Listings[i]
		table = append(table, op)
	}
	for i := range r.Reports {
		op := read("get"+single+camel(r.Reports[i].Name), base+r.Reports[i].Name+"/", Report, "Get the "+Words(r.Reports[i].Name)+" of "+Words(r.Name))
		op.Report = &r.Reports[i]
		table = append(table, op)
	}
	for i := range r.Actions {
		op := write(lowerFirst(camel(r.Actions[i].Name))+single, "POST", item+r.Actions[i].Name+"/", Act, upperFirst(Words(r.Actions[i].Name))+" "+one(r))
		op.Action = &r.Actions[i]
		table = append(table, op)
	}
	if !r.Content.IsZero() {
		path := item + schema.ContentSegment + "/"
		table = append(table,
			read("get"+single+"Content", path, GetContent, "Download the file of "+one(r)),
			write("put"+single+"Content", "PUT", path, PutContent, "Upload the file of "+one(r)),
			write("delete"+single+"Content", "DELETE", path, DeleteContent, "Delete the file of "+one(r)),
		)
	}
	return append(table, nested(r, byName, read)...)
}

// nested returns the lists of r's records below the records that they name.
func nested(r *schema.Resource, byName map[string]*schema.Resource, read func(id, path string, kind Kind, summary string) Operation) []Operation {
	var table []Operation
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Ref == nil || !f.Ref.Nested || byName[f.Ref.Resource] == nil {
			continue
		}
		parent := byName[f.Ref.Resource]
		op := read("list"+camel(parent.Singular)+camel(r.Name), Prefix+parent.Name+"/{id}/"+r.Name+"/", List,
			"List the "+Words(r.Name)+" of "+one(parent))
		op.Parent, op.ParentResource, op.Tag = f, parent, parent.Name
		table = append(table, op)
	}
	return table
}

// one is a record with its article: a task, an invoice.
func one(r *schema.Resource) string {
	article := "a "
	if strings.ContainsRune("aeiou", rune(r.Singular[0])) {
		article = "an "
	}
	return article + Words(r.Singular)
}

// camel turns by-status and task_list into ByStatus and TaskList.
func camel(name string) string {
	var out strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '-' || c == '_' }) {
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func upperFirst(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// Words turns a name with hyphens or underscores into words.
func Words(name string) string { return strings.NewReplacer("-", " ", "_", " ").Replace(name) }
