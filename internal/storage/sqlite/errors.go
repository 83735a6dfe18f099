package sqlite

import (
	"errors"
	"fmt"
	"time"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage/platform"
)

var errOldDriver = errors.New("the driver's statements take no context")

// errTaken is an id that is in use.
var errTaken = errors.New("the id is taken")

// translate names the driver's errors by their codes: platform.ErrUnique, errTaken, platform.ErrReference, or
// unavailable where the file stayed locked. Others stay what they are.
func translate(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", platform.ErrUnique, err)
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w: %w", platform.ErrUnique, errTaken, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", platform.ErrReference, err)
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		busy := fault.Wrap(fault.Unavailable, "The data is busy; try again.", err)
		busy.RetryAfter = time.Second
		return busy
	default:
		return err
	}
}

// hasCode reports whether err is the driver's, of the given primary code.
func hasCode(err error, code int) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&0xff == code
}
