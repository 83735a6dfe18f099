package tenantrytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/prove"
)

// clock is the service's, which can be put back.
type clock struct {
	back atomic.Int64
}

// Now tells the time.
func (c *clock) Now() time.Time { return time.Now().Add(-time.Duration(c.back.Load())) }

// provisioner works by the operators' API, and puts the clock back where it has to.
type provisioner struct {
	prove.Operators

	url   string
	clock *clock
}

// newProvisioner makes an operator of the service.
func newProvisioner(t *testing.T, service *tenantry.Service, url string, clock *clock) *provisioner {
	t.Helper()
	const username, password = "operator-of-the-test", "correct horse battery staple"
	if _, err := service.CreateOperator(t.Context(), username, password); err != nil {
		t.Fatalf("make an operator: %v", err)
	}
	return &provisioner{prove.Operators{Username: username, Password: password, Clock: time.Now}, url, clock}
}

// Expired implements prove.Expirer: the user signed in two hours ago.
func (p *provisioner) Expired(ctx context.Context, tenant, username, password string) (string, error) {
	p.clock.back.Store(int64(2 * time.Hour))
	defer p.clock.back.Store(0)
	body, err := json.Marshal(map[string]string{"username": username, "password": password, "tenant": tenant})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/v1/auth/token/", bytes.NewReader(body))
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
