package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNames finds what the pages name: `Function` in `path/file.go`, files of the repository, and links.
func TestNames(t *testing.T) {
	t.Parallel()
	function := regexp.MustCompile("`(\\w+)`\\s+in\\s+`([\\w/.]+\\.go)`")
	file := regexp.MustCompile("`((?:internal|test|examples|cmd)/[\\w/.]+)`")
	link := regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)
	functions := 0
	for _, name := range pages(t) {
		text := page(t, name)
		for _, found := range function.FindAllStringSubmatch(text, -1) {
			functions++
			declared := regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?` + found[1] + `[\[(]`)
			if !declared.MatchString(page(t, found[2])) {
				t.Errorf("%s: there is no %s in %s", filepath.Base(name), found[1], found[2])
			}
		}
		for _, found := range file.FindAllStringSubmatch(text, -1) {
			exists(t, name, filepath.Join(root(t), filepath.FromSlash(found[1])))
		}
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			exists(t, name, filepath.Join(filepath.Dir(name), filepath.FromSlash(found[1])))
		}
	}
	if functions == 0 {
		t.Error("no page names a function")
	}
}

func exists(t *testing.T, page, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("%s: there is no %s", filepath.Base(page), strings.TrimPrefix(path, root(t)))
	}
}
