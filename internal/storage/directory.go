package storage

import (
	"context"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Directory reads records of the platform plane, of those kinds that this file describes, as a Store reads a tenant's.
// It is bound to a tenant, or to none: the records of one are never seen through another.
type Directory interface {
	// Get returns the record with the id; not_found. Its Version is always 1. The record is the caller's.
	Get(ctx context.Context, r *schema.Resource, i id.ID) (Record, error)
	// List is Store.List.
	List(ctx context.Context, r *schema.Resource, q query.List, yield func(Record) error) (total int64, err error)
}

// builtIn is a field that the server sets.
func builtIn(name string, t schema.Type, description string) schema.Field {
	return schema.Field{Name: name, Type: t, BuiltIn: true, Filter: true, Sort: true, Description: description}
}

func directory(r schema.Resource) *schema.Resource {
	if r.Order == nil {
		r.Order = []schema.Order{{Field: schema.FieldCreatedAt, Desc: true}}
	}
	r.Platform = true
	r.Finish()
	return &r
}

// roleField says which role somebody has in a tenant.
func roleField() schema.Field {
	var names []string
	for _, role := range policy.Roles() {
		names = append(names, role.String())
	}
	return schema.Field{Name: "role", Type: schema.Text, Required: true, Enum: names, Filter: true, Sort: true, Description: "The role in the tenant."}
}

// MemberRecords describes a tenant's members; the id is the membership's.
func MemberRecords() *schema.Resource {
	user := &schema.Shape{Type: schema.Object, Properties: []schema.Property{
		{Name: "id", Description: "The user's id.", Shape: &schema.Shape{Type: schema.UUID}},
		{Name: "username", Description: "The user's name.", Shape: &schema.Shape{Type: schema.Text}},
	}}
	return directory(schema.Resource{
		Name: schema.Members, Singular: "member", Description: "The users who belong to the tenant, in one role each.",
		Fields: []schema.Field{
			builtIn(schema.FieldID, schema.UUID, "The membership's id."),
			{Name: "user", Type: schema.JSON, ReadOnly: true, Shape: user, Description: "Who it is."},
			roleField(),
			builtIn(schema.FieldCreatedAt, schema.Time, "When the user became a member."),
			{Name: "username", Type: schema.Text, Required: true, Immutable: true, WriteOnly: true, MinLength: 1, MaxLength: 150, Filter: true, Search: true, Description: "The name of the user who becomes a member."},
			{Name: "user_id", Type: schema.UUID, Hidden: true, Filter: true, Param: "user", Description: "The user's id."},
		},
	})
}

// The positions of MemberRecords' fields that code reads by place.
const (
	MemberID = iota
	MemberUser
	MemberRole
	MemberCreatedAt
	MemberUsername
	MemberUserID
)

// ServiceAccountRecords describes a tenant's service accounts.
func ServiceAccountRecords() *schema.Resource {
	return directory(schema.Resource{
		Name: "service-accounts", Singular: "service-account", Description: "Programs that work in the tenant with credentials of their own.",
		Fields: []schema.Field{
			builtIn(schema.FieldID, schema.UUID, "The service account's id."),
			{Name: "name", Type: schema.Text, Required: true, MinLength: 1, MaxLength: 255, Filter: true, Sort: true, Search: true, Description: "What the account is for."},
			roleField(),
			{Name: "expires_at", Type: schema.Time, Nullable: true, Filter: true, Sort: true, Description: "When the account stops being good; null for never."},
			{Name: "client_id", Type: schema.UUID, ReadOnly: true, Description: "The name by which the program asks for tokens (OAuth 2)."},
			{Name: "client_secret", Type: schema.Text, Nullable: true, ReadOnly: true, Once: true, Description: "The secret that goes with client_id. It is shown this once."},
			{Name: "last_used_at", Type: schema.Time, Nullable: true, ReadOnly: true, Filter: true, Sort: true, Description: "When the account last got a token."},
			builtIn(schema.FieldCreatedAt, schema.Time, "When it was created."),
			{Name: schema.FieldCreatedBy, Type: schema.UUID, Nullable: true, BuiltIn: true, Filter: true, Description: "Who created it."},
			// It is another one after each rotation, which changes nothing else that can be told.
			{Name: "former_until", Type: schema.Time, Nullable: true, Hidden: true, Acted: true, Description: "How long the secret from before the last rotation is good."},
		},
	})
}

// The positions of ServiceAccountRecords' fields that code reads by place.
const (
	ServiceAccountID = iota
	ServiceAccountName
	ServiceAccountRole
	ServiceAccountExpiresAt
	ServiceAccountClientID
	ServiceAccountClientSecret
)

// TenantRecords describes the tenants, for operators and, one of them, for its own members.
func TenantRecords() *schema.Resource {
	statuses := []string{string(tenant.Active), string(tenant.Suspended)}
	return directory(schema.Resource{
		Name: "tenants", Singular: "tenant", Description: "The tenants of the platform.",
		Fields: []schema.Field{
			builtIn(schema.FieldID, schema.UUID, "The tenant's id."),
			{Name: "slug", Type: schema.Text, Required: true, Immutable: true, MinLength: 1, MaxLength: 63, Filter: true, Sort: true, Search: true, Description: "The tenant's short name: lower-case letters, digits and inner hyphens."},
			{Name: "name", Type: schema.Text, Required: true, MinLength: 1, MaxLength: 255, Filter: true, Sort: true, Search: true, Description: "The tenant's name."},
			{Name: "status", Type: schema.Text, ReadOnly: true, Acted: true, Enum: statuses, Filter: true, Sort: true, Description: "A suspended tenant's requests are refused."},
			{Name: "settings", Type: schema.JSON, MaxLength: 16 << 10, Description: "Whatever the tenant's owners keep here."},
			builtIn(schema.FieldCreatedAt, schema.Time, "When it was created."),
		},
	})
}

// The positions of TenantRecords' fields that code reads by place.
const (
	TenantRecordID = iota
	TenantRecordSlug
	TenantRecordName
	TenantRecordStatus
	TenantRecordSettings
)

// UserRecords describes the users of the platform.
func UserRecords() *schema.Resource {
	return directory(schema.Resource{
		Name: "users", Singular: "user", Description: "The users of the platform, who may belong to several tenants.",
		Fields: []schema.Field{
			builtIn(schema.FieldID, schema.UUID, "The user's id."),
			{Name: "username", Type: schema.Text, Required: true, Immutable: true, MinLength: 1, MaxLength: 150, Filter: true, Sort: true, Search: true, Description: "The user's name, which they sign in with."},
			{Name: "password", Type: schema.Text, Nullable: true, WriteOnly: true, MinLength: 8, MaxLength: 1024, Description: "A new password, which ends the user's sessions. Without one a user can't sign in with a password."},
			{Name: "is_active", Type: schema.Boolean, Default: schema.Bool(true), Filter: true, Sort: true, Description: "Whether the user may sign in."},
			{Name: "is_operator", Type: schema.Boolean, Filter: true, Sort: true, Description: "Whether the user may manage the platform."},
			builtIn(schema.FieldCreatedAt, schema.Time, "When the user was created."),
		},
	})
}

// The positions of UserRecords' fields that code reads by place.
const (
	UserRecordID = iota
	UserRecordUsername
	UserRecordPassword
	UserRecordActive
	UserRecordOperator
)

// UsageRecords describes what the tenants ask of the service, by the hour.
func UsageRecords() *schema.Resource {
	number := func(name, description string) schema.Field {
		return schema.Field{Name: name, Type: schema.Integer, ReadOnly: true, Filter: true, Sort: true, Description: description}
	}
	return directory(schema.Resource{
		Name: "usage", Singular: "usage-count", Description: "What each tenant asks of the service, by the hour. The current hour is some seconds behind.",
		Order: []schema.Order{{Field: "hour", Desc: true}},
		Fields: []schema.Field{
			builtIn(schema.FieldID, schema.UUID, "The counter's id."),
			{Name: "tenant", Type: schema.UUID, ReadOnly: true, Filter: true, Names: "tenants", Description: "The tenant's id."},
			{Name: "hour", Type: schema.Time, ReadOnly: true, Filter: true, Sort: true, Description: "When the hour began."},
			number("requests", "All requests with a token of the tenant."),
			number("writes", "Those that changed something."),
			number("limited", "Those that a limit refused."),
			{
				Name: "storage", Type: schema.Integer, Nullable: true, ReadOnly: true, Filter: true, Sort: true, Unit: schema.Octets, Gauge: true,
				Description: "Bytes that the tenant's data takes: its records, its events and its files, as measured last while this hour " +
					"was the tenant's newest; null where that was never. A tenant is measured some minutes after it has written. On " +
					"SQLite it is the pages in use of the tenant's database, indexes included; on PostgreSQL the tenant's rows as they are " +
					"stored, without indexes. Files count with the size that their records have, wherever they lie.",
			},
		},
	})
}
