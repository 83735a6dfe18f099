package postgres

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Proof says whether the database takes a tenant only with a proof of it, so that SQL which got in among a server's
// statements can't name another. Its zero value is no proof.
type Proof struct {
	// Secret is what the key of proofs is made of: 32 bytes at least. Migrate stores the key and makes all policies ask
	// for it. Previous is the secret that other servers still use while a new one is brought out; nil is none.
	Secret, Previous []byte
	// Off makes Migrate take proofs off again. Without it, and without a secret, a database that asks for proofs is
	// left as it is and can't be used.
	Off bool
}

// leastSecret is how many bytes a secret has: as many as the key that is made of it.
const leastSecret = sha256.Size

var errNoProof = errors.New("the database takes a tenant only with a proof of it: give the context key that the servers use (--context-key), " +
	"or --context-key off to migrate up to take that off again")

// key returns nil where there is no secret.
func (p Proof) key() (*contextKey, error) {
	if p.Secret == nil {
		return nil, nil //nolint:nilnil // no key is what was asked for
	}
	return newContextKey(p.Secret)
}

// contextKey is a key of HMAC-SHA256, padded and masked as the database has it, which knows no HMAC.
type contextKey struct{ inner, outer [sha256.BlockSize]byte }

// newContextKey derives the key. The secret may serve for something else too: a key of ours tells nothing about it.
func newContextKey(secret []byte) (*contextKey, error) {
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("the context key has %d bytes; it takes %d at least", len(secret), leastSecret)
	}
	derived, err := hkdf.Key(sha256.New, secret, nil, "tenantry tenant context v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the context key: %w", err)
	}
	k := new(contextKey)
	copy(k.inner[:], derived)
	for i := range k.inner {
		k.outer[i] = k.inner[i] ^ 0x5c
		k.inner[i] ^= 0x36
	}
	return k, nil
}

// mac returns the tenant's HMAC. It is on every request's way, and so made without the allocations of crypto/hmac.
func (k *contextKey) mac(t tenant.ID) []byte {
	var text [sha256.BlockSize + sha256.Size]byte
	copy(text[:], k.inner[:])
	n := copy(text[sha256.BlockSize:], t[:])
	inner := sha256.Sum256(text[:sha256.BlockSize+n])
	copy(text[:], k.outer[:])
	copy(text[sha256.BlockSize:], inner[:])
	sum := sha256.Sum256(text[:])
	return sum[:]
}

// MAC returns what platform.enter_proven takes beside the tenant, for whoever enters one by SQL of their own.
func (p Proof) MAC(t tenant.ID) ([]byte, error) {
	key, err := newContextKey(p.Secret)
	if err != nil {
		return nil, err
	}
	return key.mac(t), nil
}

// bindPolicies gives every table of the tenants the policy that the configuration asks for.
func (e *Engine) bindPolicies(ctx context.Context, tx *sql.Tx) error {
	if e.key == nil {
		return e.releasePolicies(ctx, tx)
	}
	switch sharded, err := isSharded(ctx, tx); {
	case err != nil:
		return err
	case sharded:
		return errors.New("tenants can't be proven on Citus, which takes no query in a policy: leave the context key (--context-key) out")
	}
	if err := e.storeKeys(ctx, tx); err != nil {
		return fmt.Errorf("store the context key: %w", err)
	}
	tables, err := tablesWhose(ctx, tx, "IS DISTINCT FROM")
	if err != nil {
		return err
	}
	return alterPolicies(ctx, tx, tables, sqlgen.ProvenPolicyCondition)
}

// releasePolicies takes proofs off again, where that is asked for in so many words: a forgotten setting must not do it.
func (e *Engine) releasePolicies(ctx context.Context, tx *sql.Tx) error {
	tables, err := tablesWhose(ctx, tx, "IS NOT DISTINCT FROM")
	if err != nil || len(tables) == 0 {
		return err
	}
	if !e.config.Proof.Off {
		return errNoProof
	}
	e.log.WarnContext(ctx, "transactions no longer prove their tenant")
	return alterPolicies(ctx, tx, tables, sqlgen.PolicyCondition)
}

// tablesWhose returns the tables of the tenants whose policy compares so with the one that asks for a proof.
func tablesWhose(ctx context.Context, tx *sql.Tx, compares string) ([]string, error) {
	// With nothing on the path the server spells conditions as we do.
	if err := run(ctx, tx, "SET LOCAL search_path = ''"); err != nil {
		return nil, err
	}
	return texts(ctx, tx, "SELECT c.relname FROM pg_catalog.pg_policy AS p"+
		" JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"+
		" WHERE n.nspname = 'tenant' AND p.polname = '"+sqlgen.PolicyName+"'"+
		" AND (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) "+compares+" ($1, $1) ORDER BY 1", "("+sqlgen.ProvenPolicyCondition+")")
}

