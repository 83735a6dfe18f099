// Command sqlite3 stands in for SQLite's shell where the documentation's test runs on a machine without it. It runs one
// statement, `sqlite3 FILE SQL`, and does nothing else.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	_ "modernc.org/sqlite"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: sqlite3 FILE SQL")
	}
	db, err := sql.Open("sqlite", os.Args[1])
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(context.Background(), os.Args[2]) //nolint:gosec // the statement is what the caller asks for
	return err
}
