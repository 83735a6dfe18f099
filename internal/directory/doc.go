// Package directory makes the platform's records operations of the API like any other: a tenant's members and service
// accounts, the tenant itself, and for operators the tenants, the users and the usage. It says which operations there are, and joins
// the schemas of storage with the use cases of account, which hold the rules.
//
// No rule about who may do what belongs here, no SQL and no HTTP.
package directory
