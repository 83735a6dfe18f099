// Package sqlite is the storage engine on SQLite: platform.db for the platform, and one file per tenant below
// tenants/, so that one tenant's data can't be reached through another's store.
//
// Files run in WAL mode with synchronous=FULL, so an acknowledged write survives a power cut. Each open file has one
// connection that writes and a few that read, every reader seeing one moment. Few files stay open: the least
// recently used are closed, none while it is in use, and opening and closing one tenant's file never overlap.
//
// Several processes may use one data directory. Times are kept as microseconds and dates as days since 1970-01-01,
// ids as their canonical text. SQL for resources comes from sqlgen; what stands here is the engine's own.
//
// Never open a database file of a running engine with package os: closing any descriptor of a file drops the locks
// that the process holds on it (POSIX), and SQLite's with them.
package sqlite
