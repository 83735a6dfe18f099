package cli

import (
	"context"
	"fmt"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/issuer"
)

// Issuers say whose tokens are taken beside our own.
type Issuers struct {
	OIDCIssuer []issuer.Issuer `name:"oidc-issuer" sep:";" placeholder:"ISSUER" help:"An OpenID Connect provider whose access tokens are taken, as https://HOST,audience=NAME,tenant=CLAIM and more words. Repeat it, or separate several by semicolons."`
}

// check finds what no single value can tell.
func (i Issuers) check(s *session, own string) error {
	if err := issuer.Check(i.OIDCIssuer, own); err != nil {
		return &usageError{s.vars.source("oidc-issuer") + ": " + err.Error()}
	}
	return nil
}

// subject names a user as an issuer does.
type subject struct {
	Username string `arg:"" help:"Who."`
	Issuer   string `required:"" placeholder:"URL" help:"The issuer, as its tokens have it in iss."`
	Subject  string `required:"" placeholder:"NAME" help:"What the issuer calls the user: sub, or the claim that --oidc-issuer names by user=."`
}

func (c *subject) identity() account.Identity {
	return account.Identity{Issuer: c.Issuer, Subject: c.Subject}
}

type userLink struct {
	Storage `embed:"" group:"storage"`
	subject
}

// Help is the longer text of user link --help.
func (*userLink) Help() string {
	return "From then on the issuer's tokens for this subject open what the user may do, where a server has the issuer among its --oidc-issuer."
}

func (c *userLink) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.LinkIdentity(ctx, caller(), c.Username, c.identity()); err != nil {
		return &problem{c.Username + " can't be linked", err}
	}
	s.print("%s is %s at %s.", c.Username, c.Subject, c.Issuer)
	return nil
}

type userUnlink struct {
	Storage `embed:"" group:"storage"`
	subject
}

func (c *userUnlink) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.UnlinkIdentity(ctx, caller(), c.Username, c.identity()); err != nil {
		return &problem{c.Username + " can't be unlinked", err}
	}
	s.print("%s is nobody at %s any more.", c.Subject, c.Issuer)
	return nil
}

type userIdentities struct {
	Storage `embed:"" group:"storage"`
	Format
	Username string `arg:"" help:"Whose."`
}

func (c *userIdentities) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	found, err := accounts.Identities(ctx, c.Username)
	if err != nil {
		return &problem{fmt.Sprintf("the identities of %s can't be listed", c.Username), err}
	}
	views, rows := make([]identityView, 0, len(found)), make([][]string, 0, len(found))
	for _, i := range found {
		views = append(views, identityView{i.Issuer, i.Subject, stamp(i.CreatedAt)})
		rows = append(rows, []string{i.Issuer, i.Subject, moment(i.CreatedAt)})
	}
	return c.write(s.env.Stdout, views, []string{"ISSUER", "SUBJECT", "LINKED"}, rows)
}

type identityView struct {
	Issuer    string `json:"issuer"`
	Subject   string `json:"subject"`
	CreatedAt string `json:"created_at"`
}
