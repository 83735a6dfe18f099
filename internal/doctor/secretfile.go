package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/tenantry/tenantry/internal/finding"
)

// The bits of a file's mode that let others in.
const (
	othersWrite = 0o002
	anybodyElse = 0o077
)

// checkSecretFiles looks at the modes of files with secrets. That others may read one is a warning, as containers
// mount secrets so where there are no others; that others may write one lets them choose the key.
func (s Settings) checkSecretFiles(context.Context) ([]finding.Finding, error) {
	if runtime.GOOS == "windows" { // where a mode says nothing
		return nil, nil
	}
	var out []finding.Finding
	for _, path := range s.SecretFiles {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("look at %s: %w", path, err)
		}
		mode, status := info.Mode().Perm(), finding.Warning
		if mode&othersWrite != 0 {
			status = finding.Critical
		}
		if mode&anybodyElse != 0 {
			out = append(out, finding.Finding{
				Status: status, Found: fmt.Sprintf("%s holds a secret and has the mode %04o: others than its owner get at it.", path, mode),
				Do: "chmod 600 " + path,
			})
		}
	}
	return out, nil
}

// checkTokensFile looks for what a start with sample data leaves behind.
func (s Settings) checkTokensFile() []finding.Finding {
	if !s.Production || s.TokensFile == "" {
		return nil
	}
	if _, err := os.Lstat(s.TokensFile); err != nil {
		return nil
	}
	return warn("%s holds passwords and tokens of sample users.", "Delete it, and the sample users where this database has them.", s.TokensFile)
}
