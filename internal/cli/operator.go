package cli

import "context"

type operatorCommand struct {
	Create operatorCreate `cmd:"" help:"Make an operator, who manages the platform and belongs to no tenant."`
}

type operatorCreate struct {
	Storage `embed:"" group:"storage"`
	Format
	Password
	Username string `arg:"" help:"The name to sign in with, at /admin/ or POST /api/admin/v1/auth/token/."`
}

// Help is the longer text of operator create --help.
func (*operatorCreate) Help() string {
	return "Without a password it makes a random one and prints it; it is shown this once. Further operators can be made here or by an operator."
}

func (c *operatorCreate) Run(ctx context.Context, s *session) error {
	password, made, err := c.choose(s)
	if err != nil {
		return err
	}
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	created, err := accounts.CreateUser(ctx, caller(), c.Username, password, true)
	if err != nil {
		return &problem{"operator " + c.Username + " can't be made", err}
	}
	return c.writeUser(s, created, password, made)
}
