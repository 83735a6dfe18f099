package pkgdoc_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// skipped are folders with no packages of the module in them.
var skipped = map[string]bool{"testdata": true, "tools": true, "ui": true, "node_modules": true, "data": true}

func TestEveryPackageHasOnePackageComment(t *testing.T) {
	t.Parallel()
	commented := map[string][]string{} // files with a package comment, by folder
	err := filepath.WalkDir(moduleRoot(t), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (skipped[entry.Name()] || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		commented[dir] = append(commented[dir], nil...)
		if file.Doc != nil && file.Doc.Text() != "" {
			commented[dir] = append(commented[dir], filepath.Base(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, files := range commented {
		if len(files) != 1 {
			t.Errorf("%s: want one package comment, got %d %v", dir, len(files), files)
		}
	}
}

// moduleRoot is the folder of the go.mod above this test.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this test")
		}
		dir = filepath.Dir(dir)
	}
}
