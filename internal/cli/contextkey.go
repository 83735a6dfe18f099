package cli

// proofsOff is the context key that takes proofs of tenants off again.
const proofsOff = "off"

// contextKeys reads the keys by which tenants are proven to PostgreSQL, where the settings name any.
func (s *session) contextKeys(storage *Storage) error {
	switch {
	case storage.ContextKey != "" && storage.DatabaseURL == "":
		return &usageError{s.vars.source("context-key") + " is for PostgreSQL; it takes --database-url as well"}
	case storage.PreviousContextKey != "" && (storage.ContextKey == "" || storage.ContextKey == proofsOff):
		return &usageError{s.vars.source("previous-context-key") + " is for the time in which --context-key replaces it; it takes that key as well"}
	}
	storage.ProofsOff = storage.ContextKey == proofsOff
	if storage.ContextKey == "" || storage.ProofsOff {
		return nil
	}
	var err error
	if storage.Context, err = s.goodKey("context-key", storage.ContextKey, *storage); err != nil {
		return err
	}
	if storage.PreviousContextKey != "" {
		storage.PreviousContext, err = s.goodKey("previous-context-key", storage.PreviousContextKey, *storage)
	}
	s.secrets = append(s.secrets, string(storage.Context), string(storage.PreviousContext))
	return err
}
