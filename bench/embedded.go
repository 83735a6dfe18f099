package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver
)

const (
	// startTarget is how long the first start in an empty directory may take to the first answer.
	startTarget = 300 * time.Millisecond
	// depthTarget is what a page at a tenant's end may cost against the first.
	depthTarget = 1.2
)

// measureSQLite measures the embedded default.
func measureSQLite(ctx context.Context, o options, dir, binary string, out io.Writer) (bool, error) {
	starts := make([]time.Duration, 5)
	for i := range starts {
		took, err := timeStart(ctx, binary, filepath.Join(dir, fmt.Sprintf("start-%d", i)))
		if err != nil {
			return false, err
		}
		starts[i] = took
	}
	start := median(starts, milliseconds)
	ratio, err := measureDepth(ctx, o, dir, binary)
	if err != nil {
		return false, err
	}
	say(out, "SQLite: first start in an empty directory to the first answer %.0f ms (target below %.0f)\n", start, milliseconds(startTarget))
	say(out, "SQLite: a page of 20 at the end of %d rows against the first %.2f times (target at most %.1f)\n", o.rows, ratio, depthTarget)
	return start < milliseconds(startTarget) && ratio <= depthTarget, nil
}

func timeStart(ctx context.Context, binary, dir string) (time.Duration, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	began := time.Now() //nolint:forbidigo // a stopwatch
	server, err := startServer(ctx, binary, dir)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return took, server.stop()
}

// measureDepth fills one tenant's file and compares its pages.
func measureDepth(ctx context.Context, o options, dir, binary string) (float64, error) {
	home := filepath.Join(dir, "depth")
	if err := os.Mkdir(home, 0o700); err != nil {
		return 0, err
	}
	bearer, err := fillFile(ctx, binary, home, o.rows)
	if err != nil {
		return 0, err
	}
	server, err := startServer(ctx, binary, home)
	if err != nil {
		return 0, err
	}
	reader := pageReader{base: server.base, bearer: bearer}
	ratio, err := reader.depth(ctx)
	return ratio, errors.Join(err, server.stop())
}

// fillFile makes a tenant with one member and many tasks, and returns the member's token.
func fillFile(ctx context.Context, binary, home string, rows int) (bearer string, err error) {
	var made struct {
		ID string `json:"id"`
	}
	if err := command(ctx, binary, home, &made, "tenant", "create", "bench", "--format", "json"); err != nil {
		return "", err
	}
	err = command(ctx, binary, home, nil, "user", "create", "bench", "--tenant", "bench", "--role", "owner")
	if err != nil {
		return "", err
	}
	var issued struct {
		Access string `json:"access"`
	}
	if err := command(ctx, binary, home, &issued, "token", "issue", "--tenant", "bench", "--user", "bench", "--format", "json"); err != nil {
		return "", err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(home, "data", "tenants", made.ID+".db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, statement := range []string{
		"INSERT INTO projects (tenant_id, id, name, description, status, created_at, updated_at, version)" +
			" VALUES (?1, '" + numbered(projectPrefix, 0) + "', 'Project', '', 'active', 0, 0, 1)",
		fmt.Sprintf("WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < %d)"+
			" INSERT INTO tasks (tenant_id, id, project, title, description, status, priority, created_at, updated_at, version)"+
			" SELECT ?1, '%s' || (%d + n), '%s', 'Task ' || n, 'What is to be done', 'todo', 'medium', n * 60000000, n * 60000000, 1 FROM n",
			rows-1, taskPrefix, firstNumber, numbered(projectPrefix, 0)),
	} {
		if _, err := db.ExecContext(ctx, statement, made.ID); err != nil {
			return "", fmt.Errorf("fill the file of a tenant: %w", err)
		}
	}
	return issued.Access, nil
}

// command runs one command of the binary and reads its answer as JSON, where there is something to read it into.
func command(ctx context.Context, binary, home string, answer any, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // our own binary
	cmd.Dir = home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
	var said, complained tail
	cmd.Stdout, cmd.Stderr = &said, &complained
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w\n%s", args, err, &complained)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(said.text, answer)
}

// pageReader reads pages of one tenant's tasks.
type pageReader struct{ base, bearer string }

// page reads one page and returns the cursor of the next.
func (p pageReader) page(ctx context.Context, size int, cursor string) (took time.Duration, next string, err error) {
	params := url.Values{"page_size": {strconv.Itoa(size)}}
	if cursor != "" {
		params.Set("cursor", cursor)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/api/v1/tasks/?"+params.Encode(), nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+p.bearer)
	began := time.Now() //nolint:forbidigo // a stopwatch
	body, err := do(http.DefaultClient, req)
	took = time.Since(began)
	if err != nil {
		return 0, "", err
	}
	var answer struct {
		Next string `json:"next"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, "", err
	}
	link, err := url.Parse(answer.Next)
	if err != nil {
		return 0, "", err
	}
	return took, link.Query().Get("cursor"), nil
}

// depth returns what a page at the end takes against the first, by the medians of many, in turns.
func (p pageReader) depth(ctx context.Context) (float64, error) {
	deepest := ""
	for cursor := ""; ; deepest = cursor {
		_, next, err := p.page(ctx, 200, cursor)
		if err != nil {
			return 0, err
		}
		if next == "" {
			break
		}
		cursor = next
	}
	const pages, warm = 500, 50
	var first, deep []time.Duration
	for range pages {
		a, _, err := p.page(ctx, 20, "")
		if err != nil {
			return 0, err
		}
		b, _, err := p.page(ctx, 20, deepest)
		if err != nil {
			return 0, err
		}
		first, deep = append(first, a), append(deep, b)
	}
	return median(deep[warm:], milliseconds) / median(first[warm:], milliseconds), nil
}
