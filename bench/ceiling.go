package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// ceilingQuestion tells the bare server what to answer.
type ceilingQuestion struct {
	Key    []byte
	Bodies map[string][]byte // by kind
}

// runCeiling is the least that an HTTP server with these answers can do: it verifies the token by the standard
// library alone, reads the body, and writes a constant.
func runCeiling(ctx context.Context, in io.Reader, out io.Writer) error {
	var q ceilingQuestion
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/tasks/{id}/", q.answer(http.StatusOK, get))
	mux.HandleFunc("GET /api/v1/tasks/{$}", q.answer(http.StatusOK, list))
	mux.HandleFunc("POST /api/v1/tasks/{$}", q.answer(http.StatusCreated, create))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if _, err := fmt.Fprintln(out, "http://"+listener.Addr().String()); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (q ceilingQuestion) answer(status int, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !q.verify(bearer) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(q.Bodies[kind])
	}
}

// verify checks signature and time of an HS256 token.
func (q ceilingQuestion) verify(bearer string) bool {
	dot := strings.LastIndexByte(bearer, '.')
	if dot < 0 {
		return false
	}
	mac := hmac.New(sha256.New, q.Key)
	mac.Write([]byte(bearer[:dot]))
	signature, err := base64.RawURLEncoding.DecodeString(bearer[dot+1:])
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return false
	}
	_, payload, _ := strings.Cut(bearer[:dot], ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return false
	}
	var c struct {
		Tenant string `json:"tenant"`
		Exp    int64  `json:"exp"`
	}
	return json.Unmarshal(claims, &c) == nil && c.Tenant != "" && time.Now().Unix() < c.Exp //nolint:forbidigo // a command has the clock
}
