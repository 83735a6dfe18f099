package docs_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// address is where the documentation says that the server is; the test uses a free port instead.
const address = "127.0.0.1:8000"

var block = regexp.MustCompile("(?ms)^```(sh[^\n]*)\n(.*?)^```$")

// TestCommands runs, for each page, its blocks in their order in one empty directory: `sh server` starts a server
// that lives as long as the page, `sh` must succeed, and `sh <anything else>` is not run here.
func TestCommands(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "tenantry")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/tenantry")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ran := 0
	for _, name := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks := block.FindAllSubmatch(content, -1)
		if len(blocks) == 0 {
			continue
		}
		ran++
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			play(t, binary, blocks)
		})
	}
	if ran == 0 {
		t.Error("no page has a block to run")
	}
}

func play(t *testing.T, binary string, blocks [][][]byte) {
	t.Helper()
	s := shell{dir: t.TempDir(), binary: binary, address: freeAddress(t)}
	for _, b := range blocks {
		text := string(b[2])
		switch string(b[1]) {
		case "sh server":
			s.serve(t, text)
		case "sh":
			s.run(t, text)
		}
	}
}

// shell runs blocks one after the other; variables live on from block to block.
type shell struct {
	dir, binary, address string
}

func (s *shell) command(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script, address, s.address))
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "TENANTRY_ADDR="+s.address, "PATH="+filepath.Dir(s.binary)+":"+os.Getenv("PATH"))
	return cmd
}

// run runs a block. What earlier blocks set is set again without running their requests: assignments are kept.
func (s *shell) run(t *testing.T, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	state := filepath.Join(s.dir, ".state")
	full := "if [[ -e " + state + " ]]; then source " + state + "; fi\n" + script + "\ndeclare -p | grep -E '^declare -- [A-Z_]+=' >" + state + " || true\n"
	if out, err := s.command(ctx, full).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, script, out)
	}
}

// serve starts the block's server and waits until it is ready.
func (s *shell) serve(t *testing.T, script string) {
	t.Helper()
	script = strings.ReplaceAll(script, "go run ./cmd/tenantry", "exec tenantry")
	cmd := s.command(t.Context(), script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("the server did not become ready:\n%s\n%s", script, out.String())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