func alterPolicies(ctx context.Context, tx *sql.Tx, tables []string, condition string) error {
	for _, table := range tables {
		err := run(ctx, tx, "ALTER POLICY "+sqlgen.PolicyName+" ON "+pgx.Identifier{"tenant", table}.Sanitize()+
			" USING ("+condition+") WITH CHECK ("+condition+")")
		if err != nil {
			return err
		}
	}
	return nil
}

// compared is what the policies compare with.
func (e *Engine) compared() string {
	if e.key == nil {
		return "SELECT platform.current_tenant()"
	}
	return "SELECT entered.tenant FROM platform.entered"
}

// conditions are those that a policy may have. A server without a key finds no fault with a policy that asks for a
// proof: it gets nothing there, and is told so in other words.
func (e *Engine) conditions() []string {
	if e.key == nil {
		return []string{sqlgen.PolicyCondition, sqlgen.ProvenPolicyCondition}
	}
	return []string{sqlgen.ProvenPolicyCondition}
}

// keysDiffer is what the keys in the database are compared with those of the configuration by.
const keysDiffer = "(inner_key, outer_key, previous_inner_key, previous_outer_key) IS DISTINCT FROM ($1::bytea, $2::bytea, $3::bytea, $4::bytea)"

// keys returns the arguments of keysDiffer.
func (e *Engine) keys() ([]any, error) {
	if e.config.Proof.Previous == nil {
		return []any{e.key.inner[:], e.key.outer[:], nil, nil}, nil
	}
	previous, err := newContextKey(e.config.Proof.Previous)
	if err != nil {
		return nil, fmt.Errorf("the previous one: %w", err)
	}
	return []any{e.key.inner[:], e.key.outer[:], previous.inner[:], previous.outer[:]}, nil
}

// storeKeys makes the database know the keys of the configuration and no others.
func (e *Engine) storeKeys(ctx context.Context, tx *sql.Tx) error {
	keys, err := e.keys()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE platform.context_keys"+
		" SET inner_key = $1, outer_key = $2, previous_inner_key = $3, previous_outer_key = $4 WHERE "+keysDiffer, keys...)
	return err
}

// pendingProof returns what migrating would change about proofs.
func (e *Engine) pendingProof(ctx context.Context) (pending []string, err error) {
	tx, err := e.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, translatePlatform(err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	asking, err := tablesWhose(ctx, tx, "IS NOT DISTINCT FROM")
	if err != nil {
		return nil, translatePlatform(err)
	}
	switch {
	case e.key == nil && len(asking) == 0:
		return nil, nil
	case e.key == nil && !e.config.Proof.Off:
		return nil, errNoProof
	case e.key == nil:
		return []string{"take proofs of tenants off"}, nil
	}
	silent, err := tablesWhose(ctx, tx, "IS DISTINCT FROM")
	if err != nil {
		return nil, translatePlatform(err)
	}
	if len(silent) > 0 {
		pending = append(pending, "ask for proofs of tenants")
	}
	known, err := e.knownKeys(ctx, tx)
	if err != nil {
		return nil, err
	}
	if !known {
		pending = append(pending, "store the context key")
	}
	return pending, nil
}

// knownKeys reports whether the database has the keys of the configuration. A role that may not read them, as the
// server's should not, tries its own.
func (e *Engine) knownKeys(ctx context.Context, tx *sql.Tx) (known bool, err error) {
	var readable bool
	err = tx.QueryRowContext(ctx, "SELECT has_table_privilege('platform.context_keys', 'SELECT')").Scan(&readable)
	if err != nil {
		return false, translatePlatform(err)
	}
	if !readable {
		return e.proven(ctx)
	}
	keys, err := e.keys()
	if err != nil {
		return false, err
	}
	err = tx.QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT FROM platform.context_keys WHERE "+keysDiffer+")", keys...).Scan(&known)
	return known, translatePlatform(err)
}

// proven reports whether the database takes the server's proof. It enters a tenant that nobody is, and leaves it.
func (e *Engine) proven(ctx context.Context) (bool, error) {
	steps := []step{plain(beginOne), e.enter(tenant.NewID()), plain(e.compared()), plain("ROLLBACK")}
	err := e.attempt(ctx, func(session *session) error {
		_, err := session.trip(ctx, steps)
		return err
	})
	if unproven(err) {
		return false, nil
	}
	return err == nil, err
}

// unproven reports whether the database did not take the proof of a transaction's tenant.
func unproven(err error) bool {
	if err == nil {
		return false // without the allocation below: this is on every path
	}
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == contextUnproven
}

// noteUnproven makes Ready look anew where the database no longer takes the server's proof: its keys have changed.
func (e *Engine) noteUnproven(err error) {
	if unproven(err) {
		e.migrated.Store(false)
	}
}

// errUnproven is what a request gets then.
func errUnproven(cause error) error {
	return fault.Wrap(fault.Unavailable, "The database can't be used at the moment; try again.",
		fmt.Errorf("postgres: the database does not take this server's context key (--context-key); give it the one that migrate up stored last: %w", cause))
}
