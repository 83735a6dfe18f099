package codec

import (
	"time"

	"github.com/tenantry/tenantry/internal/id"
)

// Record is embedded by every struct that describes a resource. Its fields are the ones that every record has;
// the server sets them, and what a hook writes into them is ignored.
type Record struct {
	ID id.ID
	// CreatedBy is the caller who made the record; zero where the server made it by itself.
	CreatedBy id.ID
	CreatedAt time.Time
	UpdatedAt time.Time
}
