package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDotenv(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, content, want string }{
		{"plain", "A=1", "1"},
		{"no value", "A=", ""},
		{"spaces around", "  A = 1 2  ", "1 2"},
		{"export", "export A=1", "1"},
		{"export with a tab", "export\tA=1", "1"},
		{"windows lines", "A=1\r\n", "1"},
		{"byte order mark is cut by the reader, not here", "A=1\n\n", "1"},
		{"a comment", "# B=2\nA=1 # one", "1"},
		{"a hash inside a word", "A=a#b", "a#b"},
		{"a value that is a comment", "A=#b", ""},
		{"single quotes keep everything", `A=' $x \n # " '`, ` $x \n # " `},
		{"double quotes with escapes", `A="a\tb\n\"\\\$ # c\d" # more`, "a\tb\n\"\\$ # c\\d"},
		{"an equals sign in the value", "A=b=c==", "b=c=="},
		{"the last one counts", "A=1\nA=2", "2"},
		{"nothing is expanded", "A=$HOME", "$HOME"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found, err := parseDotenv(".env", test.content)
			if err != nil {
				t.Fatal(err)
			}
			last := found[len(found)-1]
			if last.name != "A" || last.value != test.want {
				t.Errorf("got %q = %q, want A = %q", last.name, last.value, test.want)
			}
		})
	}
}

func TestParseDotenvNamesFileAndLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, line, want string }{
		{"no equals sign", "hunter2", ".env:2 is not NAME=value"},
		{"no name", "=hunter2", ".env:2 is not NAME=value"},
		{"a name with a hyphen", "A-B=hunter2", ".env:2 is not NAME=value"},
		{"a name that begins with a digit", "1A=hunter2", ".env:2 is not NAME=value"},
		{"two words before the equals sign", "set A=hunter2", ".env:2 is not NAME=value"},
		{"no closing quote", `A="hunter2`, ".env:2: the value of A has no closing quote on its line"},
		{"an escaped closing quote", `A="hunter2\"`, ".env:2: the value of A has no closing quote on its line"},
		{"more after the quote", `A='hunter2' x`, ".env:2: the value of A goes on after its closing quote"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseDotenv(".env", "# first\n"+test.line)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if exitCode(err) != exitUsage || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("exit code %d, message %q", exitCode(err), err)
			}
		})
	}
}

func TestReadDotenv(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if found, err := readDotenv(filepath.Join(dir, "none")); err != nil || len(found) != 0 {
		t.Errorf("a missing file: %v, %v", found, err)
	}
	if found, err := readDotenv(dir); err != nil || len(found) != 0 {
		t.Errorf("a folder: %v, %v", found, err)
	}
	path := filepath.Join(dir, ".env")
	if err := os.WriteFile(path, []byte("\ufeffA=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := readDotenv(path)
	if err != nil || len(found) != 1 || found[0].source() != "A (.env:1)" {
		t.Errorf("a file with a byte order mark: %v, %v", found, err)
	}
}
