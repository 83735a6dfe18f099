package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var block = regexp.MustCompile("(?ms)^```((?:sh|go)[^\n]*)\n(.*?)^```$")

// TestCommands runs, for each page, its blocks in their order in one empty directory beside this checkout, which is
// ../tenantry there: `sh server` starts a server, which takes the place of the page's earlier one, `sh` must succeed,
// and `go <file>` is that file. A block with any other word is not run here. Where a page speaks of a PostgreSQL, there
// is one, empty, and PGADMIN_URL is its superuser's URL.
func TestCommands(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "tenantry")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/tenantry")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ran := 0
	for _, name := range pages(t) {
		content := page(t, name)
		blocks := block.FindAllStringSubmatch(content, -1)
		if len(blocks) == 0 {
			continue
		}
		ran++
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			s := newShell(t, binary)
			if strings.Contains(content, "PGADMIN_URL") {
				s.startPostgres(t)
			}
			for _, b := range blocks {
				s.play(t, b[1], b[2])
			}
		})
	}
	if ran == 0 {
		t.Error("no page has a block to run")
	}
}

func (s *shell) play(t *testing.T, kind, text string) {
	t.Helper()
	file, isFile := strings.CutPrefix(kind, "go ")
	switch {
	case kind == "sh server":
		s.serve(t, text)
	case kind == "sh":
		s.run(t, text)
	case isFile:
		path := filepath.Join(s.dir, filepath.FromSlash(file))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// pages returns the files of the documentation.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(found, filepath.Join(root(t), "README.md"))
}

// page returns a file's text; its name is absolute or counts from the root.
func page(t *testing.T, name string) string {
	t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(root(t), name)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
