package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// buildServer builds the binary that is measured.
func buildServer(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "tenantry")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/tenantry/tenantry/cmd/tenantry") //nolint:gosec // our own paths
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, said)
	}
	return binary, nil
}

// process is a server that was started.
type process struct {
	cmd  *exec.Cmd
	said *tail
	base string
}

// startServer starts the built server and waits until it is ready. env is added to an environment without any of
// the caller's settings.
func startServer(ctx context.Context, binary, dir string, env ...string) (*process, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--addr", addr, "--log-level", "warn", //nolint:gosec // our own binary
		"--rate-anonymous", "1000000000/h", "--rate-authenticated", "1000000000/h")
	p := &process{cmd: cmd, said: &tail{}, base: "http://" + addr}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := awaitReady(ctx, p.base+"/readyz"); err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w\n%s", err, p.said), p.stop())
	}
	return p, nil
}

func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	if err := p.cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the server ended badly: %w\n%s", err, p.said)
	}
	return nil
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitReady asks every two milliseconds, so that a start can be timed by it.
func awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("it does not become ready")
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// tail keeps the last of what a process says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4000):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }

// self runs this program as one of its other processes: question goes to its stdin as JSON, the answer comes from
// its stdout. It returns the processor time that the process used.
func self(ctx context.Context, name string, question, answer any) (time.Duration, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	asked, err := json.Marshal(question)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program, name) //nolint:gosec // this very program
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(asked)), os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return used(cmd), json.Unmarshal(said, answer)
}

// used returns the processor time of a command that has ended.
func used(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// startCeiling starts the bare HTTP server.
func startCeiling(ctx context.Context, question ceilingQuestion) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, program, "ceiling"), said: &tail{}} //nolint:gosec // this very program
	p.cmd.Stdin, p.cmd.Stderr = strings.NewReader(string(asked)), os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, p.stop())
	}
	p.base = strings.TrimSpace(line)
	return p, nil
}

// cpu returns the processor time that the process has used.
func cpu(pid int) time.Duration {
	fields := stat(pid)
	return ticks(fields, 11) + ticks(fields, 12)
}

// cpuOfTree returns what a process, its children and its ended children have used: a PostgreSQL, by its postmaster.
func cpuOfTree(pid int) time.Duration {
	fields := stat(pid)
	total := ticks(fields, 11) + ticks(fields, 12) + ticks(fields, 13) + ticks(fields, 14)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err == nil && parent(child) == pid {
			total += cpu(child)
		}
	}
	return total
}

func parent(pid int) int {
	fields := stat(pid)
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return n
}

// stat returns the fields of /proc/<pid>/stat behind the name, none where there is no such file.
func stat(pid int) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat") //nolint:gosec // a number
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// ticks reads a count of hundredths of a second, which Linux has everywhere.
func ticks(fields []string, i int) time.Duration {
	if i >= len(fields) {
		return 0
	}
	n, err := strconv.ParseInt(fields[i], 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * 10 * time.Millisecond
}

// memory returns the resident memory of a process in MiB.
func memory(pid int) float64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err == nil {
				return n / 1024
			}
		}
	}
	return 0
}
