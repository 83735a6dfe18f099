package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
)

type userCommand struct {
	Create      userCreate      `cmd:"" help:"Make a user, and add them to a tenant where one is given."`
	List        userList        `cmd:"" help:"List the users, or the members of one tenant."`
	SetPassword userSetPassword `cmd:"" help:"Give a user a new password. It ends all of their tokens."`
	AddToTenant userAddToTenant `cmd:"" help:"Let a user into a tenant, with a role."`
	Link        userLink        `cmd:"" help:"Say that what another issuer calls somebody is this user."`
	Unlink      userUnlink      `cmd:"" help:"Say that it is nobody any more."`
	Identities  userIdentities  `cmd:"" help:"List what other issuers call a user."`
}

// Role is what a member may do.
type Role struct {
	Role string `default:"member" enum:"owner,admin,member,viewer" placeholder:"ROLE" help:"In the tenant: owner, admin, member or viewer."`
}

func (r Role) role() policy.Role {
	role, _ := policy.ParseRole(r.Role)
	return role
}

type userCreate struct {
	Storage `embed:"" group:"storage"`
	Format
	Password
	Role
	Username string `arg:"" help:"The name to sign in with."`
	Tenant   string `placeholder:"TENANT" help:"Slug or id of a tenant to add them to."`
}

// Help is the longer text of user create --help.
func (*userCreate) Help() string {
	return "Without a password it makes a random one and prints it; it is shown this once."
}

func (c *userCreate) Run(ctx context.Context, s *session) error {
	password, made, err := c.choose(s)
	if err != nil {
		return err
	}
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if c.Tenant != "" { // before the user is there
		if _, err := accounts.Tenant(ctx, c.Tenant); err != nil {
			return &problem{"tenant " + c.Tenant, err}
		}
	}
	created, err := accounts.CreateUser(ctx, caller(), c.Username, password, false)
	if err != nil {
		return &problem{"user " + c.Username + " can't be made", err}
	}
	if c.Tenant != "" {
		if _, err := accounts.AddMember(ctx, caller(), c.Tenant, c.Username, c.role()); err != nil {
			return &problem{fmt.Sprintf("user %s was made but can't be added to %s", c.Username, c.Tenant), err}
		}
	}
	return c.writeUser(s, created, password, made)
}

// writeUser writes a user who has just been made, with the password where the program made it.
func (f Format) writeUser(s *session, created account.User, password string, made bool) error {
	view, headings, row := viewUser(created), userHeadings(), userRow(created)
	if made {
		view.Password = password
		headings, row = append(headings, "PASSWORD (shown this once)"), append(row, password)
	}
	return f.write(s.env.Stdout, view, headings, [][]string{row})
}

type userList struct {
	Storage `embed:"" group:"storage"`
	Format
	Tenant string `placeholder:"TENANT" help:"Slug or id of a tenant: its members alone, with their roles."`
}

func (c *userList) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if c.Tenant != "" {
		members, err := members(ctx, accounts, c.Tenant)
		if err != nil {
			return &problem{"tenant " + c.Tenant, err}
		}
		return c.write(s.env.Stdout, viewMembers(members), memberHeadings(), memberRows(members))
	}
	found, err := all(func(last account.User) ([]account.User, error) {
		return accounts.Users(ctx, last.ID, pageSize)
	})
	if err != nil {
		return err
	}
	views, rows := make([]userView, 0, len(found)), make([][]string, 0, len(found))
	for _, u := range found {
		views, rows = append(views, viewUser(u)), append(rows, userRow(u))
	}
	return c.write(s.env.Stdout, views, userHeadings(), rows)
}

type userSetPassword struct {
	Storage `embed:"" group:"storage"`
	Password
	Username string `arg:"" help:"Whose."`
}

// Help is the longer text of user set-password --help.
func (*userSetPassword) Help() string {
	return "Without a flag it asks for the password on the terminal, and doesn't show what is typed."
}

func (c *userSetPassword) Run(ctx context.Context, s *session) error {
	password, err := c.ask(s)
	if err != nil {
		return err
	}
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.SetPassword(ctx, caller(), c.Username, password); err != nil {
		return &problem{"the password of " + c.Username + " can't be set", err}
	}
	s.print("%s has a new password; the tokens from before are no longer good.", c.Username)
	return nil
}

type userAddToTenant struct {
	Storage `embed:"" group:"storage"`
	Role
	Username string `arg:"" help:"Who."`
	Tenant   string `arg:"" help:"The tenant's slug or id."`
}

func (c *userAddToTenant) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	member, err := accounts.AddMember(ctx, caller(), c.Tenant, c.Username, c.role())
	if err != nil {
		return &problem{fmt.Sprintf("%s can't be added to %s", c.Username, c.Tenant), err}
	}
	s.print("%s is %s of %s.", c.Username, article(member.Role.String()), c.Tenant)
	return nil
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeio") {
		return "an " + noun
	}
	return "a " + noun
}

type userView struct {
	ID        id.ID  `json:"id"`
	Username  string `json:"username"`
	Active    bool   `json:"is_active"`
	Operator  bool   `json:"is_operator"`
	CreatedAt string `json:"created_at"`
	Password  string `json:"password,omitempty"`
}

func viewUser(u account.User) userView {
	return userView{ID: u.ID, Username: u.Username, Active: u.Active, Operator: u.Operator, CreatedAt: stamp(u.CreatedAt)}
}

func userHeadings() []string { return []string{"ID", "USERNAME", "ACTIVE", "OPERATOR", "CREATED"} }

func userRow(u account.User) []string {
	return []string{u.ID.String(), u.Username, yes(u.Active), yes(u.Operator), moment(u.CreatedAt)}
}
