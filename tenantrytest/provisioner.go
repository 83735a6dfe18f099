package tenantrytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry"
)

// clock is the service's, which can be put back.
type clock struct {
	back atomic.Int64
}

// Now tells the time.
func (c *clock) Now() time.Time { return time.Now().Add(-time.Duration(c.back.Load())) }

// provisioner makes tenants and users by the service's own functions.
type provisioner struct {
	service *tenantry.Service
	url     string
	clock   *clock
	names   map[string]string // the passwords of users
}

// Tenant implements prove.Provisioner.
func (p *provisioner) Tenant(ctx context.Context, slug, name string) (string, error) {
	id, err := p.service.CreateTenant(ctx, slug, name)
	return id.String(), err
}

// User implements prove.Provisioner.
func (p *provisioner) User(ctx context.Context, username, password string) (string, error) {
	if p.names == nil {
		p.names = map[string]string{}
	}
	p.names[username] = password
	id, err := p.service.CreateUser(ctx, username, password)
	return id.String(), err
}

// Join implements prove.Provisioner.
func (p *provisioner) Join(ctx context.Context, tenant, username, role string) error {
	return p.service.AddMember(ctx, tenant, username, role)
}

// Leave implements prove.Provisioner.
func (p *provisioner) Leave(ctx context.Context, tenant, username string) error {
	return p.service.RemoveMember(ctx, tenant, username)
}

// Suspend implements prove.Provisioner.
func (p *provisioner) Suspend(ctx context.Context, tenant string) error {
	return p.service.SuspendTenant(ctx, tenant)
}

// Operator implements prove.Provisioner.
func (p *provisioner) Operator(ctx context.Context) (string, error) {
	const name, password = "prove-operator", "a password of a throw-away operator"
	if _, err := p.service.CreateOperator(ctx, name, password); err != nil {
		return "", err
	}
	return p.signIn(ctx, "/api/admin/v1/auth/token/", map[string]string{"username": name, "password": password})
}

// Expired implements prove.Provisioner: the user signed in two hours ago.
func (p *provisioner) Expired(ctx context.Context, tenant, username string) (string, error) {
	p.clock.back.Store(int64(2 * time.Hour))
	defer p.clock.back.Store(0)
	return p.signIn(ctx, "/api/v1/auth/token/", map[string]string{"username": username, "password": p.names[username], "tenant": tenant})
}

func (p *provisioner) signIn(ctx context.Context, path string, credentials map[string]string) (string, error) {
	body, err := json.Marshal(credentials)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var granted struct{ Access string }
	if err := json.NewDecoder(res.Body).Decode(&granted); err != nil || granted.Access == "" {
		return "", fmt.Errorf("sign in: %d, %w", res.StatusCode, err)
	}
	return granted.Access, nil
}
