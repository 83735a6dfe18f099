package issuer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// maxDocument is the longest document that is read, in bytes, unpacked.
	maxDocument = 1 << 20
	// fetchTime bounds one fetch from the name's look-up to the last byte.
	fetchTime = 5 * time.Second
)

// newClient returns a client for one issuer. It takes no proxy from the environment, since a proxy would connect to
// addresses that this process never sees, and keeps no connection: it is used every few minutes.
func newClient(private bool, roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTime, Control: guard(private)}
	return &http.Client{
		Timeout:       fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			DisableKeepAlives: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// fetch reads a document of the issuer's. Its errors are for the operator's log.
func (s *source) fetch(ctx context.Context, address string) ([]byte, error) {
	if err := checkURL(address, s.issuer.DangerouslyPrivate); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // nothing depends on it any more
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s, not 200 OK", address, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("%s is longer than %d bytes", address, maxDocument)
	}
	return body, nil
}

// discover returns where the issuer says that its keys are (OpenID Connect Discovery 1.0, section 4).
func (s *source) discover(ctx context.Context) (string, error) {
	address := strings.TrimSuffix(s.issuer.URL, "/") + "/.well-known/openid-configuration"
	body, err := s.fetch(ctx, address)
	if err != nil {
		return "", err
	}
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return "", fmt.Errorf("%s is not the JSON of a discovery document", address)
	}
	if document.Issuer != s.issuer.URL {
		return "", fmt.Errorf("%s is of another issuer than is configured; both have to be the same in every byte", address)
	}
	if document.Keys == "" {
		return "", errors.New(address + " names no jwks_uri")
	}
	return document.Keys, nil
}
