package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// The ids of all that is filled in are counted, so that pgbench, which knows no ids, can make them from a number.
// Tasks have the same ids in each tenant: the tenant is in every key.
const (
	tenantPrefix  = "00000000-0000-7000-8000-"
	taskPrefix    = "00000001-0000-7000-8000-"
	projectPrefix = "00000002-0000-7000-8000-"
	userPrefix    = "00000003-0000-7000-8000-"
	memberPrefix  = "00000004-0000-7000-8000-"
	freshPrefix   = "00000005-0000-7000-8000-"
	firstNumber   = 100_000_000_000 // of twelve digits, so that none needs a leading zero
	projects      = 10              // in each tenant
)

func numbered(prefix string, n int) string { return prefix + strconv.Itoa(firstNumber+n) }

// world is a filled database and who may use it.
type world struct {
	super      *url.URL
	name       string
	owner      string // URLs of the two roles
	server     string
	roles      []string
	signingKey string
	tokens     []string // one for each tenant
	tenants    int
	tasks      int
	more       []string // settings of its servers beside the usual ones
}

// newWorld makes an empty database with its roles.
func newWorld(ctx context.Context, o options) (*world, error) {
	raw := os.Getenv(envURL)
	super, err := url.Parse(raw)
	if err != nil || raw == "" {
		return nil, errors.New("set " + envURL + " to a superuser's URL, or run `make bench`, which starts a PostgreSQL")
	}
	w := &world{
		super: super, name: "tenantry_bench_" + strings.ToLower(rand.Text()[:10]),
		signingKey: rand.Text() + rand.Text(), tenants: o.tenants, tasks: o.tasks,
	}
	secret := rand.Text()
	w.roles = []string{w.name + "_owner", w.name + "_server"}
	for _, role := range w.roles {
		err := w.execute(ctx, w.super, "CREATE ROLE "+role+" LOGIN PASSWORD '"+secret+"'")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("create the role %s: %w", role, err), w.drop(ctx))
		}
	}
	w.owner, w.server = w.as(w.roles[0], secret), w.as(w.roles[1], secret)
	if err := w.execute(ctx, w.super, "CREATE DATABASE "+w.name+" OWNER "+w.roles[0]+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return nil, errors.Join(fmt.Errorf("create the database: %w", err), w.drop(ctx))
	}
	return w, nil
}

func (w *world) as(role, secret string) string {
	u := *w.super
	u.User, u.Path = url.UserPassword(role, secret), "/"+w.name
	return u.String()
}

// inside is the superuser's URL of the database.
func (w *world) inside() *url.URL {
	u := *w.super
	u.Path = "/" + w.name
	return &u
}

func (w *world) execute(ctx context.Context, at *url.URL, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, at.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// drop takes away what newWorld made. ctx may have ended.
func (w *world) drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := w.execute(ctx, w.super, "DROP DATABASE IF EXISTS "+w.name+" WITH (FORCE)")
	for _, role := range w.roles {
		err = errors.Join(err, w.execute(ctx, w.super, "DROP ROLE IF EXISTS "+role))
	}
	return err
}

// fill puts tenants, each with one member, and their records into the migrated database, and signs the tokens. It
// leaves out the checks of references, which hold by the way the rows are made.
func (w *world) fill(ctx context.Context) error {
	of := func(prefix, number string) string {
		return fmt.Sprintf("('%s' || (%d + %s))::uuid", prefix, firstNumber, number)
	}
	last := w.tenants - 1
	err := w.execute(ctx, w.inside(), "SET session_replication_role = replica",
		fmt.Sprintf("INSERT INTO platform.tenants (id, slug, name, status, created_at)"+
			" SELECT %s, 'bench-' || t, 'Tenant ' || t, 'active', now() FROM generate_series(0, %d) AS t", of(tenantPrefix, "t"), last),
		fmt.Sprintf("INSERT INTO platform.users (id, username, password_hash, active, operator, created_at)"+
			" SELECT %s, 'bench-' || t, '', true, false, now() FROM generate_series(0, %d) AS t", of(userPrefix, "t"), last),
		fmt.Sprintf("INSERT INTO platform.memberships (id, tenant_id, user_id, role, created_at)"+
			" SELECT %s, %s, %s, 'owner', now() FROM generate_series(0, %d) AS t",
			of(memberPrefix, "t"), of(tenantPrefix, "t"), of(userPrefix, "t"), last),
		fmt.Sprintf("INSERT INTO tenant.projects (tenant_id, id, name, description, status, created_by, created_at, updated_at, version)"+
			" SELECT %s, %s, 'Project ' || p, '', 'active', %s, now(), now(), 1 FROM generate_series(0, %d) AS t, generate_series(0, %d) AS p",
			of(tenantPrefix, "t"), of(projectPrefix, "p"), of(userPrefix, "t"), last, projects-1),
		fmt.Sprintf("INSERT INTO tenant.tasks (tenant_id, id, project, title, description, status, priority, assignee, due_date, completed_at,"+
			" created_by, created_at, updated_at, version)"+
			" SELECT %s, %s, %s, 'Task ' || n, 'What is to be done about number ' || n, 'todo', 'medium', NULL, date '2026-12-01', NULL,"+
			" %s, timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute', 1"+
			" FROM generate_series(0, %d) AS t, generate_series(0, %d) AS n",
			of(tenantPrefix, "t"), of(taskPrefix, "n"), of(projectPrefix, fmt.Sprintf("n %% %d", projects)), of(userPrefix, "t"), last, w.tasks-1),
		"VACUUM ANALYZE", "CHECKPOINT")
	if err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	return w.sign()
}

func (w *world) sign() error {
	authority, err := token.New(token.Config{Key: []byte(w.signingKey), Clock: time.Now}) //nolint:forbidigo // a command has the clock
	if err != nil {
		return err
	}
	for t := range w.tenants {
		user, _ := id.Parse(numbered(userPrefix, t))
		of, _ := tenant.ParseID(numbered(tenantPrefix, t))
		signed, err := authority.SignAccess(token.Claims{
			User: user, Tenant: of, Role: policy.Owner,
			ExpiresAt: time.Now().Add(time.Hour), //nolint:forbidigo // as above
		})
		if err != nil {
			return err
		}
		w.tokens = append(w.tokens, signed)
	}
	return nil
}
