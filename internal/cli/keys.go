package cli

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tenantry/tenantry/internal/account"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys, what each does and until when."`
	Rotate keysRotate `cmd:"" help:"Make a new key, which signs tokens from then on. Those signed before stay good."`
	Retire keysRetire `cmd:"" help:"Refuse every token that a key has signed, at once."`
}

type keysList struct {
	Storage `embed:"" group:"storage"`
	Format
}

func (c *keysList) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	keys, err := accounts.Keys(ctx)
	if err != nil {
		return err
	}
	return c.writeKeys(s, keys)
}

type keysRotate struct {
	Storage `embed:"" group:"storage"`
	Tokens  Tokens `embed:"" group:"tokens"`
	Format
	Algorithm  string `default:"EdDSA" enum:"EdDSA,ES256,RS256" placeholder:"NAME" help:"EdDSA, ES256 or RS256. Some readers of tokens know RS256 alone."`
	ActivateIn Wait   `default:"5s" placeholder:"DURATION" help:"When the key begins to sign, 1s to 24h from now. Servers learn of it within a second, readers of /.well-known/jwks.json within a minute."`
}

// Help is the longer text of keys rotate --help.
func (*keysRotate) Help() string {
	return "Takes the same --key-encryption-key and --jwt-signing-key as the servers, which follow by themselves. The keys before " +
		"the new one verify until the last token that they signed has expired, and end then. The configured signing key " +
		"verifies until it is retired, by: keys retire default."
}

func (c *keysRotate) Run(ctx context.Context, s *session) error {
	if c.ActivateIn.Duration() < time.Second {
		return &usageError{s.vars.source("activate-in") + " takes 1s at least: all servers have to know a key before one signs with it"}
	}
	service, closing, err := s.service(ctx, &Settings{Storage: c.Storage, Tokens: c.Tokens})
	if err != nil {
		return err
	}
	defer closing()
	made, err := service.Accounts().RotateKeys(ctx, caller(), c.Algorithm, c.ActivateIn.Duration())
	if err != nil {
		return &problem{"the keys can't be rotated", err}
	}
	return c.writeKeys(s, []account.Key{made})
}

type keysRetire struct {
	Storage `embed:"" group:"storage"`
	Key     string `arg:"" name:"kid" help:"The key's kid; default is the configured signing key."`
}

// Help is the longer text of keys retire --help.
func (*keysRetire) Help() string {
	return "For a key that somebody may have got hold of: whoever has one of its tokens, refresh tokens included, signs in again. " +
		"It can't be taken back. Rotate the keys first where no other key would be left to sign with."
}

func (c *keysRetire) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.RetireKey(ctx, caller(), c.Key); err != nil {
		return &problem{"key " + c.Key, err}
	}
	s.print("Key %s is retired; its tokens are refused.", c.Key)
	return nil
}

// writeKeys prints the keys.
func (f Format) writeKeys(s *session, keys []account.Key) error {
	views, rows := make([]keyView, 0, len(keys)), make([][]string, 0, len(keys))
	for _, k := range keys {
		views = append(views, viewKey(k))
		rows = append(rows, []string{
			k.ID, k.Algorithm, string(k.State), yes(k.Verifies), orDash(k.CreatedAt), orDash(k.ActivatesAt), orDash(k.RetiresAt),
		})
	}
	return f.write(s.env.Stdout, views, []string{"KID", "ALGORITHM", "STATE", "VERIFIES", "CREATED", "CURRENT FROM", "VERIFIES UNTIL"}, rows)
}

type keyView struct {
	KID         string          `json:"kid"`
	Algorithm   string          `json:"algorithm"`
	State       string          `json:"state"`
	Verifies    bool            `json:"verifies"`
	CreatedAt   *string         `json:"created_at"`
	ActivatesAt *string         `json:"activates_at"`
	RetiresAt   *string         `json:"retires_at"`
	Public      json.RawMessage `json:"public"`
}

func viewKey(k account.Key) keyView {
	view := keyView{
		KID: k.ID, Algorithm: k.Algorithm, State: string(k.State), Verifies: k.Verifies,
		CreatedAt: orNull(k.CreatedAt), ActivatesAt: orNull(k.ActivatesAt), RetiresAt: orNull(k.RetiresAt),
	}
	if k.Public != "" {
		view.Public = json.RawMessage(k.Public)
	}
	return view
}

// orNull is a time in JSON that may not be.
func orNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := stamp(t)
	return &text
}

// orDash is a time in a table that may not be.
func orDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return moment(t)
}
