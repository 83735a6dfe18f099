package bucket_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/files/s3"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	storagetest.RunBucket(t, func(t *testing.T) storage.Bucket {
		t.Helper()
		_, url := g.bucket(t)
		b, err := s3.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// TestOpenRefuses shows what whoever sets --files-url reads.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	_, good := g.bucket(t)
	for name, c := range map[string]struct{ old, new, want string }{
		"a bucket that isn't there": {"s3://bucket-1", "s3://no-such-bucket", "there is no bucket no-such-bucket"},
		"no server":                 {g.addr, "127.0.0.1:1", "look for bucket bucket-1"},
		"a parameter of no use":     {"region=", "regoin=", `not "regoin"`},
		"an endpoint that is none":  {"endpoint=http://", "endpoint=ftp://", "endpoint takes a URL"},
		"a password":                {"s3://", "s3://key:hunter2@", "credentials don't belong into it"},
		"half a truth":              {"path_style=true", "path_style=perhaps", "path_style takes true or false"},
	} {
		url := strings.Replace(good, c.old, c.new, 1)
		b, err := s3.Open(t.Context(), url)
		if err == nil {
			_ = b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %s: %v", name, url, err)
		}
	}
	if b, err := s3.Open(t.Context(), good); err != nil {
		t.Errorf("the control, %s: %v", good, err)
	} else {
		_ = b.Close()
	}
}
