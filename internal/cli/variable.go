package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// prefix begins the names of all settings in the environment.
const prefix = "TENANTRY_"

// testPrefix begins the names of what only Tenantry's own tests read.
const testPrefix = prefix + "TEST_"

// variables are the settings from the environment and, below them, from the .env file.
type variables struct {
	byName map[string]variable
	// used says for each flag that was set by a variable which one.
	used map[string]variable
}

func readVariables(env Environment) (*variables, error) {
	vars := &variables{byName: map[string]variable{}, used: map[string]variable{}}
	fromFile, err := readDotenv(filepath.Join(env.Dir, ".env"))
	if err != nil {
		return nil, err
	}
	for _, v := range fromFile {
		vars.byName[v.name] = v
	}
	for _, pair := range env.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			vars.byName[name] = variable{name: name, value: value}
		}
	}
	return vars, nil
}

// variableOf returns the name of the variable that sets the flag, empty for a flag that is no setting. Flags in a
// group are settings; the others, such as --format, belong to one call.
func variableOf(flag *kong.Flag) string {
	if flag.Group == nil {
		return ""
	}
	return prefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

// Validate implements kong.Resolver.
func (*variables) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver: kong asks for the flags that the command line left out. A variable that is set
// to nothing is as good as unset, but hides the one in the .env file.
func (v *variables) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	found, ok := v.byName[variableOf(flag)]
	if !ok || found.value == "" {
		return nil, nil //nolint:nilnil // kong's way to say that there is no value
	}
	v.used[flag.Name] = found
	return found.value, nil
}

// source returns how the flag was set: the variable's name, or the flag's own.
func (v *variables) source(flag string) string {
	if used, ok := v.used[flag]; ok {
		return used.source()
	}
	return "--" + flag
}

// secretInFile reports whether the .env file holds a key or a password.
func (v *variables) secretInFile() bool {
	for name, found := range v.byName {
		if found.file == "" {
			continue
		}
		switch strings.TrimPrefix(name, prefix) {
		case "JWT_SIGNING_KEY", "CONTEXT_KEY", "PREVIOUS_CONTEXT_KEY", "OPERATOR_PASSWORD":
			if found.value != "" && found.value != proofsOff && !strings.HasPrefix(found.value, "@") {
				return true
			}
		case "DATABASE_URL", "MIGRATION_URL", "REDIS_URL":
			if len(DatabaseURL(found.value).secrets()) > 0 {
				return true
			}
		}
	}
	return false
}

// unknown returns a warning for each variable with our prefix that sets nothing: likely a misspelt one.
func (v *variables) unknown(model *kong.Application) []string {
	known := settingNames(model.Node)
	var warnings []string
	for name, found := range v.byName {
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(known, name) {
			continue
		}
		warning := found.source() + " is not a setting and is ignored"
		if near := nearest(name, known); near != "" {
			warning += "; did you mean " + near + "?"
		}
		warnings = append(warnings, warning)
	}
	slices.Sort(warnings)
	return warnings
}

func settingNames(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		if name := variableOf(flag); name != "" {
			names = append(names, name)
		}
	}
	for _, child := range node.Children {
		names = append(names, settingNames(child)...)
	}
	return names
}

// nearest returns the name that is closest to the wanted one, empty where none is close enough to be meant.
func nearest(wanted string, names []string) string {
	best, found := 4, ""
	for _, name := range names {
		if d := distance(wanted, name); d < best {
			best, found = d, name
		}
	}
	return found
}

// distance counts the letters to insert, delete or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
