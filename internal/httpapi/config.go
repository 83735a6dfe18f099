package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/rs/cors"

	"github.com/tenantry/tenantry/internal/httpapi/problem"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/openapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Resources are the use cases on tenants' records. Each of them asks policy before anything else, and returns faults.
type Resources interface {
	reader
	writer
	contents
}

type reader interface {
	List(ctx context.Context, call resource.Call, op *operation.Operation, parent string, params url.Values) (resource.Page, error)
	Get(ctx context.Context, call resource.Call, op *operation.Operation, id string, params url.Values) (resource.Answer, error)
	Report(ctx context.Context, call resource.Call, op *operation.Operation) ([]byte, error)
	VerifyEvents(ctx context.Context, call resource.Call, op *operation.Operation) ([]byte, error)
	// Meant returns the record that an operation's path means, zero where the caller's tenant has none such.
	Meant(ctx context.Context, call resource.Call, op *operation.Operation, id string) id.ID
}

type writer interface {
	Create(ctx context.Context, call resource.Call, op *operation.Operation, body []byte) (resource.Answer, error)
	Replace(ctx context.Context, call resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error)
	Patch(ctx context.Context, call resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error)
	Delete(ctx context.Context, call resource.Call, op *operation.Operation, id string, p *resource.Precondition) error
	Act(ctx context.Context, call resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error)
	Once(ctx context.Context, call resource.Call, op *operation.Operation, path string, body []byte, act resource.Act) (resource.Answer, error)
}

type (
	changeFunc func(ctx context.Context, call resource.Call, op *operation.Operation, id string, body []byte, p *resource.Precondition) (resource.Answer, error)

	removeFunc func(ctx context.Context, call resource.Call, op *operation.Operation, id string, p *resource.Precondition) error

	computeFunc func(ctx context.Context, call resource.Call, op *operation.Operation) ([]byte, error)
)

// Config is what the API needs. Operations, Resources, Accounts, Document and Clock are required.
type Config struct {
	Operations []operation.Operation
	Resources  Resources
	Accounts   Accounts
	Document   *openapi.Document
	// Admin serves /admin/ and all below it; without it there is nothing.
	Admin Pages
	// Ready returns nil while requests can be served; by default they always can.
	Ready func(ctx context.Context) error
	// KeySet returns the public keys of tokens as a JSON Web Key Set; by default there are none.
	KeySet func() ([]byte, error)
	// Name and Version are the service's, as / shows them.
	Name, Version string
	// Logger is where requests and failures are logged; by default nowhere.
	Logger *slog.Logger
	Clock  func() time.Time
	// NewRequestID names requests that come without a usable id; by default with a UUIDv7.
	NewRequestID func() string
	// MaxBody is the largest JSON body in bytes, by default 1 MiB.
	MaxBody int64
	// Limiter counts requests by Rates; without one, nothing is limited.
	Limiter *limit.Limiter
	Rates   Rates
	// Note is told of each request with a token of a tenant: whether it changed something, and whether a limit refused
	// it; nil is nobody.
	Note func(t tenant.ID, wrote, limited bool)
	// Observer is told of each request; nil is nobody.
	Observer Observer
	// TrustedProxies are the networks of the proxies in front of us: what they say of a client is believed.
	TrustedProxies []netip.Prefix
	// Origins are the origins whose pages may call the API, exactly as browsers write them. By default none.
	Origins []string
	// Production tells clients to come by https only, and sends those there who have come to a proxy without.
	Production bool
	// Timeout ends a request that takes longer, by default 30 s; a negative one never does. Files take as long as they
	// do, unless their client stalls: lets Stall pass without taking or sending a byte, by default 30 s.
	Timeout, Stall time.Duration
}

// Observer counts requests. Answered gets the id of the operation, empty where the request found none, and the status, 0
// where the connection was cut before there was one.
type Observer interface {
	Began()
	Answered(operation string, status int, took time.Duration)
}

