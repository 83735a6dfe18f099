package bucket_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	accessKey = "tenantry"
	secretKey = "a secret of the tests"
	region    = "us-east-1"
)

// TestMain gives the client its credentials in the way that a server's operator does.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// program is the gateway, built once.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), "tenantry-test-versitygw") // go build only writes it when it changes
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "github.com/versity/versitygw/cmd/versitygw")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// gateway is a running S3 server.
type gateway struct {
	addr    string
	dir     string // where it keeps its objects
	command *exec.Cmd
	exited  chan error
	buckets atomic.Int64
	client  *minio.Client
}

// startGateway runs a server until the test ends.
func startGateway(t *testing.T) *gateway {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("build the S3 server: %v", err)
	}
	g := &gateway{addr: freeAddr(t), dir: t.TempDir(), exited: make(chan error, 1)}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	g.command = exec.CommandContext(context.Background(), path, "--access", accessKey, "--secret", secretKey, "--region", region,
		"--port", g.addr, "posix", g.dir)
	g.command.Stdout, g.command.Stderr = log, log
	if err := g.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { g.exited <- g.command.Wait() }()
	t.Cleanup(func() {
		g.stop()
		if lines, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("the S3 server's log: %v\n%s", errors.Join(err, log.Close()), lines)
		}
	})
	g.client, err = minio.New(g.addr, &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: region})
	if err != nil {
		t.Fatal(err)
	}
	g.waitUntilReady(t)
	return g
}

func (g *gateway) waitUntilReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-g.exited:
			g.exited <- err
			t.Fatalf("the S3 server ended at its start: %v", err)
		default:
		}
		if _, err := g.client.ListBuckets(t.Context()); err == nil {
			return
		}
	}
	t.Fatal("the S3 server is not ready after a minute")
}

// stop ends the server at once. It may be called again.
func (g *gateway) stop() {
	_ = g.command.Process.Kill() // fails only where it has ended already
	err := <-g.exited
	g.exited <- err
}

// bucket makes a bucket and returns its URL as --files-url takes it, with a prefix.
func (g *gateway) bucket(t *testing.T) (name, url string) {
	t.Helper()
	name = "bucket-" + strconv.FormatInt(g.buckets.Add(1), 10)
	if err := g.client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{Region: region}); err != nil {
		t.Fatal(err)
	}
	return name, "s3://" + name + "/some/prefix?endpoint=http://" + g.addr + "&region=" + region + "&path_style=true"
}

// objects are the keys in a bucket, and the uploads in parts that have not ended, marked by a plus sign.
func (g *gateway) objects(t *testing.T, name string) []string {
	t.Helper()
	keys := []string{}
	for o := range g.client.ListObjects(t.Context(), name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	for o := range g.client.ListIncompleteUploads(t.Context(), name, "", true) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, "+"+o.Key)
	}
	return keys
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was written
	return l.Addr().String()
}

// put stores an object behind the service's back.
func (g *gateway) put(t *testing.T, bucket, key string) {
	t.Helper()
	if _, err := g.client.PutObject(t.Context(), bucket, key, strings.NewReader("orphan"), 6, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// begin starts an upload in parts that nobody ends.
func (g *gateway) begin(t *testing.T, bucket, key string) {
	t.Helper()
	core := minio.Core{Client: g.client}
	if _, err := core.NewMultipartUpload(t.Context(), bucket, key, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}
