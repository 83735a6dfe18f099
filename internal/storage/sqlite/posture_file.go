package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/tenant"
)

// The bits of a mode that let others in.
const (
	othersRead, othersWrite, othersEnter = 0o004, 0o002, 0o001
	anybodyElse                          = 0o077
)

// checkModes looks at the directories and the databases. It is critical that any user of the machine can read or write
// one, or put another in its place.
func (e *Engine) checkModes(context.Context) ([]finding.Finding, error) {
	if runtime.GOOS == "windows" { // where a mode says nothing
		return nil, nil
	}
	tenants := filepath.Join(e.Dir, "tenants")
	out, entered, err := modesIn(e.Dir, true)
	if err != nil {
		return nil, err
	}
	below, _, err := modesIn(tenants, entered)
	return finding.Few(append(out, below...)), err
}

// modesIn looks at a directory, which others reach or don't, and the databases in it, and reports whether others reach
// those.
func modesIn(dir string, reached bool) (out []finding.Finding, entered bool, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, false, err
	}
	mode := info.Mode().Perm()
	entered = reached && mode&othersEnter != 0
	if mode&anybodyElse != 0 {
		out = append(out, badMode(dir, mode, 0o700, entered && mode&othersWrite != 0))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, false, err
	}
	for _, entry := range entries {
		if !strings.Contains(entry.Name(), ".db") {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist): // a -wal that has just gone
		case err != nil:
			return nil, false, err
		case !info.IsDir() && info.Mode().Perm()&anybodyElse != 0:
			mode := info.Mode().Perm()
			out = append(out, badMode(path, mode, 0o600, entered && mode&(othersRead|othersWrite) != 0))
		}
	}
	return out, entered, nil
}

func badMode(path string, mode, want os.FileMode, open bool) finding.Finding {
	f := finding.Finding{
		Status: finding.Warning, Found: fmt.Sprintf("%s has the mode %04o instead of %04o.", path, mode, want),
		Do: fmt.Sprintf("chmod %o %s", want, path),
	}
	if open {
		f.Status = finding.Critical
		f.Found = fmt.Sprintf("%s has the mode %04o: every user of this machine gets at tenants' data.", path, mode)
	}
	return f
}

// each calls look with the file of each tenant that is read today, opened apart from those in use, and gathers what is
// found. A file that is no more is another check's to say.
func (e *Engine) each(ctx context.Context, do string, look func(t tenant.ID, db *sql.DB) ([]string, error)) ([]finding.Finding, error) {
	all, err := e.tenants(ctx)
	if err != nil {
		return nil, err
	}
	some, notes := e.sample(all)
	var out []finding.Finding
	for _, t := range some {
		path := e.tenantPath(t)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		faults, err := e.lookInto(t, path, look)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			faults = append(faults, err.Error())
		}
		for _, fault := range faults {
			out = append(out, finding.Finding{Status: finding.Warning, Found: fmt.Sprintf("%s: %s.", path, fault), Do: do})
		}
	}
	return append(notes, finding.Few(out)...), nil
}

func (e *Engine) lookInto(t tenant.ID, path string, look func(tenant.ID, *sql.DB) ([]string, error)) (faults []string, err error) {
	db := e.options.open(e.driver, path)
	defer func() { err = errors.Join(err, db.close()) }()
	return look(t, db.reads)
}

func (e *Engine) checkIntegrity(ctx context.Context) ([]finding.Finding, error) {
	return e.each(ctx, restore, func(t tenant.ID, db *sql.DB) ([]string, error) {
		damage, err := damaged(ctx, db)
		if damage != "" {
			return []string{damage}, nil
		}
		if err != nil {
			return nil, err
		}
		_, err = e.inspect(ctx, db, "the file", t.String())
		return nil, err
	})
}

// checkGuards looks for what keeps other tenants' rows out of a file and its events as they are.
func (e *Engine) checkGuards(ctx context.Context) ([]finding.Finding, error) {
	guards, err := e.referenceTriggers(ctx)
	if err != nil {
		return nil, err
	}
	const do = "Find out who changed the file. Take what is right from it, or restore it from a backup."
	return e.each(ctx, do, func(t tenant.ID, db *sql.DB) ([]string, error) {
		if form, err := e.inspect(ctx, db, "the file", t.String()); err != nil || form != e.form.tenant {
			return nil, nil //nolint:nilerr // damaged or to be migrated, which other checks say
		}
		open, err := column(ctx, db, "SELECT s.name FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c ON c.name = 'tenant_id'"+
			" WHERE s.type = 'table' AND s.name NOT IN ('events', 'schema_state') AND instr(s.sql, ?1) = 0 ORDER BY s.name", e.catalog.For(t).TenantCheck())
		if err != nil {
			return nil, err
		}
		var out []string
		for _, table := range open {
			out = append(out, "the table "+table+" would take another tenant's rows")
		}
		found, err := triggers(ctx, db)
		for _, name := range slices.Sorted(maps.Keys(guards)) {
			if err == nil && found[name] != guards[name] {
				out = append(out, "the trigger "+name+", which protects the audit trail, is gone or changed")
			}
		}
		return out, err
	})
}

// referenceTriggers returns the triggers of a tenant's file as the migrations make them.
func (e *Engine) referenceTriggers(ctx context.Context) (made map[string]string, err error) {
	db := sql.OpenDB(e.options.connector(e.driver, "file::memory:"))
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := e.runMigrations(ctx, db, "tenant"); err != nil {
		return nil, err
	}
	return triggers(ctx, db)
}

func triggers(ctx context.Context, db queryer) (map[string]string, error) {
	names, err := column(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
	if err != nil {
		return nil, err
	}
	texts, err := column(ctx, db, "SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
	out := make(map[string]string, len(names))
	for i := range min(len(names), len(texts)) {
		out[names[i]] = texts[i]
	}
	return out, err
}
