package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/finding"
)

func TestVersionsBeforeTheOldestAreRefused(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]finding.Status{
		"9": finding.Critical, "13": finding.Critical, "14": finding.OK, "15": finding.OK, "99": finding.OK, "": finding.Critical,
	} {
		if got := judgeVersion(version, version+".1"); len(got) != 1 || got[0].Status != want {
			t.Errorf("%s: %v, want %s", version, got, want)
		}
	}
}

func TestThisMachineIsLocal(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.1": true, "::1": true, "localhost": true, "/run/postgresql": true, "@socket": true,
		"10.0.0.5": false, "db.example.com": false, "localhost.example.com": false, "": false,
	} {
		if got := local(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}

// TestOnlyAProvenServerIsVerified goes through what the driver makes of each sslmode.
func TestOnlyAProvenServerIsVerified(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]bool{"disable": false, "allow": false, "prefer": false, "require": false, "verify-full": true} {
		settings, err := pgx.ParseConfig("postgres://u@db.example.com/d?sslmode=" + mode)
		if err != nil {
			t.Fatal(err)
		}
		if got := verified(settings); got != want {
			t.Errorf("%s: %t", mode, got)
		}
	}
	settings := &pgx.ConnConfig{}
	settings.TLSConfig = &tls.Config{ // as for verify-ca
		InsecureSkipVerify:    true,
		VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil },
	}
	if !verified(settings) {
		t.Error("verify-ca proves the server too")
	}
}
