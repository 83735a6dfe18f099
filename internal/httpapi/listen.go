package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// Limits bound what one connection may take of the server. A zero field is its default.
type Limits struct {
	// ReadHeader is how long a client may take for its headers, by default 5 s; Read for the whole request, 30 s.
	// A handler that takes large bodies moves its own deadline.
	ReadHeader, Read time.Duration
	// Write is how long an answer may take from the end of the headers on, by default 60 s.
	Write time.Duration
	// Idle is how long a connection is kept for a next request, by default 120 s.
	Idle time.Duration
	// MaxHeader is the most bytes of headers, by default 32 KiB.
	MaxHeader int
}

// NewServer returns a server for the address. It never waits for a slow client without end. Its listener should be Framed.
func NewServer(addr string, handler http.Handler, limits Limits, logger *slog.Logger) *http.Server {
	server := &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: orDefault(limits.ReadHeader, 5*time.Second),
		ReadTimeout:       orDefault(limits.Read, 30*time.Second),
		WriteTimeout:      orDefault(limits.Write, time.Minute),
		IdleTimeout:       orDefault(limits.Idle, 2*time.Minute),
		MaxHeaderBytes:    orDefault(limits.MaxHeader, 32<<10),
		// `OPTIONS *` is answered by the handler: 404, like any path that is none of ours.
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withFramed,
		ConnState:                    nextHead,
	}
	if logger != nil {
		server.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
	}
	return server
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
