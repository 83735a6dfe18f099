package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/tenant"
)

type serveCommand struct {
	Settings
	Demo bool `group:"sample" help:"Fill the database with sample tenants, users and records first, and write test_tokens.json. Refused in production."`
}

// Help is the longer text of serve --help.
func (*serveCommand) Help() string {
	return "Serves the API until it is told to stop. Without any setting it keeps everything in ./data, which it makes. " +
		"Results go to stdout, logs to stderr."
}

func (c *serveCommand) Run(ctx context.Context, s *session) error {
	if c.Demo && c.Storage.Environment == Production {
		return &usageError{s.vars.source("demo") + " is refused in production: anyone could know the sample users"}
	}
	s.secrets = append(s.secrets, c.Limits.RedisURL.secrets()...)
	if err := c.Limits.check(s); err != nil {
		return err
	}
	if err := c.Issuers.check(s, c.Tokens.JWTIssuer); err != nil {
		return err
	}
	s.logger = newLogger(s.env.Stderr, c.Logging)
	c.Seen = s.seen(&c.Settings)
	starting, started := s.untilSignal(ctx)
	defer started()
	service, closing, err := s.service(starting, &c.Settings)
	if err != nil {
		return err
	}
	defer closing()
	listener, err := s.listen(starting, "addr", c.Serving.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	watched, err := s.listenForMetrics(starting, c.Serving)
	if err != nil {
		return err
	}
	server, err := service.Server()
	if err != nil {
		if _, refused := errors.AsType[*doctor.RefusalError](err); !refused && c.Storage.FilesURL != "" {
			err = &problem{s.vars.source("files-url"), err}
		}
		return err
	}
	base := baseURL(listener.Addr().String())
	metrics := c.serveMetrics(server, watched, base)
	if err := c.welcome(starting, s, service, base, metrics); err != nil {
		return err
	}
	started()
	if s.interrupted.Load() {
		return errInterrupted
	}
	return s.serve(ctx, server, listener, c.Serving)
}

// listenForMetrics takes the address of the metrics, nil where they have none of their own.
func (s *session) listenForMetrics(ctx context.Context, serving Serving) (net.Listener, error) {
	if serving.MetricsAddr == "" || serving.MetricsAddr == serving.Addr {
		return nil, nil //nolint:nilnil // no listener is a choice
	}
	return s.listen(ctx, "metrics-addr", serving.MetricsAddr)
}

// serveMetrics serves the metrics where they are asked for, and returns where that is.
func (c *serveCommand) serveMetrics(server Server, listener net.Listener, base string) (url string) {
	switch {
	case c.Serving.MetricsAddr == "":
		return ""
	case listener != nil:
		base = baseURL(listener.Addr().String())
	}
	server.Metrics(listener)
	return base + "/metrics"
}

// listen takes the address that the setting names.
func (s *session) listen(ctx context.Context, setting string, addr Address) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", string(addr))
	source := s.vars.source(setting)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &problem{fmt.Sprintf("%s: %s is in use by another program; stop it or choose another address", source, addr), nil}
	case errors.Is(err, syscall.EACCES):
		return nil, &problem{fmt.Sprintf("%s: %s may not be used; ports below 1024 take a right of their own", source, addr), nil}
	default:
		if failed, ok := errors.AsType[*net.OpError](err); ok {
			err = failed.Err
		}
		return nil, &problem{fmt.Sprintf("%s: can't listen on %s, choose an address of this machine", source, addr), err}
	}
}

// baseURL is where a client on this machine finds a server that listens on addr.
func baseURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// welcome says where everything is, and adds the sample data where it is asked for.
func (c *serveCommand) welcome(ctx context.Context, s *session, service Service, base, metrics string) error {
	out := []string{
		fmt.Sprintf("%s %s serves from %s:", s.program.Name, s.program.Version, c.Storage.Name()),
		"",
		"  Admin    " + base + "/admin/",
		"  API      " + base + "/api/v1/",
		"  Docs     " + base + "/api/docs/",
		"  OpenAPI  " + base + "/api/schema/",
	}
	if metrics != "" {
		out = append(out, "  Metrics  "+metrics)
	}
	try := []string{"", "Try it:", "", "  curl " + base + "/"}
	if c.Demo {
		options := defaultDemo()
		options.BaseURL = base
		result, err := s.demo(ctx, service, options)
		if err != nil {
			return err
		}
		out = append(out, "  Tokens   "+options.Out+" (sample users with their passwords and tokens)")
		out = append(out, result.logins()...)
		try[3] = "  " + result.curl(base)
	} else if tenants, err := service.Accounts().Tenants(ctx, tenant.ID{}, 1); err == nil && len(tenants) == 0 {
		try = append(try, "", fmt.Sprintf("There is no tenant yet: make one with %s tenant create, or begin with serve --demo.", s.program.Name))
	}
	s.print("%s\n", strings.Join(append(out, try...), "\n"))
	return nil
}

// serve answers requests until a signal comes, and drains then.
func (s *session) serve(ctx context.Context, server Server, listener net.Listener, serving Serving) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.logger.Info("listening", "addr", listener.Addr().String())
	select {
	case err := <-failed:
		return &problem{"the server stopped by itself", err}
	case <-s.env.Signals:
	case <-ctx.Done():
	}
	return s.drain(ctx, server, serving)
}

// drain lets load balancers notice, closes the listener and waits for the requests in flight. A second signal ends
// it at once, as whoever sends it wants.
func (s *session) drain(ctx context.Context, server Server, serving Serving) error {
	s.logger.Info("stopping; a second signal stops at once",
		"drain_delay", serving.DrainDelay.Duration(), "drain_timeout", serving.DrainTimeout.Duration())
	server.Drain()
	select {
	case <-time.After(serving.DrainDelay.Duration()):
	case <-s.env.Signals:
		return s.stopNow(server)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serving.DrainTimeout.Duration())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(ctx) }()
	select {
	case err := <-done:
		if errors.Is(err, context.DeadlineExceeded) {
			_ = server.Close()
			return &problem{fmt.Sprintf("requests that still ran after %s (%s) were cut off",
				serving.DrainTimeout.Duration(), s.vars.source("drain-timeout")), nil}
		}
		s.logger.Info("stopped")
		return err
	case <-s.env.Signals:
		return s.stopNow(server)
	}
}

func (s *session) stopNow(server Server) error {
	s.logger.Warn("stopped at once; requests in flight were cut off")
	_ = server.Close() // what it might say is of no use any more
	return nil
}
