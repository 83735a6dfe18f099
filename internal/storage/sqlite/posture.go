package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Checks returns what can be seen of the data directory. Tenants' files can warn at worst: one that is lost or damaged
// is no reason to serve nobody.
func (e *Engine) Checks() []finding.Check {
	return []finding.Check{
		{ID: "file_modes", Title: "The data directory is for its owner alone", Worst: finding.Critical, Run: e.checkModes},
		{ID: "platform_integrity", Title: "The platform's database is whole", Worst: finding.Critical, Run: e.checkPlatform},
		{ID: "clock", Title: "This machine's clock is not behind the data", Worst: finding.Warning, Run: e.checkClock},
		{ID: "tenant_files", Title: "Every tenant has its file, and every file its tenant", Worst: finding.Warning, Run: e.checkFiles},
		{ID: "tenant_integrity", Title: "Tenants' databases are whole and their own", Worst: finding.Warning, Run: e.checkIntegrity},
		{ID: "tenant_guards", Title: "Tenants' databases refuse other tenants' rows and changes of events", Worst: finding.Warning, Run: e.checkGuards},
	}
}

// examined is how many tenants' files one look reads. Each day begins with others.
const examined = 100

// sample returns the tenants whose files are read today, and says so where they are not all.
func (e *Engine) sample(all []tenant.ID) ([]tenant.ID, []finding.Finding) {
	if len(all) <= examined {
		return all, nil
	}
	day := int(e.Clock().Unix() / (24 * 60 * 60))
	out := make([]tenant.ID, examined)
	for i := range out {
		out[i] = all[(day*examined+i)%len(all)]
	}
	return out, []finding.Finding{{Found: fmt.Sprintf("Looked at %d of %d files; tomorrow at others.", examined, len(all))}}
}

// tenants returns all tenants, none before the first migration.
func (e *Engine) tenants(ctx context.Context) ([]tenant.ID, error) {
	form, err := e.inspect(ctx, e.platform.reads, e.platform.path, platformOwner)
	if err != nil || form == "" {
		return nil, err
	}
	texts, err := column(ctx, e.platform.reads, "SELECT id FROM tenants ORDER BY id")
	out := make([]tenant.ID, 0, len(texts))
	for _, text := range texts {
		if t, ok := tenant.ParseID(text); ok {
			out = append(out, t)
		}
	}
	return out, err
}

// column returns the first column of all rows.
func column(ctx context.Context, db queryer, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, translate(rows.Err())
}

func (e *Engine) checkPlatform(ctx context.Context) ([]finding.Finding, error) {
	damage, err := damaged(ctx, e.platform.reads)
	if err != nil || damage == "" {
		return nil, err
	}
	return []finding.Finding{{Status: finding.Critical, Found: fmt.Sprintf("%s: %s.", e.platform.path, damage), Do: restore}}, nil
}

const restore = "Stop the server, put the file aside, and restore it from a backup."

// damaged reads a file from end to end and says what is wrong with it.
func damaged(ctx context.Context, db *sql.DB) (string, error) {
	said, err := column(ctx, db, "PRAGMA quick_check(1)")
	if broken(err) {
		return "the file is damaged", nil
	}
	if err != nil {
		return "", err
	}
	if len(said) != 1 || said[0] != "ok" {
		return "the file is damaged (" + strings.Join(strings.Fields(strings.Join(said, " ")), " ") + ")", nil
	}
	tables, err := column(ctx, db, `SELECT DISTINCT "table" FROM pragma_foreign_key_check`)
	if len(tables) > 0 {
		return "rows of " + strings.Join(tables, ", ") + " name rows that do not exist", nil
	}
	return "", err
}

func broken(err error) bool {
	return hasCode(err, sqlite3.SQLITE_CORRUPT) || hasCode(err, sqlite3.SQLITE_NOTADB)
}

// skewAllowed is how far a clock may be behind what was written.
const skewAllowed = 5 * time.Second

func (e *Engine) checkClock(ctx context.Context) ([]finding.Finding, error) {
	form, err := e.inspect(ctx, e.platform.reads, e.platform.path, platformOwner)
	if err != nil || form == "" {
		return nil, err
	}
	var micros int64
	if err := e.platform.reads.QueryRowContext(ctx, "SELECT changed_at FROM schema_state WHERE id = 1").Scan(&micros); err != nil {
		return nil, translate(err)
	}
	now, written := e.Clock(), time.UnixMicro(micros)
	if !now.Before(written.Add(-skewAllowed)) {
		return nil, nil
	}
	return []finding.Finding{{
		Status: finding.Warning,
		Found: fmt.Sprintf("This machine's clock says %s, but the database was migrated at %s.",
			now.UTC().Format(time.DateTime), written.UTC().Format(time.DateTime)),
		Do: "Set the clock by NTP: tokens and events would bear a time that is long past.",
	}}, nil
}

// settled is how old a file is before it is missed in the platform: that of a new tenant is there first.
const settled = time.Minute

func (e *Engine) checkFiles(ctx context.Context) ([]finding.Finding, error) {
	entries, err := os.ReadDir(filepath.Join(e.Dir, "tenants")) // before the rows, see settled
	if err != nil {
		return nil, err
	}
	all, err := e.tenants(ctx)
	if err != nil {
		return nil, err
	}
	var out []finding.Finding
	known := make(map[string]bool, len(all))
	for _, t := range all {
		path := e.tenantPath(t)
		known[filepath.Base(path)] = true
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			out = append(out, finding.Finding{
				Status: finding.Warning, Found: fmt.Sprintf("The tenant %s has no file.", t), Do: fmt.Sprintf("Restore %s from a backup.", path),
			})
		}
	}
	for _, entry := range entries {
		if entry.IsDir() || filepath.Ext(entry.Name()) != ".db" || known[entry.Name()] {
			continue
		}
		if info, err := entry.Info(); err != nil || e.Clock().Sub(info.ModTime()) < settled {
			continue
		}
		out = append(out, finding.Finding{
			Status: finding.Warning, Found: fmt.Sprintf("The file tenants/%s belongs to no tenant.", entry.Name()),
			Do: "Restore the platform.db that knows it, or move it away.",
		})
	}
	return finding.Few(out), nil
}
