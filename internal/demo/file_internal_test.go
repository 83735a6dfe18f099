package demo

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWriteReplacesFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&File{}).write(path); err != nil {
		t.Fatal(err)
	}
	if there, err := os.Stat(path); err != nil || there.Mode().Perm() != 0o600 || there.Size() < 10 {
		t.Errorf("the file is %v, %v", there, err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		content, _ := os.ReadFile(pipe)
		read <- string(content)
	}()
	if err := (&File{}).write(pipe); err != nil {
		t.Fatal(err)
	}
	if got := <-read; len(got) < 10 {
		t.Errorf("the pipe carried %q", got)
	}
	if there, err := os.Stat(pipe); err != nil || there.Mode().IsRegular() {
		t.Errorf("the pipe became %v, %v", there, err)
	}
}
