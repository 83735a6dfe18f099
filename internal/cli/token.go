package cli

import (
	"context"
	"fmt"
	"time"
)

type tokenCommand struct {
	Issue tokenIssue `cmd:"" help:"Print tokens for a member of a tenant, as a log-in would give, without a password."`
}

type tokenIssue struct {
	Storage `embed:"" group:"storage"`
	Tokens  Tokens   `embed:"" group:"tokens"`
	Tenant  string   `required:"" placeholder:"TENANT" help:"The tenant's slug or id."`
	User    string   `required:"" placeholder:"USERNAME" help:"A member of it."`
	TTL     Lifetime `name:"ttl" placeholder:"DURATION" help:"How long the access token is good; by default as long as any (--access-ttl)."`
	Format  string   `default:"access" enum:"access,json" placeholder:"FORMAT" help:"access: the access token alone. json: the answer of a log-in."`
}

func (c *tokenIssue) Run(ctx context.Context, s *session) error {
	service, closing, err := s.service(ctx, &Settings{Storage: c.Storage, Tokens: c.Tokens})
	if err != nil {
		return err
	}
	defer closing()
	grant, err := service.Accounts().Issue(ctx, caller(), c.User, c.Tenant, c.TTL.Duration())
	if err != nil {
		return &problem{fmt.Sprintf("no token for %s in %s", c.User, c.Tenant), err}
	}
	if c.Format == "access" {
		s.print("%s", grant.Access)
		return nil
	}
	return Format{"json"}.write(s.env.Stdout, struct {
		Access    string `json:"access"`
		Refresh   string `json:"refresh"`
		TokenType string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"`
	}{grant.Access, grant.Refresh, "Bearer", int64(grant.ExpiresIn / time.Second)}, nil, nil)
}
