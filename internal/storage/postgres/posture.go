package postgres

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Checks returns what can be seen of the running database as the server's role: whether anything in it gets around row
// security, and whether it suits us otherwise.
func (e *Engine) Checks() []finding.Check {
	checks := []finding.Check{
		{ID: "server_version", Title: "The PostgreSQL server's version is supported", Worst: finding.Critical, Run: e.checkVersion},
		{ID: "encryption", Title: "The way to PostgreSQL is encrypted, or does not leave the machine", Worst: finding.Warning, Run: e.checkEncryption},
		{ID: "clock", Title: "This machine's clock and the database's agree", Worst: finding.Warning, Run: e.checkClock},
		{ID: "tenant_context", Title: "A transaction sees the tenant that it entered, and others none", Worst: finding.Critical, Run: e.checkContext},
		{ID: "functions", Title: "The functions of the schemas are those that the migrations made", Worst: finding.Critical, Run: e.checkFunctions},
	}
	for _, questions := range [][]question{roleQuestions(), tableQuestions(e.conditions()), keyQuestions(), grantQuestions(), codeQuestions()} {
		for _, q := range questions {
			checks = append(checks, finding.Check{ID: q.id, Title: q.title, Worst: q.worst, Run: func(ctx context.Context) ([]finding.Finding, error) {
				return e.ask(ctx, q)
			}})
		}
	}
	return checks
}

// question is a check that is one query of the catalog: say makes a finding of each row, all of whose columns are text.
type question struct {
	id, title string
	worst     finding.Status
	query     string
	args      []any
	say       func(row []string) finding.Finding
	// ages is that the answer depends on what the migrations that this program knows have made in the schema platform.
	ages bool
}

func (e *Engine) ask(ctx context.Context, q question) ([]finding.Finding, error) {
	rows, err := e.look(ctx, q.query, q.args...)
	if err != nil {
		return nil, err
	}
	out := make([]finding.Finding, 0, len(rows))
	for _, row := range rows {
		f := q.say(row)
		if q.ages && row[0] == "platform" {
			if f, err = e.aged(ctx, f); err != nil {
				return nil, err
			}
		}
		out = append(out, f)
	}
	return finding.Few(out), nil
}

// aged returns what was found of something in the schema platform that no migration made. Where a newer program has migrated
// the database, that is no reason not to serve: it may be that program's, and the servers are replaced one after the other.
func (e *Engine) aged(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	applied, err := e.applied(ctx)
	if err != nil || f.Status != finding.Critical {
		return f, err
	}
	files, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return f, err
	}
	newest, _ := versionOf(files[len(files)-1].Name())
	for text := range applied {
		if version, err := strconv.Atoi(text); err == nil && version > newest {
			f.Status = finding.Warning
			f.Do = "A newer program has migrated this database: look with its doctor, and replace this one."
		}
	}
	return f, nil
}

