// Package operation lists every operation of the API as plain data: its name, its method and path, what it is
// done to and who may call it. The router, the OpenAPI document, the attack matrix and the role matrix all read
// this one table, so that none of them can know an operation that the others don't.
package operation

import (
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
)

// Kind says what an operation does; a handler exists for each.
type Kind uint8

// The kinds.
const (
	// List is GET of a collection, of a named listing, or of the records below another one.
	List Kind = iota
	Create
	Get
	Replace
	Patch
	Delete
	// Act is POST {id}/<action>/.
	Act
	// Report is GET <report>/.
	Report
	// PutContent, GetContent and DeleteContent are PUT, GET and DELETE of {id}/content/, a record's file.
	PutContent
	GetContent
	DeleteContent
	ListEvents
	VerifyEvents
	SignIn
	Refresh
	VerifyToken
	RevokeToken
	Me
	// ClientToken gives service accounts their tokens, by OAuth 2's client credentials grant.
	ClientToken
	OperatorSignIn
	OperatorRefresh
	OperatorRevoke
	OperatorMe
	// ExchangeToken lets an operator into a tenant.
	ExchangeToken
	// ListKeys, RotateKeys and RetireKey are about the keys that sign tokens; the name of one is {kid}.
	ListKeys
	RotateKeys
	RetireKey
	// KeySet tells the public keys of tokens.
	KeySet
	Schema
	SwaggerUI
	ReDoc
	Health
	Ready
	Index
	// Root is GET /api/v1/: what lies below it.
	Root
)

// Audience is who may call an operation.
type Audience uint8

// The audiences.
const (
	// Public operations need no token.
	Public Audience = iota
	// TenantToken operations need an access token of a tenant.
	TenantToken
	// OperatorToken operations need an access token of an operator of the platform, which is of no tenant.
	OperatorToken
)

// Operation is one operation of the API.
type Operation struct {
	// ID reads well as a method of a generated client: listTasks, completeTask.
	ID     string
	Method string
	// Path has its parameters in braces: /api/v1/tasks/{id}/.
	Path     string
	Kind     Kind
	Audience Audience
	Tag      string
	Summary  string
	// Description is for the document; it may be empty.
	Description string
	// Resource is what a tenant's operation is done to; nil for others.
	Resource *schema.Resource
	// Access and Rule are what policy decides by.
	Access policy.Access
	Rule   policy.Rule
	// Parent is the field by which a nested list is bound to the record in its path, and ParentResource what
	// that record is.
	Parent         *schema.Field
	ParentResource *schema.Resource
	// Action, Report and Listing name the one of Resource that is meant.
	Action  *schema.Action
	Report  *schema.Report
	Listing *schema.Listing
	// Singleton operations are done to the one record of its kind that the caller can see: their path has no id.
	Singleton bool
	// Under is the name of the path's parameter with the record's id where the records lie under another one, whose id
	// is {id} then; a list has it as well. Empty: the record's id is {id}.
	Under string
}

// Rules are the rules of one resource.
type Rules struct {
	Read, Write policy.Rule
}
