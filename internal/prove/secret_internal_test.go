package prove

import (
	"encoding/base64"
	"testing"
)

func TestSecretsAreFoundInWhateverForm(t *testing.T) {
	t.Parallel()
	victim := &side{letter: "b", maker: &maker{mark: "qzqzqzq"}}
	for name, c := range map[string]struct {
		body  string
		found bool
	}{
		"a text with the mark":         {`{"title":"qzqzqzq-1"}`, true},
		"in capitals":                  {`{"title":"QZQZQZQ-1"}`, true},
		"a cursor that holds the text": {`{"next":"` + base64.RawURLEncoding.EncodeToString([]byte(`["about qzqzqzq-1",7]`)) + `"}`, true},
		"a cursor that does not":       {`{"next":"` + base64.RawURLEncoding.EncodeToString([]byte(`["about something else",7]`)) + `"}`, false},
		"a text without it":            {`{"title":"mine"}`, false},
	} {
		if got := len(newSecrets().in(answer{body: []byte(c.body)}, victim, nil)) > 0; got != c.found {
			t.Errorf("%s: found %v", name, got)
		}
	}
}
