package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/token"
)

// fakeKeys keeps keys in a slice, the configured one included.
type fakeKeys struct {
	keys    []account.Key
	rotated []string
}

func (f *fakeKeys) Keys(context.Context) ([]account.Key, error) {
	return append([]account.Key{{ID: "default", Algorithm: "HS256", State: account.Standby, Verifies: true}}, f.keys...), nil
}

func (f *fakeKeys) RotateKeys(_ context.Context, by account.By, algorithm string, activation time.Duration) (account.Key, error) {
	f.rotated = append(f.rotated, fmt.Sprint(by.Actor.Name, " ", algorithm, " ", activation))
	made := account.Key{
		ID: fmt.Sprint("kid", len(f.rotated)), Algorithm: algorithm, State: token.Next, Verifies: true, Public: `{"kty":"OKP"}`,
		CreatedAt: time.Unix(0, 0), Times: token.Times{ActivatesAt: time.Unix(0, 0).Add(activation)},
	}
	f.keys = append(f.keys, made)
	return made, nil
}

func (f *fakeKeys) RetireKey(_ context.Context, _ account.By, key string) error {
	for i := range f.keys {
		if f.keys[i].ID == key {
			f.keys[i].State, f.keys[i].Verifies, f.keys[i].RetiresAt = token.Retired, false, time.Unix(9, 0)
			return nil
		}
	}
	return fault.New(fault.NotFound, "There is no such key.")
}

func TestKeyCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.environ = []string{"TENANTRY_JWT_SIGNING_KEY=9f86d081884c7d659a2feaa0c55ad015"}
	b.run("keys", "list") // which says that it made the data directory
	const headings = "KID       ALGORITHM   STATE     VERIFIES   CREATED                CURRENT FROM           VERIFIES UNTIL\n"
	want := result{
		0, "KID    ALGORITHM   STATE   VERIFIES   CREATED                CURRENT FROM           VERIFIES UNTIL\n" +
			"kid1   EdDSA       next    yes        1970-01-01 00:00:00Z   1970-01-01 00:00:05Z   -\n", "",
	}
	if got := b.run("keys", "rotate"); got != want {
		t.Errorf("rotate: got %+v, want %+v", got, want)
	}
	if got := b.run("keys", "rotate", "--algorithm", "RS256", "--activate-in", "2m", "--format", "json"); got.code != 0 {
		t.Errorf("rotate: %+v", got)
	}
	if got := fmt.Sprint(b.fake.accounts.rotated); got != "[command line EdDSA 5s command line RS256 2m0s]" {
		t.Errorf("rotated %s", got)
	}
	want = result{0, "Key kid1 is retired; its tokens are refused.\n", ""}
	if got := b.run("keys", "retire", "kid1"); got != want {
		t.Errorf("retire: got %+v, want %+v", got, want)
	}
	want = result{
		0, headings +
			"default   HS256       standby   yes        -                      -                      -\n" +
			"kid1      EdDSA       retired   no         1970-01-01 00:00:00Z   1970-01-01 00:00:05Z   1970-01-01 00:00:09Z\n" +
			"kid2      RS256       next      yes        1970-01-01 00:00:00Z   1970-01-01 00:02:00Z   -\n", "",
	}
	if got := b.run("keys", "list"); got != want {
		t.Errorf("list: got %+v, want %+v", got, want)
	}
	var listed []map[string]any
	if err := json.Unmarshal([]byte(b.run("keys", "list", "--format", "json").out), &listed); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(listed[0]); got != "map[activates_at:<nil> algorithm:HS256 created_at:<nil> kid:default public:<nil> retires_at:<nil> state:standby verifies:true]" {
		t.Errorf("the secret as JSON: %s", got)
	}
	if got := fmt.Sprintln(listed[2]["public"], listed[2]["activates_at"]); got != "map[kty:OKP] 1970-01-01T00:02:00.000000Z\n" {
		t.Errorf("a pair as JSON: %s", got)
	}
	want = result{1, "", "tenantry: key kid9: There is no such key\n"}
	if got := b.run("keys", "retire", "kid9"); got != want {
		t.Errorf("retire: got %+v, want %+v", got, want)
	}
}

func TestKeyCommandsTakeTheKeysThatTheyNeed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.environ = []string{"TENANTRY_ENVIRONMENT=production"}
	for _, args := range [][]string{{"keys", "list"}, {"keys", "retire", "kid1"}} {
		b.run(args...)
		if got := b.fake.settings.Tokens; !got.Throwaway || got.Sealing != nil {
			t.Errorf("%v takes keys: %+v", args, got)
		}
	}
	if got := b.run("keys", "rotate"); got.code != 2 || !strings.Contains(got.errors, "production needs --jwt-signing-key") {
		t.Errorf("got %+v", got)
	}
	b.environ = append(b.environ, "TENANTRY_JWT_SIGNING_KEY=9f86d081884c7d659a2feaa0c55ad015")
	b.run("keys", "rotate")
	if got := b.fake.settings.Tokens; got.Throwaway || got.Sealing != nil {
		t.Errorf("without a key-encryption key: %+v", got)
	}
	const sealing = "60303ae22b998861bce3b28f33eec1be"
	b.run("keys", "rotate", "--key-encryption-key", sealing)
	if got := b.fake.settings.Tokens; string(got.Sealing) != sealing {
		t.Errorf("with one: %+v", got)
	}
}

func TestKeysThatDoNotOpenAreNoFailureOfTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.refusal = fault.New(fault.Conflict, "A signing key can't be opened.")
	got := b.run("serve", "--jwt-signing-key", "9f86d081884c7d659a2feaa0c55ad015")
	if got.code != 1 || !strings.HasSuffix(got.errors, "tenantry: the keys in embedded SQLite in ./data: A signing key can't be opened\n") || b.fake.closed != 1 {
		t.Errorf("got %+v, closed %d times", got, b.fake.closed)
	}
}