// look runs a query of the catalog. Nothing is on the search path meanwhile, so that every name in an answer says its
// schema, and none of somebody else's making can stand for a system's.
func (e *Engine) look(ctx context.Context, query string, args ...any) ([][]string, error) {
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, translatePlatform(err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	if _, err := tx.ExecContext(ctx, "SET LOCAL search_path = ''"); err != nil {
		return nil, translatePlatform(err)
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translatePlatform(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	out, err := scanTexts(rows)
	return out, translatePlatform(err)
}

func scanTexts(rows *sql.Rows) ([][]string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for rows.Next() {
		row, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// oldestVersion is the oldest server that we test with.
const oldestVersion = 14

func (e *Engine) checkVersion(ctx context.Context) ([]finding.Finding, error) {
	rows, err := e.look(ctx, "SELECT (current_setting('server_version_num')::int / 10000)::text, current_setting('server_version')")
	if err != nil {
		return nil, err
	}
	return judgeVersion(rows[0][0], rows[0][1]), nil
}

func judgeVersion(major, full string) []finding.Finding {
	var n int
	if _, err := fmt.Sscan(major, &n); err != nil || n < oldestVersion {
		return []finding.Finding{{
			Status: finding.Critical,
			Found:  fmt.Sprintf("The server is PostgreSQL %s.", full),
			Do:     fmt.Sprintf("Upgrade it to PostgreSQL %d or newer.", oldestVersion),
		}}
	}
	return []finding.Finding{{Found: "PostgreSQL " + full + "."}}
}

// checkEncryption looks at a connection that is open: what the URL asks for may have been refused.
func (e *Engine) checkEncryption(ctx context.Context) ([]finding.Finding, error) {
	settings := e.pool.Config().ConnConfig
	if local(settings.Host) {
		return []finding.Finding{{Found: "The database is on this machine."}}, nil
	}
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, translatePlatform(err)
	}
	defer func() { _ = conn.Close() }() // gives it back
	encrypted := false
	err = conn.Raw(func(raw any) error {
		if c, ok := raw.(*stdlib.Conn); ok {
			_, encrypted = c.Conn().PgConn().Conn().(*tls.Conn)
		}
		return nil
	})
	const advice = "Add sslmode=verify-full to the database URL, and sslrootcert=FILE where no public authority signed the server's certificate."
	switch {
	case err != nil:
		return nil, translatePlatform(err)
	case !encrypted:
		return []finding.Finding{{
			Status: finding.Warning,
			Found:  fmt.Sprintf("Passwords and records go to %s in the clear.", settings.Host), Do: advice,
		}}, nil
	case !verified(settings):
		return []finding.Finding{{
			Status: finding.Warning,
			Found:  fmt.Sprintf("The connection to %s is encrypted, but whoever stands in between could pose as the server.", settings.Host), Do: advice,
		}}, nil
	default:
		return nil, nil
	}
}

// local reports whether a host is this machine: a loopback address, or the directory of a socket.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || ip != nil && ip.IsLoopback()
}

// verified reports whether the server has to prove who it is on every way that the settings allow.
func verified(settings *pgx.ConnConfig) bool {
	ways := []*tls.Config{settings.TLSConfig}
	for _, f := range settings.Fallbacks {
		ways = append(ways, f.TLSConfig)
	}
	for _, way := range ways {
		if way == nil || way.InsecureSkipVerify && way.VerifyPeerCertificate == nil && way.VerifyConnection == nil {
			return false
		}
	}
	return true
}

// skewAllowed is how far two clocks may be apart.
const skewAllowed = 5 * time.Second

func (e *Engine) checkClock(ctx context.Context) ([]finding.Finding, error) {
	before := e.config.Clock()
	rows, err := e.look(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text")
	if err != nil {
		return nil, err
	}
	after := e.config.Clock()
	var micros int64
	if _, err := fmt.Sscan(rows[0][0], &micros); err != nil {
		return nil, fmt.Errorf("read the database's clock: %w", err)
	}
	// The database looked at its clock somewhere between the two.
	theirs := time.UnixMicro(micros)
	skew := max(before.Sub(theirs), theirs.Sub(after), 0)
	if skew <= skewAllowed {
		return nil, nil
	}
	return []finding.Finding{{
		Status: finding.Warning,
		Found: fmt.Sprintf("This machine's clock says %s, the database's %s.",
			after.UTC().Format(time.DateTime), theirs.UTC().Format(time.DateTime)),
		Do: "Let both keep time by NTP: tokens that another node has made would not be good yet, or no longer.",
	}}, nil
}

// checkContext enters a tenant as a request does, and asks what the policies would compare with before, meanwhile and
// after. It finds a function that was replaced, and a tenant that is set for the database, a role or a connection.
func (e *Engine) checkContext(ctx context.Context) ([]finding.Finding, error) {
	random := tenant.NewID()
	var before, during, after string
	current := func(into *string) step {
		return step{Statement: sqlgen.Statement{SQL: "SELECT coalesce((" + e.compared() + ")::text, '')"}, read: readText(into)}
	}
	err := e.attempt(ctx, func(session *session) error {
		for _, trip := range [][]step{
			{current(&before)}, {plain(beginOne), e.enter(random), current(&during), plain("COMMIT")}, {current(&after)},
		} {
			if _, err := session.trip(ctx, trip); err != nil {
				return err
			}
		}
		return nil
	})
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains(notMigrated(), refused.Code) {
		return nil, nil // before the migration, which is another check's to say
	}
	switch {
	case unproven(err):
		return []finding.Finding{{
			Status: finding.Critical,
			Found:  "The database does not take the proof of a tenant that is made with this context key.",
			Do:     "Give the servers the key that migrate up stored last (--context-key), or run migrate up with this one.",
		}}, nil
	case err != nil:
		return nil, err
	case before == "" && during == random.String() && after == "":
		return e.checkForgery(ctx)
	}
	return []finding.Finding{{
		Status: finding.Critical,
		Found: fmt.Sprintf("Policies compare with %s outside of a transaction, with %s inside of one that entered %s, with %s afterwards.",
			orNobody(before), orNobody(during), random, orNobody(after)),
		Do: "Take back what sets app.tenant_id for the database, the role or the connection, and restore what enters a tenant in the schema platform.",
	}}, nil
}

// notMigrated are the errors of a database that lacks what a migration makes.
func notMigrated() []string { return []string{unknownFunction, unknownSchema, unknownTable} }

// checkForgery enters a tenant with the proof of another, where proofs are asked for.
func (e *Engine) checkForgery(ctx context.Context) ([]finding.Finding, error) {
	if e.key == nil {
		return nil, nil
	}
	forged := e.enter(tenant.NewID())
	forged.Args[0] = e.enter(tenant.NewID()).Args[0]
	err := e.attempt(ctx, func(session *session) error {
		_, err := session.trip(ctx, []step{plain(beginOne), forged, plain(e.compared()), plain("ROLLBACK")})
		return err
	})
	if unproven(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []finding.Finding{{
		Status: finding.Critical,
		Found:  "The database takes a tenant with the proof of another.",
		Do:     "Find out who changed the view platform.entered, and restore it from the migration 00012_context.sql.",
	}}, nil
}

func orNobody(tenant string) string {
	if tenant == "" {
		return "no tenant"
	}
	return "the tenant " + tenant
}

// readText returns the read of a statement that gives one text.
func readText(into *string) func(*pgconn.ResultReader) error {
	return func(rows *pgconn.ResultReader) error {
		if !rows.NextRow() {
			return errors.New("postgres: a text was asked for and none came")
		}
		*into = string(rows.Values()[0])
		return nil
	}
}
