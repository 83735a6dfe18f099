package postgres

import (
	"context"
	"slices"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Size implements storage.Store. What it reads is bound to the tenant like all else: by row security and by the statement.
func (s *store) Size(ctx context.Context) (int64, error) {
	tables := slices.Concat(s.engine.config.Resources, []*schema.Resource{storage.Events()})
	var total int64
	err := s.engine.attempt(ctx, func(session *session) error {
		sizes := make([]int64, len(tables))
		steps := []step{plain(beginView), s.enter}
		for i, r := range tables {
			steps = append(steps, step{Statement: s.builder.Size(r), read: readInt(&sizes[i])})
		}
		_, err := session.trip(ctx, append(steps, plain("COMMIT")))
		total = 0
		for _, size := range sizes {
			total += size
		}
		return err
	})
	return total, err
}
