package sqlite

import (
	"context"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// pagesInUse counts what the file holds, without the pages that deleted records have left for the next ones. SQLite keeps
// these numbers, so that nothing has to be read for them.
const pagesInUse = "SELECT ((SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count))" +
	" * (SELECT page_size FROM pragma_page_size)"

// Size implements storage.Store. The transaction makes the numbers those of one moment.
func (s *store) Size(ctx context.Context) (size int64, err error) {
	err = run(ctx, s.file.db.reads, func(c *session) error {
		return s.transact(ctx, c, "BEGIN DEFERRED", &tx{store: s, session: c}, func(storage.Tx) error {
			size, _, err = c.integer(ctx, sqlgen.Statement{SQL: pagesInUse})
			return err
		})
	})
	return size, err
}
