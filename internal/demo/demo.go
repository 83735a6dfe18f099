package demo

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Options say what sample data is wanted.
type Options struct {
	// BaseURL is where the server is, for the tokens file.
	BaseURL string
	// Out is the tokens file.
	Out string
	// Tenants is how many tenants there are to be, Projects how many projects in each, Tasks and Documents how
	// many in each project.
	Tenants, Projects, Tasks, Documents int
	// Seed decides about the data: the same seed, the same data.
	Seed uint64
	// Today is the day that dates are counted from.
	Today time.Time
	// TokenTTL is how long the access tokens are good.
	TokenTTL time.Duration
	// Random is a source of passwords. It is read by one goroutine at a time.
	Random io.Reader
	// Progress is told how many of all steps are done. It may be called concurrently.
	Progress func(done, total int)
	// Step is told in words what has been done. It may be called concurrently.
	Step func(text string)
}

// Result is what Run did.
type Result struct {
	// Tenants, Users and Records were added; what was there already is not counted.
	Tenants, Users, Records int
	// Owner and OwnerPassword sign in to the first tenant, of which Token is an access token.
	Owner, OwnerPassword, Token string
	// Operator and OperatorPassword sign in to the platform.
	Operator, OperatorPassword string
	// Path is that of a list to try the token on.
	Path string
}

// The names of the users who belong to no single tenant.
const (
	operatorName   = "demo-operator"
	everywhereName = "everywhere"
)

// parallel is how many tenants are filled at once. Within a tenant writes queue up anyway: each takes the next
// number of its trail of events.
const parallel = 4

// run is one call of Run.
type run struct {
	accounts  Accounts
	resources Resources
	usage     Usage
	kinds     kinds
	options   Options
	result    Result
	done      atomic.Int64
	total     int
}

// seat is a sample user's place in a tenant.
type seat struct {
	user     account.User
	password string
	role     policy.Role
}

func (s seat) as(role policy.Role) seat {
	s.role = role
	return s
}

// office is a sample tenant with its users.
type office struct {
	company company
	tenant  tenant.Tenant
	// members are the names of those who belonged to it before.
	members map[string]bool
	seats   []seat
	// fresh tells that this run made it.
	fresh bool
}

