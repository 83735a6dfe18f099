package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/fault"
)

// The SQLSTATEs that the engine tells apart. Errors are never told apart by their text, nor by the names in them:
// Citus leaves those out.
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
	requirementMissed   = "TY001" // platform.require's own
	contextUnproven     = "TY002" // platform.refuse_context's own
	serialization       = "40001"
	deadlock            = "40P01"
	planChanged         = "0A000" // "cached plan must not change result type"
	statementUnknown    = "26000"
	unknownFunction     = "42883"
	unknownSchema       = "3F000"
	unknownTable        = "42P01"
	queryCanceled       = "57014"
	readOnly            = "25006" // a standby that was the primary a moment ago
)

// collision reports whether another transaction stood in the way, so that the same may succeed when tried again.
func collision(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == serialization || refused.Code == deadlock)
}

// stale reports whether the connection's prepared statements may no longer be what they were.
func stale(err error) bool {
	if err == nil {
		return false // without the allocation below: this is on every path
	}
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == planChanged || refused.Code == statementUnknown)
}

// translate makes of an error of a trip or of the pool what the contract promises.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var reading readError
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &reading):
		return reading.error
	case ctx.Err() != nil:
		return fmt.Errorf("postgres: %w", ctx.Err())
	case !errors.As(err, &refused) || passing(refused.Code):
		return unavailable(err)
	case refused.Code == contextUnproven:
		return errUnproven(err)
	default:
		return fmt.Errorf("postgres: %w", err)
	}
}

// passing reports whether the server refuses for a reason that lies in its own state: connections, resources,
// shutdown, failover, a time limit.
func passing(code string) bool {
	switch {
	case code == queryCanceled, code == readOnly:
		return true
	case len(code) != 5:
		return false
	default:
		class := code[:2]
		return class == "08" || class == "53" || class == "57" || class == "58"
	}
}

func unavailable(cause error) error {
	err := fault.Wrap(fault.Unavailable, "The database can't be reached at the moment; try again.", cause)
	err.RetryAfter = time.Second
	return err
}
