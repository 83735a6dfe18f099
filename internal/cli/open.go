package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/fault"
)

// database reaches the database that the settings name.
func (s *session) database(ctx context.Context, settings *Settings) (Database, error) {
	storage := &settings.Storage
	if err := s.hide(*storage); err != nil {
		return nil, err
	}
	opened := *settings
	if err := s.contextKeys(&opened.Storage); err != nil {
		return nil, err
	}
	if storage.DatabaseURL == "" {
		if err := s.dataDir(s.path(string(storage.DataDir))); err != nil {
			return nil, err
		}
	}
	opened.Storage.DataDir = Directory(s.path(string(storage.DataDir)))
	database, err := s.program.Open(ctx, opened, s.log())
	if err != nil {
		err = s.unusable(*storage, err)
		if storage.DatabaseURL != "" {
			err = &problem{explain(err) + "; check that it runs and that the URL is right", nil}
		}
		return nil, err
	}
	return database, nil
}

// hide keeps the passwords of the URLs from being printed, and refuses one URL without the other.
func (s *session) hide(storage Storage) error {
	s.secrets = append(s.secrets, storage.DatabaseURL.secrets()...)
	s.secrets = append(s.secrets, storage.MigrationURL.secrets()...)
	if storage.MigrationURL != "" && storage.DatabaseURL == "" {
		return &usageError{s.vars.source("migration-url") + " is for PostgreSQL; it takes --database-url as well"}
	}
	return nil
}

// unusable says which database fails and which flag names it.
func (s *session) unusable(storage Storage, err error) error {
	source := s.vars.source("data-dir")
	if storage.DatabaseURL != "" {
		source = s.vars.source("database-url")
	}
	if storage.MigrationURL != "" { // either may be the one: the error says as whom we came
		source += ", " + s.vars.source("migration-url")
	}
	return &problem{fmt.Sprintf("%s (%s) can't be used", storage.Name(), source), err}
}

// service returns what works on the database, once it is migrated, and a function that closes both.
func (s *session) service(ctx context.Context, settings *Settings) (Service, func(), error) {
	sealing, err := s.keyEncryptionKey(settings.Storage, settings.Tokens)
	if err != nil {
		return nil, nil, err
	}
	key, err := s.signingKey(settings.Storage, settings.Tokens) // which may make one
	if err != nil {
		return nil, nil, err
	}
	settings.Tokens.Key, settings.Tokens.Sealing = key, sealing
	s.secrets = append(s.secrets, string(key), string(sealing))
	return s.keyed(ctx, settings)
}

// accounts is service for the commands that administer tenants and users. They issue no token and take no signing
// key: one that is thrown away does.
func (s *session) accounts(ctx context.Context, storage Storage) (Accounts, func(), error) {
	service, closing, err := s.keyless(ctx, storage)
	if err != nil {
		return nil, nil, err
	}
	return service.Accounts(), closing, nil
}

func (s *session) keyless(ctx context.Context, storage Storage) (Service, func(), error) {
	key := make([]byte, minKey)
	if _, err := io.ReadFull(s.env.Random, key); err != nil {
		return nil, nil, err
	}
	return s.keyed(ctx, &Settings{Storage: storage, Tokens: Tokens{Key: key, Throwaway: true}})
}

func (s *session) keyed(ctx context.Context, settings *Settings) (Service, func(), error) {
	database, err := s.database(ctx, settings)
	if err != nil {
		return nil, nil, err
	}
	closing := func() {
		if err := database.Close(); err != nil {
			s.complain("closing the database: " + explain(err))
		}
	}
	if settings.Storage.Environment != Production { // which leaves that to whoever deploys
		if err := database.Migrate(ctx); err != nil {
			closing()
			return nil, nil, s.unusable(settings.Storage, err)
		}
	}
	service, err := database.Service(ctx)
	if fault.Is(err, fault.Conflict) { // a signing key that can't be opened; the database is fine
		closing()
		return nil, nil, &problem{"the keys in " + settings.Storage.Name(), err}
	}
	if err != nil {
		closing()
		if _, refused := errors.AsType[*doctor.RefusalError](err); refused {
			return nil, nil, err
		}
		return nil, nil, s.unusable(settings.Storage, err)
	}
	return service, closing, nil
}

// log returns the logger of the command. One that doesn't serve logs only what is wrong.
func (s *session) log() *slog.Logger {
	if s.logger != nil {
		return s.logger
	}
	return newLogger(s.env.Stderr, Logging{LogFormat: "text", LogLevel: "warn"})
}
