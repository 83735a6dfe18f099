package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connsPerProcessor is the measured best where the database shares the machine; more cost memory on both sides.
const connsPerProcessor = 8

// poolSettings reads the server's URL.
func poolSettings(c Config) (*pgxpool.Config, error) {
	settings, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	switch u, err := url.Parse(c.URL); {
	case c.MaxConns > 0:
		settings.MaxConns = c.MaxConns
	case err != nil || !u.Query().Has("pool_max_conns"):
		settings.MaxConns = int32(min(connsPerProcessor*runtime.GOMAXPROCS(0), 128)) //nolint:gosec // 128 at most
	}
	prepareConfig(settings.ConnConfig, c)
	return settings, nil
}

// errURL does not repeat the URL: it holds the password.
var errURL = errors.New("the database URL is not valid; it takes the form postgres://user:password@host:port/database")

func prepareConfig(settings *pgx.ConnConfig, c Config) {
	if settings.RuntimeParams["application_name"] == "" {
		settings.RuntimeParams["application_name"] = "tenantry"
	}
	if c.DialFunc != nil {
		settings.DialFunc = c.DialFunc
	}
}

// ownerSettings reads the URL of the role that migrates.
func ownerSettings(c Config) (*pgx.ConnConfig, error) {
	raw := c.MigrationURL
	if raw == "" {
		raw = c.URL
	}
	// ParseConfig of the pool knows its own parameters and takes them out.
	settings, err := pgxpool.ParseConfig(raw)
	if err != nil {
		return nil, errURL
	}
	prepareConfig(settings.ConnConfig, c)
	return settings.ConnConfig, nil
}

// explainConnect says in one line why a connection could not be made, and what to do about it.
func (e *Engine) explainConnect(ctx context.Context, to *pgx.ConnConfig, cause error) error {
	if e.config.MigrationURL != "" && roleRefused(cause) {
		if err := e.explainRole(ctx, to.User); err != nil {
			return err
		}
	}
	return connectError(to, cause)
}

// explainRole asks with the owner's connection whether the server's role exists at all; the server does not say so
// to whoever can't sign in.
func (e *Engine) explainRole(ctx context.Context, role string) error {
	settings, err := ownerSettings(e.config)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return connectError(settings, err)
	}
	defer func() { _ = conn.Close(ctx) }() // it only read
	exists, err := roleExists(ctx, conn, role)
	if err != nil || exists {
		return err
	}
	return errNoRole(role)
}

func roleRefused(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && strings.HasPrefix(refused.Code, "28")
}

func errNoRole(role string) error {
	return fmt.Errorf("the server's role %q does not exist; create it as a superuser with CREATE ROLE %s LOGIN, and give it a password",
		role, pgx.Identifier{role}.Sanitize())
}

func connectError(to *pgx.ConnConfig, cause error) error {
	return fmt.Errorf("connect to PostgreSQL at %s, database %q, user %q: %s",
		net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))), to.Database, to.User, connectReason(cause))
}

func connectReason(cause error) string {
	var refused *pgconn.PgError
	var network *net.OpError
	var lookup *net.DNSError
	switch {
	case errors.As(cause, &refused):
		switch refused.Code {
		case "28P01":
			return "the password was refused"
		case "28000":
			return "the server does not let this user in; see its pg_hba.conf"
		case "3D000":
			return "the database does not exist"
		case "53300":
			return "the server has no connection left"
		}
		return oneLine(refused.Message)
	case errors.As(cause, &lookup):
		return "the host is unknown"
	case errors.As(cause, &network):
		return "no server answers: " + oneLine(network.Err.Error())
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(cause, context.Canceled):
		return "no answer in time"
	default:
		return "the connection failed" // the driver's own text may span lines
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// broken reports whether an error of database/sql means that the connection is gone or none was to be had.
func broken(err error) bool {
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}
