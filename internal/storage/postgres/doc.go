// Package postgres is the storage engine on PostgreSQL: one database for all tenants, apart by row security, by
// composite keys and by a tenant in every statement.
//
// A request is one round trip: BEGIN, platform.enter with the tenant, the statements and COMMIT go out together.
// The tenant is set for that transaction alone, so that a connection that comes back to the pool knows none, and
// the engine works through a pooler that hands out connections per transaction. Two roles use the database: the
// owner migrates, the server's role reads and writes and owns nothing. The schema and every statement keep to the
// rules that let the same tables be sharded by tenant with Citus: no triggers, no FORCE there, no SET NULL, the
// tenant in every key and every statement.
//
// SQL for resources comes from sqlgen; what stands here is the engine's own. Nothing here decides who may do what.
package postgres
