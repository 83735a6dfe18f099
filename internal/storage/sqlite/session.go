package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// session is one connection and the statements that were prepared on it. The engine uses it without database/sql
// in between, which would prepare each statement again and copy each value once more.
type session struct {
	driverConn
	statements map[string]driver.Stmt
	args       []driver.NamedValue
	row        []driver.Value
}

// maxStatements bounds the prepared statements of one connection. There are as many as shapes of queries.
const maxStatements = 64

func (s *session) prepare(ctx context.Context, text string) (driver.Stmt, error) {
	if stmt, ok := s.statements[text]; ok {
		return stmt, nil
	}
	if len(s.statements) >= maxStatements {
		s.forget()
	}
	stmt, err := s.PrepareContext(ctx, text)
	if err != nil {
		return nil, translate(err)
	}
	s.statements[text] = stmt
	return stmt, nil
}

func (s *session) forget() {
	for text, stmt := range s.statements {
		_ = stmt.Close() // nothing waits for it
		delete(s.statements, text)
	}
}

// Close ends the connection.
func (s *session) Close() error {
	s.forget()
	return s.driverConn.Close()
}

func (s *session) bind(args []sqlgen.Arg) []driver.NamedValue {
	s.args = s.args[:0]
	for i := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: encode(args[i].Value)})
	}
	return s.args
}

// exec runs a statement and returns how many rows it changed.
func (s *session) exec(ctx context.Context, statement sqlgen.Statement) (int64, error) {
	stmt, err := s.prepare(ctx, statement.SQL)
	if err != nil {
		return 0, err
	}
	execer, ok := stmt.(driver.StmtExecContext)
	if !ok {
		return 0, errOldDriver
	}
	result, err := execer.ExecContext(ctx, s.bind(statement.Args))
	if err != nil {
		return 0, translate(err)
	}
	return result.RowsAffected()
}

// query runs a statement and calls each for every row, whose values are valid during the call alone.
func (s *session) query(ctx context.Context, statement sqlgen.Statement, each func([]driver.Value) error) error {
	stmt, err := s.prepare(ctx, statement.SQL)
	if err != nil {
		return err
	}
	queryer, ok := stmt.(driver.StmtQueryContext)
	if !ok {
		return errOldDriver
	}
	rows, err := queryer.QueryContext(ctx, s.bind(statement.Args))
	if err != nil {
		return translate(err)
	}
	err, closed := s.read(ctx, rows, each), translate(rows.Close())
	if err != nil {
		return err
	}
	return closed
}

func (s *session) read(ctx context.Context, rows driver.Rows, each func([]driver.Value) error) error {
	if columns := len(rows.Columns()); cap(s.row) < columns {
		s.row = make([]driver.Value, columns)
	}
	row := s.row[:len(rows.Columns())]
	for {
		// The driver watches the context in the first step alone.
		if err := ctx.Err(); err != nil {
			return err
		}
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return translate(err)
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// integer runs a statement that gives one integer, and returns false where it gives no row.
func (s *session) integer(ctx context.Context, statement sqlgen.Statement) (n int64, found bool, err error) {
	err = s.query(ctx, statement, func(row []driver.Value) error {
		n, found = row[0].(int64)
		return nil
	})
	return n, found, err
}

// plain runs BEGIN, COMMIT or ROLLBACK. They are prepared like all others.
func (s *session) plain(ctx context.Context, text string) error {
	_, err := s.exec(ctx, sqlgen.Statement{SQL: text})
	return err
}

// rollback ends a transaction that must leave nothing, whatever became of the context. Where even that fails the
// connection is of no more use: closing it undoes everything.
func (s *session) rollback(ctx context.Context) error {
	return s.plain(context.WithoutCancel(ctx), "ROLLBACK")
}
