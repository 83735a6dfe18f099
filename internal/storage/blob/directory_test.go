package blob_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/blob"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

func open(t *testing.T, dir string) *blob.Directory {
	t.Helper()
	d, err := blob.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	storagetest.RunBucket(t, func(t *testing.T) storage.Bucket {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "made", "here"))
	})
}

func TestDirectoryKeepsFilesToItsOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := storage.FilePrefix(tenant.NewID(), id.New()) + id.New().String()
	if err := open(t, dir).Write(t.Context(), key, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	for at := filepath.Join(dir, key); at != dir; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", at, info.Mode(), err)
		}
	}
}

func TestDirectoryLeavesNoEmptyDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, prefix := open(t, dir), storage.FilePrefix(tenant.NewID(), id.New())
	key := prefix + id.New().String()
	if err := d.Write(t.Context(), key, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, prefix)); !os.IsNotExist(err) {
		t.Errorf("the record's directory is still there: %v", err)
	}
}

// TestDirectoryTakesManyWhileItEmpties has directories made by some while others remove them, being the last to leave.
func TestDirectoryTakesManyWhileItEmpties(t *testing.T) {
	t.Parallel()
	d, prefix := open(t, t.TempDir()), storage.FilePrefix(tenant.NewID(), id.New())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				key := prefix + id.New().String()
				if err := errors.Join(d.Write(t.Context(), key, strings.NewReader("x")), d.Delete(t.Context(), key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDirectoryFollowsNoLinkOutside(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	d := open(t, dir)
	for _, key := range []string{"a/secret", "../" + filepath.Base(outside) + "/secret", secret} {
		if _, err := d.Open(t.Context(), key); err == nil {
			t.Errorf("%q was opened", key)
		}
		if err := d.Write(t.Context(), key, strings.NewReader("x")); err == nil {
			t.Errorf("%q was written", key)
		}
		_ = d.Delete(t.Context(), key)
	}
	if content, err := os.ReadFile(secret); err != nil || string(content) != "s" {
		t.Errorf("the file outside: %q, %v", content, err)
	}
}

func TestDirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.OpenDirectory(filepath.Join(file, "x")); err == nil || !strings.Contains(err.Error(), "choose one") {
		t.Errorf("the error says nothing of use: %v", err)
	}
}
