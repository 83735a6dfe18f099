package isolation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Patch makes the server wrong in one way; see overlay/README.md.
type Patch struct {
	Name, About, Kind string
	// Left is what of a layer's work others still do.
	Left string
	// Upon are the names of the patches that are applied first.
	Upon []string
	// Finds are the operations that attacks must name, Accepts those that may take a reference to nothing.
	Finds, Accepts []string
	// Spares are operations that need not leak, such as "getMe admin*", with the reason.
	Spares map[string]string
	// Units are the layer's own tests: a package and the name of a test.
	Units []Unit
	files []change
}

// Unit is a test that must fail.
type Unit struct{ Package, Test string }

// change is what one hunk does to a file.
type change struct{ file, before, after string }

// Patches reads all patches of the directory dir of fsys, in the order of their names.
func Patches(fsys fs.FS, dir string) ([]*Patch, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var out []*Patch
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		p, err := parse(strings.TrimSuffix(path.Base(name), ".patch"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func parse(name, text string) (*Patch, error) {
	p := &Patch{Name: name, Spares: map[string]string{}}
	head, body, found := strings.Cut("\n"+text, "\n--- ")
	if !found {
		return nil, errors.New("it changes no file")
	}
	for line := range strings.Lines(head) {
		if err := p.readHead(strings.TrimSpace(line)); err != nil {
			return nil, err
		}
	}
	for one := range strings.SplitSeq(body, "\n--- ") {
		file, hunks, _ := strings.Cut(one, "\n")
		for hunk := range strings.SplitSeq("\n"+hunks, "\n@@\n") {
			if strings.TrimSpace(hunk) == "" {
				continue
			}
			c, err := readHunk(file, hunk)
			if err != nil {
				return nil, err
			}
			p.files = append(p.files, c)
		}
	}
	if p.About == "" || p.Kind == "" || len(p.files) == 0 {
		return nil, errors.New("it takes a sentence, a kind and a change")
	}
	return p, nil
}

func (p *Patch) readHead(line string) error {
	key, value, found := strings.Cut(line, ": ")
	value, _, _ = strings.Cut(value, " #")
	switch {
	case line == "":
	case !found || strings.Contains(key, " "):
		p.About = strings.TrimSpace(p.About + " " + line)
	case key == "kind":
		p.Kind = value
	case key == "left":
		p.Left = value
	case key == "upon":
		p.Upon = strings.Fields(value)
	case key == "finds":
		p.Finds = append(p.Finds, strings.Fields(value)...)
	case key == "accepts":
		p.Accepts = append(p.Accepts, strings.Fields(value)...)
	case key == "spares":
		operations, reason, _ := strings.Cut(value, ": ")
		p.Spares[operations] = reason
	case key == "unit":
		pkg, test, _ := strings.Cut(value, " ")
		p.Units = append(p.Units, Unit{pkg, test})
	default:
		return fmt.Errorf("there is no key %q", key)
	}
	return nil
}

func readHunk(file, hunk string) (change, error) {
	var before, after strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(hunk, "\n") + "\n") {
		switch rest := line[1:]; line[0] {
		case ' ':
			before.WriteString(rest)
			after.WriteString(rest)
		case '-':
			before.WriteString(rest)
		case '+':
			after.WriteString(rest)
		case '\n':
			before.WriteString("\n")
			after.WriteString("\n")
		default:
			return change{}, fmt.Errorf("a line of a change begins with none of space, - and +: %q", line)
		}
	}
	return change{file: strings.TrimSpace(file), before: before.String(), after: after.String()}, nil
}

// Together returns the patch with those that it is applied upon, these first.
func Together(all []*Patch, p *Patch) ([]*Patch, error) {
	var out []*Patch
	for _, name := range p.Upon {
		at := slices.IndexFunc(all, func(other *Patch) bool { return other.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no patch %s", p.Name, name)
		}
		below, err := Together(all, all[at])
		if err != nil {
			return nil, err
		}
		for _, one := range below {
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	return append(out, p), nil
}

// Apply writes the changed files of the repository at root into dir, and returns the name of the file that tells the
// go command of them (-overlay). It fails where the code that a patch changes is not there, or more than once.
func Apply(root, dir string, patches []*Patch) (string, error) {
	texts := map[string]string{}
	for _, p := range patches {
		for _, c := range p.files {
			text, read := texts[c.file]
			if !read {
				content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.file))) //nolint:gosec // named by a patch of the repository
				if err != nil {
					return "", fmt.Errorf("%s: %w", p.Name, err)
				}
				text = string(content)
			}
			if n := strings.Count(text, c.before); n != 1 {
				return "", fmt.Errorf("%s: what it changes in %s is there %d times; bring the patch after the code:\n%s", p.Name, c.file, n, c.before)
			}
			texts[c.file] = strings.Replace(text, c.before, c.after, 1)
		}
	}
	return write(root, dir, texts)
}

func write(root, dir string, texts map[string]string) (string, error) {
	replace := map[string]string{}
	for i, file := range slices.Sorted(maps.Keys(texts)) {
		changed := filepath.Join(dir, fmt.Sprintf("%d-%s", i, path.Base(file)))
		if err := os.WriteFile(changed, []byte(texts[file]), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}
