package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/tenant"
)

// Probed is what came of one attempt to get around the database's own protection. Detail says what happened instead of
// what must; it is empty where all is well.
type Probed struct{ Name, Detail string }

// insufficientPrivilege is what a statement gets that row security or the rights of the role refuse.
const insufficientPrivilege = "42501"

// Probe tries with raw SQL, as the server's role, what no request could: to see rows without a tenant, another tenant's
// rows, to write into another tenant, to refer to its records, to change the trail. Both tenants have records. Nothing of
// it is ever committed.
func (e *Engine) Probe(ctx context.Context, a, b tenant.ID) ([]Probed, error) {
	p := &prober{engine: e, a: a, b: b}
	tables, err := texts(ctx, e.db, "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'tenant' ORDER BY tablename")
	if err != nil {
		return nil, translatePlatform(err)
	}
	if len(tables) == 0 {
		return nil, errors.New("postgres: there are no tables of tenants")
	}
	for _, table := range tables {
		if err := p.table(ctx, table); err != nil {
			return nil, err
		}
	}
	if err := p.references(ctx); err != nil {
		return nil, err
	}
	return p.done, p.trail(ctx)
}

// prober gathers what came of the attempts of tenant a on tenant b.
type prober struct {
	engine *Engine
	a, b   tenant.ID
	done   []Probed
}

// ofOwn narrows a statement that has to be refused to the attacker's own rows: where nothing refuses it, it must not hold up
// a whole table until it is rolled back.
func (p *prober) ofOwn(sql string) string { return sql + " WHERE tenant_id = '" + p.a.String() + "'" }

// trail tries to change what was written into the trail. TRUNCATE has no rows to be narrowed to, so it is only asked for.
func (p *prober) trail(ctx context.Context) error {
	for _, statement := range []string{"UPDATE tenant.events SET action = action", "DELETE FROM tenant.events"} {
		if err := p.refused(ctx, statement, p.ofOwn(statement), insufficientPrivilege); err != nil {
			return err
		}
	}
	n, err := p.count(ctx, p.a, "SELECT count(*) FROM (SELECT 1 WHERE has_table_privilege('tenant.events', 'TRUNCATE')) AS x")
	p.note("TRUNCATE tenant.events", n == 0, "the role may")
	return err
}

// table tries to read and to write another tenant's rows of a table.
func (p *prober) table(ctx context.Context, table string) error {
	name := pgx.Identifier{"tenant", table}.Sanitize()
	theirs := " WHERE tenant_id = '" + p.b.String() + "'"
	for _, look := range []struct {
		what, sql string
		as        tenant.ID
	}{
		{"rows of " + table + " without a tenant", few(name), tenant.ID{}},
		{"another tenant's rows of " + table, few(name + theirs), p.a},
	} {
		n, err := p.count(ctx, look.as, look.sql)
		if err != nil {
			return err
		}
		p.note(look.what, n == 0, fmt.Sprintf("%d rows were seen", n))
	}
	own, err := p.count(ctx, p.a, few(p.ofOwn(name)))
	if err != nil {
		return err
	}
	if table == "events" { // which every tenant has: without it all of this would prove nothing
		p.note("a tenant's own events", own > 0, "none were seen")
	}
	if own == 0 {
		return nil
	}
	insert := "INSERT INTO " + name + " SELECT (json_populate_record(x, json_build_object('tenant_id', '" + p.b.String() + "'))).* FROM " + p.ofOwn(name+" AS x") + " LIMIT 1"
	if err := p.refused(ctx, "an insert into another tenant's "+table, insert, insufficientPrivilege); err != nil {
		return err
	}
	// Without a condition: one would have the policies for reading checked as well, which may make up for those for writing.
	move := "UPDATE " + name + " SET tenant_id = '" + p.b.String() + "'"
	return p.refused(ctx, "moving rows of "+table+" to another tenant", move, insufficientPrivilege)
}

// few counts rows, up to some: where row security is off, there may be very many.
func few(from string) string {
	return "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT 10) AS x"
}

// references tries to make a record name another tenant's.
func (p *prober) references(ctx context.Context) error {
	const keys = `SELECT unnest(ARRAY[t.relname::text, a.attname::text, r.relname::text])
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS t ON t.oid = c.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = 'tenant'
  JOIN pg_catalog.pg_class AS r ON r.oid = c.confrelid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
  WHERE c.contype = 'f' AND cardinality(c.conkey) = 2
  ORDER BY t.relname, a.attname`
	parts, err := texts(ctx, p.engine.db, keys)
	if err != nil {
		return translatePlatform(err)
	}
	for ; len(parts) >= 3; parts = parts[3:] {
		from, to := pgx.Identifier{"tenant", parts[0]}.Sanitize(), pgx.Identifier{"tenant", parts[2]}.Sanitize()
		var theirs string
		err := p.run(ctx, p.b, "SELECT id::text FROM "+to+" WHERE tenant_id = '"+p.b.String()+"' LIMIT 1", func(rows *pgconn.ResultReader) error {
			for rows.NextRow() {
				theirs = string(rows.Values()[0])
			}
			return nil
		})
		if err != nil {
			return err
		}
		own, err := p.count(ctx, p.a, few(p.ofOwn(from)))
		if err != nil {
			return err
		}
		if theirs == "" || own == 0 {
			continue
		}
		update := p.ofOwn("UPDATE " + from + " SET " + pgx.Identifier{parts[1]}.Sanitize() + " = '" + theirs + "'")
		if err := p.refused(ctx, "a reference of "+parts[0]+"."+parts[1]+" to another tenant's "+parts[2], update, foreignKeyViolation); err != nil {
			return err
		}
	}
	return nil
}

func (p *prober) note(what string, ok bool, otherwise string) {
	if ok {
		otherwise = ""
	}
	p.done = append(p.done, Probed{what, otherwise})
}

// refused runs a statement in tenant a that the database has to refuse with a code.
func (p *prober) refused(ctx context.Context, what, sql, code string) error {
	err := p.run(ctx, p.a, sql, nil)
	var refusal *pgconn.PgError
	switch {
	case err == nil:
		p.note(what, false, "it was not refused")
		return nil
	case errors.As(err, &refusal):
		p.note(what, refusal.Code == code, "it was refused with "+refusal.Code+" instead of "+code)
		return nil
	default:
		return err
	}
}

func (p *prober) count(ctx context.Context, of tenant.ID, sql string) (n int64, err error) {
	err = p.run(ctx, of, sql, readInt(&n))
	return n, err
}

// run runs a statement in a transaction of the tenant, or of none, which is rolled back.
func (p *prober) run(ctx context.Context, of tenant.ID, sql string, read func(*pgconn.ResultReader) error) error {
	conn, session, err := p.engine.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.engine.release(ctx, conn, session)
	// What nothing refuses may take long on a large table, and must not: it holds up others until it is rolled back.
	steps := []step{plain(beginOne), plain("SET LOCAL statement_timeout = '5s'"), plain("SET LOCAL lock_timeout = '1s'")}
	if !of.IsZero() {
		steps = append(steps, newStore(p.engine, of).enter)
	}
	one := plain(sql)
	one.read = read
	_, err = session.trip(ctx, append(steps, one, plain("ROLLBACK")))
	return err
}
