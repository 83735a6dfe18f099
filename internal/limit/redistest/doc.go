// Package redistest gives tests a real Redis or Valkey.
//
// New hands a test an empty database of its own: on a server that it starts for the test, or on the one that
// TENANTRY_TEST_REDIS_URL names. A server that it starts goes away with the test, and with the process however that
// ends. Where neither is possible the test fails with a sentence that says what to do: a skipped test would read as a
// passed one.
//
// Only tests import this package.
package redistest