// Run adds what the sample data lacks, gives the sample users new passwords and tokens, and writes the tokens
// file. A tenant or an operator of a sample name that is none of the sample data is a conflict, and stays as it is.
func Run(ctx context.Context, accounts Accounts, resources Resources, usage Usage, operations []operation.Operation, o Options) (Result, error) {
	r := &run{accounts: accounts, resources: resources, usage: usage, kinds: findKinds(operations), options: o}
	if err := writable(o.Out); err != nil {
		return Result{}, err
	}
	r.total = 2 + o.Tenants*(1+len(policy.Roles())+o.Projects*(1+o.Tasks+o.Documents))
	r.result.Path = r.kinds.path()
	file, offices, err := r.people(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := r.fill(ctx, offices); err != nil {
		return Result{}, err
	}
	if err := r.issue(ctx, file, offices); err != nil {
		return Result{}, err
	}
	return r.result, file.write(o.Out)
}

// writable checks that the file can be written, before anything is changed for it.
func writable(path string) error {
	probe, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("the file %s can't be written: %w", path, err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// people makes the users, the tenants and what joins them.
func (r *run) people(ctx context.Context) (*File, []office, error) {
	offices := make([]office, r.options.Tenants)
	names := []string{everywhereName}
	for i, c := range companies(len(offices)) {
		// Nothing is changed before all tenants are known to be ours.
		var err error
		if offices[i], err = r.look(ctx, c); err != nil {
			return nil, nil, err
		}
		for _, role := range policy.Roles() {
			names = append(names, username(role, c))
		}
	}
	users, err := r.users(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	for i := range offices {
		if err := r.staff(ctx, &offices[i], users); err != nil {
			return nil, nil, err
		}
		r.progress()
	}
	operator := users[operatorName]
	file := &File{BaseURL: r.options.BaseURL, Operator: Operator{operatorName, operator.password}, Tenants: []FileTenant{}}
	r.result.Operator, r.result.OperatorPassword = operatorName, operator.password
	return file, offices, nil
}

func username(role policy.Role, c company) string { return role.String() + "-" + c.slug }

// look returns what there is of the sample tenant.
func (r *run) look(ctx context.Context, c company) (office, error) {
	o := office{company: c}
	var err error
	if o.tenant, err = r.accounts.Tenant(ctx, c.slug); err != nil {
		if fault.Is(err, fault.NotFound) {
			return office{company: c}, nil
		}
		return o, err
	}
	if o.members, err = r.members(ctx, c.slug); err != nil {
		return o, err
	}
	// The sample users' tokens lie in a file: they must not get into a tenant that somebody works in.
	if len(o.members) > 0 && !o.members[username(policy.Owner, c)] {
		return o, taken("tenant", c.slug)
	}
	return o, nil
}

// members returns the names of the tenant's members.
func (r *run) members(ctx context.Context, slug string) (map[string]bool, error) {
	const limit = 500
	names := map[string]bool{}
	var after id.ID
	for {
		part, err := r.accounts.Members(ctx, slug, after, limit)
		for _, m := range part {
			names[m.User.Username] = true
			after = m.ID
		}
		if err != nil || len(part) < limit {
			return names, err
		}
	}
}

// staff makes the tenant where it is missing and lets its users in, the owner first.
func (r *run) staff(ctx context.Context, o *office, users map[string]seat) error {
	if o.tenant.ID.IsZero() {
		var err error
		if o.tenant, err = r.accounts.CreateTenant(ctx, caller(), o.company.name, o.company.slug); err != nil {
			return err
		}
		r.result.Tenants++
		o.fresh = true
	}
	for _, role := range slices.Backward(policy.Roles()) {
		o.seats = append(o.seats, users[username(role, o.company)].as(role))
	}
	o.seats = append(o.seats, users[everywhereName].as(policy.Member))
	for _, s := range o.seats {
		if o.members[s.user.Username] {
			continue
		}
		if _, err := r.accounts.AddMember(ctx, caller(), o.company.slug, s.user.Username, s.role); err != nil {
			return err
		}
	}
	return nil
}

func taken(what, name string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("there is a %s %s that is not sample data; use another database", what, name))
}

// users returns the users of the names and the operator, each with a new password. Several are made at once:
// hashing a password takes long on purpose.
func (r *run) users(ctx context.Context, names []string) (map[string]seat, error) {
	seats := make([]seat, len(names)+1)
	for i := range seats {
		random := make([]byte, 12)
		if _, err := io.ReadFull(r.options.Random, random); err != nil {
			return nil, err
		}
		seats[i].password = hex.EncodeToString(random)
	}
	var added atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, name := range append(names, operatorName) {
		group.Go(func() error {
			user, fresh, err := r.user(ctx, name, seats[i].password, i == len(names))
			seats[i].user = user
			if fresh {
				added.Add(1)
			}
			r.progress()
			return err
		})
	}
	err := group.Wait()
	r.result.Users = int(added.Load())
	found := make(map[string]seat, len(seats))
	for _, s := range seats {
		found[s.user.Username] = s
	}
	return found, err
}

// user returns the user with the new password, and makes them where they are missing.
func (r *run) user(ctx context.Context, name, password string, operator bool) (user account.User, fresh bool, err error) {
	made, err := r.accounts.CreateUser(ctx, caller(), name, password, operator)
	if !fault.Is(err, fault.Conflict) {
		return made, err == nil, err
	}
	found, err := r.accounts.User(ctx, name)
	if err != nil {
		return account.User{}, false, err
	}
	if found.Operator != operator {
		return account.User{}, false, taken("user", name)
	}
	return found, false, r.accounts.SetPassword(ctx, caller(), name, password)
}

// fill adds the records, several tenants at once.
func (r *run) fill(ctx context.Context, offices []office) error {
	var added atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, o := range offices {
		group.Go(func() error {
			n, err := r.fillOffice(ctx, o)
			added.Add(int64(n))
			if err == nil && n > 0 {
				r.options.Step(fmt.Sprintf("%s: %d records added", o.company.slug, n))
			}
			return err
		})
	}
	err := group.Wait()
	r.result.Records = int(added.Load())
	return err
}

// issue gives every user of every tenant tokens and puts them into the file.
func (r *run) issue(ctx context.Context, file *File, offices []office) error {
	for _, o := range offices {
		entry := FileTenant{ID: o.tenant.ID.String(), Slug: o.tenant.Slug, Name: o.tenant.Name}
		for _, s := range o.seats {
			tokens, err := r.accounts.Issue(ctx, caller(), s.user.Username, o.company.slug, r.options.TokenTTL)
			if err != nil {
				return err
			}
			entry.Users = append(entry.Users, FileUser{
				s.user.ID.String(), s.user.Username, s.password, s.role.String(), tokens.Access, tokens.Refresh,
			})
		}
		entry.AccessToken = entry.Users[0].AccessToken
		file.Tenants = append(file.Tenants, entry)
	}
	if len(file.Tenants) > 0 {
		owner := file.Tenants[0].Users[0]
		r.result.Owner, r.result.OwnerPassword, r.result.Token = owner.Username, owner.Password, owner.AccessToken
	}
	return nil
}

func (r *run) progress() { r.options.Progress(int(r.done.Add(1)), r.total) }
