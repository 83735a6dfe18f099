package issuer

import (
	"errors"
	"fmt"
	"strings"
)

// Form is how an issuer is written in a setting.
const Form = "URL,audience=NAME,tenant=CLAIM[,user=CLAIM][,algorithms=NAME|…][,tenants=SLUG|…|*][,join=ROLE][,username=CLAIM][,scopes=ignore][,dangerously-private]"

// UnmarshalText implements encoding.TextUnmarshaler; see Form. A word that is unknown, twice or empty is an error.
func (i *Issuer) UnmarshalText(text []byte) error {
	words := strings.Split(string(text), ",")
	read := Issuer{URL: words[0]}
	if shown(read.URL) != read.URL { // then the text is not for printing
		return errors.New("an issuer's URL has no password in it; it takes " + Form)
	}
	seen := map[string]bool{}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		if seen[name] {
			return fmt.Errorf("%q says %s twice", text, name)
		}
		seen[name] = true
		if err := read.set(name, value, word); err != nil {
			return fmt.Errorf("%q: %w; it takes %s", text, err, Form)
		}
	}
	if err := read.check(); err != nil {
		return fmt.Errorf("%q: %s; it takes %s", text, strings.ReplaceAll(err.Error(), "\n", "; "), Form)
	}
	*i = read
	return nil
}

func (i *Issuer) set(name, value, word string) error {
	const private = "dangerously-private"
	if name == private && word == private {
		i.DangerouslyPrivate = true
		return nil
	}
	texts := map[string]*string{
		"audience": &i.Audience, "tenant": &i.TenantClaim, "user": &i.UserClaim, "username": &i.UsernameClaim, "join": &i.Join,
	}
	lists := map[string]*[]string{"algorithms": &i.Algorithms, "tenants": &i.Tenants}
	text, list := texts[name], lists[name]
	switch {
	case text == nil && list == nil && name != "scopes":
		return fmt.Errorf("%q is unknown", word)
	case value == "":
		return fmt.Errorf("%s is empty", name)
	case text != nil:
		*text = value
	case list != nil:
		*list = strings.Split(value, "|")
	case value != "ignore":
		return errors.New("scopes takes ignore")
	default:
		i.IgnoreScopes = true
	}
	return nil
}