// server is the handler: all that is the same for every request.
type server struct {
	router       *router
	resources    Resources
	accounts     Accounts
	admin        endpoint
	ready        func(ctx context.Context) error
	keySet       func() ([]byte, error)
	logger       *slog.Logger
	clock        func() time.Time
	newRequestID func() string
	maxBody      int64
	limiter      *limit.Limiter
	note         func(t tenant.ID, wrote, limited bool)
	observer     Observer
	allowances   *allowances
	proxies      []netip.Prefix
	origins      *cors.Cors
	production   bool
	redirecting  endpoint
	preflighting endpoint
	describing   endpoint
	timeout      time.Duration
	stall        time.Duration
	documents    map[string]packable
	swagger      file
	redoc        file
	landing      file
	assets       map[string]asset
	fixed        fixed
	exchanges    sync.Pool
}

// New returns the handler of the whole API. An operation that nobody handles is an error, and so are two that share
// a method and a path.
func New(c Config) (http.Handler, error) {
	if c.Resources == nil || c.Accounts == nil || c.Document == nil || c.Clock == nil {
		return nil, errors.New("httpapi: Resources, Accounts, Document and Clock are required")
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	origins, err := newOrigins(c.Origins)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	if err := checkRates(c.Rates, c.Operations); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	s := &server{
		resources: c.Resources, accounts: c.Accounts, ready: c.Ready, keySet: c.KeySet, logger: c.Logger, clock: c.Clock, newRequestID: c.NewRequestID,
		maxBody: orDefault(c.MaxBody, 1<<20), timeout: orDefault(c.Timeout, 30*time.Second), stall: orDefault(c.Stall, 30*time.Second),
		documents: documentFiles(c.Document), swagger: swaggerPage(c.Name), redoc: redocPage(c.Name), landing: landingPage(c.Name, c.Version, links(c.Admin != nil)), assets: assets,
		fixed: newFixed(c.Name, c.Version, c.Admin != nil, origins != nil), limiter: c.Limiter, allowances: newAllowances(c.Rates),
		note: c.Note, observer: c.Observer, proxies: c.TrustedProxies, origins: origins, production: c.Production,
	}
	s.fixed.root = rootBody(c.Operations)
	free := meter{stranger: s.allowances.address, free: true}
	s.redirecting = endpoint{op: &operation.Operation{ID: "toHTTPS"}, handle: s.toHTTPS}
	s.describing = endpoint{op: &operation.Operation{ID: "describe"}, handle: s.describe, meter: meter{stranger: s.allowances.address}}
	if c.Admin != nil {
		s.admin = endpoint{op: &operation.Operation{ID: "admin", Path: adminPath}, handle: func(x *exchange) error { return x.servePages(c.Admin) }}
	}
	s.preflighting = endpoint{op: &operation.Operation{ID: "preflight"}, handle: s.preflight, meter: free}
	if s.ready == nil {
		s.ready = func(context.Context) error { return nil }
	}
	if s.keySet == nil {
		s.keySet = func() ([]byte, error) { return []byte(`{"keys":[]}`), nil }
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.newRequestID == nil {
		s.newRequestID = func() string { return id.New().String() }
	}
	s.router, err = s.routes(c.Operations)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return s, nil
}

// routes gives every operation its handler and its path.
func (s *server) routes(operations []operation.Operation) (*router, error) {
	byPath := map[string]*route{}
	order, err := add(byPath, nil, endpoint{op: assetOperation(), handle: s.docsAsset, meter: meter{stranger: s.allowances.address, free: true}})
	if err != nil {
		return nil, err
	}
	for i := range operations {
		op := &operations[i]
		handle := s.handler(op.Kind)
		if handle == nil {
			return nil, fmt.Errorf("operation %s: nobody handles its kind", op.ID)
		}
		if err := checkOperation(op); err != nil {
			return nil, err
		}
		if order, err = add(byPath, order, endpoint{op: op, handle: handle, meter: s.allowances.meter(op)}); err != nil {
			return nil, err
		}
	}
	return newRouter(order)
}

// checkOperation refuses a table under which a handler would run without the caller or the resource that it needs.
func checkOperation(op *operation.Operation) error {
	ofTenant := op.Resource != nil || op.Kind == operation.Me
	if ofTenant && op.Audience == operation.Public {
		return fmt.Errorf("operation %s: is about a tenant but asks for no token", op.ID)
	}
	if op.Resource == nil && op.Kind <= operation.VerifyEvents {
		return fmt.Errorf("operation %s: names no resource", op.ID)
	}
	if op.Access != policy.Read && op.Access != policy.Write && ofTenant {
		return fmt.Errorf("operation %s: says not which access it needs", op.ID)
	}
	return nil
}

// handler returns the function that runs operations of a kind, nil where there is none.
func (s *server) handler(kind operation.Kind) func(*exchange) error {
	switch kind {
	case operation.List, operation.ListEvents:
		return s.listRecords
	case operation.Create:
		return s.createRecord
	case operation.Get:
		return s.getRecord
	case operation.Replace:
		return s.replaceRecord
	case operation.Patch:
		return s.patchRecord
	case operation.Delete:
		return s.deleteRecord
	case operation.Act:
		return s.actOnRecord
	case operation.Report:
		return s.report
	case operation.PutContent:
		return s.putContent
	case operation.GetContent:
		return s.getContent
	case operation.DeleteContent:
		return s.deleteContent
	case operation.VerifyEvents:
		return s.verifyEvents
	case operation.KeySet:
		return s.tellKeys
	case operation.Schema:
		return s.document
	case operation.SwaggerUI:
		return s.swaggerUI
	case operation.ReDoc:
		return s.reDoc
	case operation.Health:
		return s.health
	case operation.Ready:
		return s.readiness
	case operation.Index:
		return s.index
	case operation.Root:
		return s.root
	default:
		return s.accountHandler(kind)
	}
}

// accountHandler is handler for the operations on tokens and on who has them.
func (s *server) accountHandler(kind operation.Kind) func(*exchange) error {
	switch kind {
	case operation.SignIn:
		return s.signIn
	case operation.Refresh:
		return s.refreshToken
	case operation.VerifyToken:
		return s.verifyToken
	case operation.RevokeToken:
		return s.revokeToken
	case operation.Me:
		return s.me
	case operation.ClientToken:
		return s.clientToken
	case operation.OperatorSignIn:
		return s.signInOperator
	case operation.OperatorRefresh:
		return s.refreshOperator
	case operation.OperatorRevoke:
		return s.revokeOperator
	case operation.OperatorMe:
		return s.meOperator
	case operation.ExchangeToken:
		return s.exchangeToken
	case operation.ListKeys:
		return s.listKeys
	case operation.RotateKeys:
		return s.rotateKeys
	case operation.RetireKey:
		return s.retireKey
	default:
		return nil
	}
}

// fixed are values of headers and bodies that never change: made once, shared by all answers, written by none.
type fixed struct {
	json, problem                                                                []string
	privateNoStore, privateNoCache, publicNoCache, publicMinute, noStore, pragma []string
	varyAuthorization, varyEncoding, gzip                                        []string
	varyPreflight, exposed, basic                                                []string
	noSniff, noReferrer, deny, sameOrigin, strictTransport                       []string
	pageFeatures                                                                 []string
	dataPolicy, filePolicy, swaggerPolicy, redocPolicy                           []string
	varyAccept, landingPolicy                                                    []string
	healthy, ready, index, root                                                  []byte
}

func newFixed(name, version string, admin, origins bool) fixed {
	vary := func(name string) []string {
		if origins {
			name += ", Origin"
		}
		return []string{name}
	}
	return fixed{
		json: []string{jsonType}, problem: []string{problem.ContentType},
		privateNoStore: []string{"private, no-store"}, privateNoCache: []string{"private, no-cache"},
		publicNoCache: []string{"public, no-cache"}, publicMinute: []string{"public, max-age=60"}, noStore: []string{"no-store"}, pragma: []string{"no-cache"},
		varyAuthorization: vary("Authorization"), varyEncoding: vary("Accept-Encoding"),
		varyPreflight: []string{preflightVary}, exposed: []string{exposedHeaders}, basic: []string{`Basic realm="tenantry"`}, gzip: []string{"gzip"},
		noSniff: []string{"nosniff"}, noReferrer: []string{"no-referrer"}, deny: []string{"DENY"},
		sameOrigin: []string{"same-origin"}, strictTransport: []string{"max-age=31536000"},
		pageFeatures: []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		dataPolicy:   []string{dataPolicy}, filePolicy: []string{dataPolicy + "; sandbox"}, swaggerPolicy: []string{swaggerPolicy}, redocPolicy: []string{redocPolicy},
		varyAccept: []string{"Accept"}, landingPolicy: []string{landingPolicy},
		healthy: []byte(`{"status":"ok"}`), ready: []byte(`{"status":"ready"}`), index: indexBody(name, version, links(admin)),
	}
}
