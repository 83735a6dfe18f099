package prove

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// The operators' operations that make tenants and users.
const (
	adminPrefix     = "/api/admin/v1/"
	adminSignInPath = adminPrefix + "auth/token/"
	adminTenants    = adminPrefix + "tenants/"
	adminKeys       = adminPrefix + "keys/"
	adminUsers      = adminPrefix + "users/"
	adminMembers    = adminPrefix + "tenants/{id}/members/"
)

// Operators is a Provisioner that works by the operators' API, as an operator could by hand.
type Operators struct {
	// Clock is that of Config.
	Clock func() time.Time
	// Username and Password are an operator's.
	Username, Password string

	client  *client // of the run that it provides for
	token   string
	expires time.Time
}

// sendBy has the operator's requests sent by the client of the run, at its rate.
func (o *Operators) sendBy(c *client) { o.client = c }

// Operator implements Provisioner.
func (o *Operators) Operator() (username, password string) { return o.Username, o.Password }

// Tenant implements Provisioner.
func (o *Operators) Tenant(ctx context.Context, slug, name string) (string, error) {
	made, err := o.do(ctx, http.MethodPost, adminTenants, nil, node{"slug": slug, "name": name})
	return text(made["id"]), err
}

// User implements Provisioner. A user without a password can't sign in.
func (o *Operators) User(ctx context.Context, username, password string) (string, error) {
	body := node{"username": username}
	if password != "" {
		body["password"] = password
	}
	made, err := o.do(ctx, http.MethodPost, adminUsers, nil, body)
	return text(made["id"]), err
}

// Join implements Provisioner.
func (o *Operators) Join(ctx context.Context, tenant, username, role string) error {
	_, err := o.do(ctx, http.MethodPost, adminTenants+tenant+"/members/", nil, node{"username": username, "role": role})
	return err
}

// Leave implements Provisioner.
func (o *Operators) Leave(ctx context.Context, tenant, username string) error {
	found, err := o.do(ctx, http.MethodGet, adminTenants+tenant+"/members/", url.Values{"username": {username}}, nil)
	if err != nil {
		return err
	}
	for _, one := range list(found["results"]) {
		if _, err := o.do(ctx, http.MethodDelete, adminTenants+tenant+"/members/"+text(object(one)["id"])+"/", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// Suspend implements Provisioner.
func (o *Operators) Suspend(ctx context.Context, tenant string) error {
	_, err := o.do(ctx, http.MethodPost, adminTenants+tenant+"/suspend/", nil, nil)
	return err
}

// Disable implements Provisioner.
func (o *Operators) Disable(ctx context.Context, user string) error {
	_, err := o.do(ctx, http.MethodPatch, adminUsers+user+"/", nil, node{"is_active": false})
	return err
}

// do sends a request as the operator.
func (o *Operators) do(ctx context.Context, method, path string, query url.Values, body node) (node, error) {
	if err := o.enter(ctx); err != nil {
		return nil, err
	}
	r := request{method: method, path: path, query: query, who: &actor{token: o.token}}
	if body != nil {
		r.setBody(body)
	}
	a, err := o.client.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if !a.good() {
		return nil, fmt.Errorf("%s %s as the operator: %s", method, path, a.short())
	}
	return a.object(), nil
}

// enter signs the operator in, and again before their token expires.
func (o *Operators) enter(ctx context.Context) error {
	now := o.Clock()
	if o.token != "" && now.Before(o.expires) {
		return nil
	}
	a, err := o.client.send(ctx, post(adminSignInPath, node{"username": o.Username, "password": o.Password}))
	if err != nil {
		return err
	}
	granted := a.object()
	if o.token = text(granted["access"]); o.token == "" {
		return fmt.Errorf("sign in the operator: %s", a.short())
	}
	seconds, _ := granted["expires_in"].(float64)
	o.expires = now.Add(time.Duration(seconds) * time.Second / 2)
	return nil
}
