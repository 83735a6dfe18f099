package demo

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// File is the tokens file.
type File struct {
	BaseURL  string       `json:"base_url"`
	Operator Operator     `json:"operator"`
	Tenants  []FileTenant `json:"tenants"`
}

// Operator is the sample operator of the platform.
type Operator struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// FileTenant is one tenant; AccessToken is its owner's.
type FileTenant struct {
	ID          string     `json:"id"`
	Slug        string     `json:"slug"`
	Name        string     `json:"name"`
	Users       []FileUser `json:"users"`
	AccessToken string     `json:"access_token"`
}

// FileUser is one user of a tenant, with tokens for it.
type FileUser struct {
	ID           string `json:"id"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	Role         string `json:"role"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// write writes the file whole or not at all, for its owner's eyes alone, even where a file of the name was there
// with other rights. What is no file, such as /dev/null or a pipe, is written to and never replaced.
func (f *File) write(path string) error {
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if there, err := os.Stat(path); err == nil && !there.Mode().IsRegular() {
		return writeInto(path, append(content, '\n'))
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(append(content, '\n'))
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

func writeInto(path string, content []byte) error {
	device, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the file that whoever runs this has named
	if err != nil {
		return err
	}
	_, err = device.Write(content)
	return errors.Join(err, device.Close())
}
