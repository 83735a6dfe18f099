package cli

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tenantry/tenantry/internal/doctor"
)

// keyFile is the generated signing key's name in the data directory.
const keyFile = "signing.key"

// keyHint says how to get a good key.
const keyHint = `32 random bytes at least, such as from "openssl rand -base64 48", or @FILE`

// signingKey returns the key that the settings name. Where they name none, development takes the one in the data
// directory and makes it at first; production refuses, since nodes that each make their own would refuse each
// other's tokens.
func (s *session) signingKey(storage Storage, tokens Tokens) ([]byte, error) {
	const flag = "jwt-signing-key"
	switch {
	case tokens.JWTSigningKey == "" && storage.Environment == Production:
		return nil, &usageError{"production needs --" + flag + ": " + keyHint}
	case tokens.JWTSigningKey == "":
		return s.generatedKey(string(storage.DataDir))
	}
	return s.goodKey(flag, tokens.JWTSigningKey, storage)
}

// keyEncryptionKey returns the key that the settings name; nil where they name none.
func (s *session) keyEncryptionKey(storage Storage, tokens Tokens) ([]byte, error) {
	if tokens.KeyEncryptionKey == "" {
		return nil, nil
	}
	return s.goodKey("key-encryption-key", tokens.KeyEncryptionKey, storage)
}

// goodKey returns the key that a flag names, and refuses a short one, and a weak one in production.
func (s *session) goodKey(flag string, given Secret, storage Storage) ([]byte, error) {
	source := s.vars.source(flag)
	key, err := s.namedKey(flag, given)
	if err != nil {
		return nil, err
	}
	if len(key) < minKey {
		return nil, &usageError{fmt.Sprintf("%s has %d bytes; it takes %s", source, len(key), keyHint)}
	}
	if fault := doctor.KeyFault(key); fault != "" && storage.Environment == Production {
		return nil, &usageError{source + " " + fault + "; production takes " + keyHint}
	}
	return key, nil
}

// keyPath returns the file that the signing key is in, empty where the settings have the key itself.
func (s *session) keyPath(storage Storage, tokens Tokens) string {
	file, isFile := strings.CutPrefix(string(tokens.JWTSigningKey), "@")
	switch {
	case isFile:
		return s.path(file)
	case tokens.JWTSigningKey == "" && storage.Environment != Production:
		return filepath.Join(s.path(string(storage.DataDir)), keyFile)
	default:
		return ""
	}
}

// namedKey returns the key that a flag names.
func (s *session) namedKey(flag string, given Secret) ([]byte, error) {
	file, isFile := strings.CutPrefix(string(given), "@")
	if !isFile {
		return []byte(given), nil
	}
	content, err := os.ReadFile(s.path(file))
	if err != nil {
		return nil, &problem{s.vars.source(flag) + ": the file " + file + " can't be read", reason(err)}
	}
	return withoutNewline(content), nil
}

func withoutNewline(content []byte) []byte {
	return []byte(strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"))
}

// generatedKey returns the key in the data directory and makes one where there is none.
func (s *session) generatedKey(dir string) ([]byte, error) {
	path := filepath.Join(s.path(dir), keyFile)
	key, err := readKey(path)
	if !missing(err) {
		return key, err
	}
	if err := s.dataDir(s.path(dir)); err != nil {
		return nil, err
	}
	if err := s.makeKey(path); err != nil {
		return nil, &problem{"the signing key " + path + " can't be made", reason(err)}
	}
	return readKey(path)
}

func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func readKey(path string) ([]byte, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a name of ours, in the data directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, &problem{"the signing key " + path + " can't be read", reason(err)}
	}
	key := withoutNewline(content)
	if len(key) < minKey {
		return nil, &problem{fmt.Sprintf("the signing key %s has %d bytes instead of %d or more; "+
			"put it back, or delete it to get a new one, which ends all tokens", path, len(key), minKey), nil}
	}
	return key, nil
}

// makeKey makes the file whole or not at all, and leaves the one that another process made in the meantime.
func (s *session) makeKey(path string) error {
	random := make([]byte, 48)
	if _, err := io.ReadFull(s.env.Random, random); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), keyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.WriteString(base64.StdEncoding.EncodeToString(random) + "\n")
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	switch err := os.Link(temporary.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil: // a file system without hard links
		if err := os.Rename(temporary.Name(), path); err != nil {
			return err
		}
	}
	s.note("made a random signing key", "file", path)
	return nil
}

// dataDir makes the data directory where it is missing and checks that it can be written.
func (s *session) dataDir(dir string) error {
	advice := "; make it writable or choose another with --data-dir"
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return &problem{"the data directory " + dir + " can't be made (" + reason(err).Error() + ")" + advice, nil}
		}
		s.note("made the data directory", "dir", dir)
	}
	probe, err := os.CreateTemp(dir, ".writable.*")
	if err != nil {
		return &problem{"the data directory " + dir + " can't be written (" + reason(err).Error() + ")" + advice, nil}
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}
