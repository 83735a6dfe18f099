package docs_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the answers that the pages show anew")

var fence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

var continues = regexp.MustCompile(`(?m)^<!-- continues (\w+\.md) -->$`)

// block is a fenced block of a page: what stands behind the fence, its text, and where the text is.
type block struct {
	kind, text string
	start, end int
}

func blocks(content string) []block {
	var found []block
	for _, at := range fence.FindAllStringSubmatchIndex(content, -1) {
		found = append(found, block{content[at[2]:at[3]], content[at[4]:at[5]], at[4], at[5]})
	}
	return found
}

// TestCommands runs, for each page, its blocks in their order in one empty directory beside this checkout, which is
// ../tenantry there:
//
//   - `sh server` starts a server, which takes the place of the page's earlier one, and `sh` must succeed.
//   - `sh machine` changes the machine itself, and so only its syntax is checked.
//   - `json` and `text` are what the block before prints; see answer_test.go. -update writes them anew.
//   - `go <file>` is that file.
//   - `sql` and `mermaid` are pictures. A block of any other kind has nobody who runs it, and is a mistake.
//
// A page that says `<!-- continues OTHER.md -->` goes on where the other one ends.
// Where a page speaks of a PostgreSQL, there is one, empty, and PGADMIN_URL is its superuser's URL.
func TestCommands(t *testing.T) {
	t.Parallel()
	binaries := t.TempDir()
	build(t, binaries, "tenantry", "./cmd/tenantry")
	if _, err := exec.LookPath("sqlite3"); err != nil {
		build(t, binaries, "sqlite3", "./test/docs/sqlite3")
	}
	ran := 0
	for _, name := range pages(t) {
		content := page(t, name)
		if len(blocks(content)) == 0 {
			continue
		}
		ran++
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			s := newShell(t, binaries)
			if strings.Contains(content, "PGADMIN_URL") {
				s.startPostgres(t)
			}
			if other := continues.FindStringSubmatch(content); other != nil {
				s.playAll(t, page(t, filepath.Join("docs", other[1])))
			}
			played := s.playAll(t, content)
			if *update && played != content {
				if err := os.WriteFile(name, []byte(played), 0o600); err != nil {
					t.Error(err)
				}
			}
			if filepath.Base(name) == examplesPage {
				s.stop()
				checkExamples(t, content, s.log.String(), operations(t, s.document(t)))
			}
		})
	}
	if ran == 0 {
		t.Error("no page has a block to run")
	}
}

func build(t *testing.T, dir, name, pkg string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), pkg)
	cmd.Dir, cmd.Env = root(t), append(os.Environ(), goSettings...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// playAll runs a page and returns it with the answers that it got.
func (s *shell) playAll(t *testing.T, content string) string {
	t.Helper()
	var played strings.Builder
	written, before := 0, block{}
	for _, b := range blocks(content) {
		text := s.play(t, before, b)
		played.WriteString(content[written:b.start])
		played.WriteString(text)
		written, before = b.end, b
	}
	return played.String() + content[written:]
}

// play runs one block and returns what it should be: itself, or what the server said.
func (s *shell) play(t *testing.T, before, b block) string {
	t.Helper()
	language, rest, _ := strings.Cut(b.kind, " ")
	switch {
	case b.kind == "sh server":
		s.serve(t, b.text)
	case b.kind == "sh machine":
		s.checkSyntax(t, b.text)
	case b.kind == "sh":
		s.run(t, b.text)
	case slices.Contains([]string{"json", "text"}, b.kind) && before.kind == "sh":
		return s.answer(t, before.text, b)
	case language == "go" && rest != "":
		path := filepath.Join(s.dir, filepath.FromSlash(rest))
		if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
			t.Error(err)
		}
	case b.kind == "mermaid":
		if strings.Contains(b.text, ";") {
			t.Errorf("a semicolon ends a statement of a picture, which is not drawn then:\n%s", b.text)
		}
	case b.kind == "sql":
	default:
		t.Errorf("nobody runs this block of the kind %q; an answer follows its `sh`:\n%s", b.kind, b.text)
	}
	return b.text
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
	return append(found, filepath.Join(root(t), "README.md"), filepath.Join(root(t), "SECURITY.md"))
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
