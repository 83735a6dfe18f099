package cli

import (
	"io"
	"log/slog"
)

// newLogger returns the logger that the settings ask for.
func newLogger(out io.Writer, logging Logging) *slog.Logger {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	options := &slog.HandlerOptions{Level: levels[logging.LogLevel]}
	if logging.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
