package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNames finds what the pages name: `Function` in `path/file.go`, files of the repository, and links with their headings.
func TestNames(t *testing.T) {
	t.Parallel()
	function := regexp.MustCompile("`(\\w+)`\\s+in\\s+`([\\w/.]+\\.go)`")
	file := regexp.MustCompile("`((?:internal|test|examples|cmd)/[\\w/.]+)`")
	link := regexp.MustCompile(`\]\(([^):#]*)(?:#([^)]*))?\)`)
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
			target := name
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(name), filepath.FromSlash(found[1]))
				exists(t, name, target)
			}
			if found[2] != "" && !slices.Contains(anchors(page(t, target)), found[2]) {
				t.Errorf("%s: %s has no heading #%s", filepath.Base(name), filepath.Base(target), found[2])
			}
		}
	}
	if functions == 0 {
		t.Error("no page names a function")
	}
}

// anchors returns the page's headings as GitHub names them in links.
func anchors(content string) []string {
	var found []string
	dropped := regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(fence.ReplaceAllString(content, ""), -1) {
		found = append(found, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-"))
	}
	return found
}

func exists(t *testing.T, page, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("%s: there is no %s", filepath.Base(page), strings.TrimPrefix(path, root(t)))
	}
}
