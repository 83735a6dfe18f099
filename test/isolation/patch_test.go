package isolation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/test/isolation"
)

const root = "../.."

// TestPatchesApply holds all patches against the code that they change.
func TestPatchesApply(t *testing.T) {
	t.Parallel()
	all := patches(t)
	if len(all) == 0 {
		t.Fatal("there are no patches")
	}
	for _, p := range all {
		together, err := isolation.Together(all, p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := isolation.Apply(root, t.TempDir(), together); err != nil {
			t.Error(err)
		}
	}
}

func patches(t *testing.T) []*isolation.Patch {
	t.Helper()
	all, err := isolation.Patches(os.DirFS("."), "overlay")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAPatchThatNoLongerFitsFails(t *testing.T) {
	t.Parallel()
	const text = "It changes a line.\n\nkind: bug\n--- file.go\n@@\n the first\n-the second\n+another\n"
	for name, c := range map[string]struct{ file, want string }{
		"as it was": {"the first\nthe second\n", ""},
		"moved":     {"the first\nand more\nthe second\n", "there 0 times"},
		"twice":     {"the first\nthe second\nthe first\nthe second\n", "there 2 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, content := range map[string]string{"file.go": c.file, "a.patch": text} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := isolation.Patches(os.DirFS(dir), ".")
			if err != nil {
				t.Fatal(err)
			}
			_, err = isolation.Apply(dir, t.TempDir(), all)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
