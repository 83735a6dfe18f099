// Package platform keeps the platform plane (tenants, users, memberships, identities, tokens, keys) in a database of
// either engine.
//
// Its SQL is the same on both; the engine brings the tables, the handles and the meaning of its driver's errors.
// On PostgreSQL the tables lie in the schema "platform", on SQLite in the main database:
//
//	tenants      id, slug (unique), name, status, created_at, settings
//	users        id, username (unique), password_hash, active, operator, created_at
//	memberships  id, tenant_id → tenants, user_id → users, role, created_at; (tenant_id, user_id) unique
//	removals     tenant_id → tenants, user_id → users; both are the key
//	identities   issuer, subject, user_id → users, created_at; (issuer, subject) is the key
//	service_accounts  id, tenant_id → tenants, name, role, secret_hash, former_hash?, former_until?, expires_at?, last_used_at?,
//	                  created_at, created_by?
//	families     id, tenant_id?, user_id → users, current_token, expires_at, revoked_at?
//	revocations  id, expires_at
//	signing_keys id, algorithm, sealed, public, created_at, activates_at, deactivates_at?, retires_at?
//	outbox       id, trail, at, actor_id, actor, action, resource, record?, changes, request_id, ip, claimed_until, claims
//	generation   id = 1, value; one row
//
// The views directory_members, _service_accounts, _tenants and _users show them as lists of the API do.
//
// PostgreSQL has uuid, text COLLATE "C", boolean, timestamptz and bigint; SQLite has TEXT for ids and INTEGER for
// booleans and for times, which are microseconds since 1970-01-01. No rule about who may do what belongs here.
package platform
