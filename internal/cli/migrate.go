package cli

import "context"

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the database to the form that this program needs. Safe to repeat."`
	Status migrateStatus `cmd:"" help:"Say what is pending. Changes nothing."`
}

type migrateUp struct {
	Storage Storage `embed:"" group:"storage"`
}

func (c *migrateUp) Run(ctx context.Context, s *session) error {
	database, err := s.database(ctx, &Settings{Storage: c.Storage})
	if err != nil {
		return err
	}
	defer func() { _ = database.Close() }()
	pending, err := database.Pending(ctx)
	if err != nil {
		return s.unusable(c.Storage, err)
	}
	if err := database.Migrate(ctx); err != nil {
		return s.unusable(c.Storage, err)
	}
	for _, change := range pending {
		s.print("done: %s", change)
	}
	s.print("%s is up to date.", c.Storage.Name())
	return nil
}

type migrateStatus struct {
	Storage Storage `embed:"" group:"storage"`
}

func (c *migrateStatus) Run(ctx context.Context, s *session) error {
	database, err := s.database(ctx, &Settings{Storage: c.Storage})
	if err != nil {
		return err
	}
	defer func() { _ = database.Close() }()
	pending, err := database.Pending(ctx)
	if err != nil {
		return s.unusable(c.Storage, err)
	}
	if len(pending) == 0 {
		s.print("%s is up to date.", c.Storage.Name())
		return nil
	}
	for _, change := range pending {
		s.print("pending: %s", change)
	}
	s.print("Run %s migrate up.", s.program.Name)
	return nil
}
