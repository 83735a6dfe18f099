// Package pgtest gives tests a real PostgreSQL.
//
// New hands a test its own empty database with the two roles that a deployment has: one that owns the database
// and migrates, and the server's role, which owns nothing and obeys row security; Prepared hands it one that is migrated
// already. The cluster is the one that TENANTRY_TEST_POSTGRES_URL names, else one that Start makes in a temporary
// directory and that goes away with the process that made it, however that process ends. Where neither is possible the
// test fails with a sentence that says what to do: a skipped test would read as a passed one.
//
// Only tests import this package. No schema and no migration of ours belongs in here.
package pgtest
