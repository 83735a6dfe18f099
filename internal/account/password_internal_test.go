package account

import (
	"strings"
	"testing"
)

// reference was made by the reference implementation's command line: argon2 somesalt -id -t 2 -k 65536 -p 1.
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestHashesOfOthersMatch(t *testing.T) {
	t.Parallel()
	h := newHasher(Passwords{Time: 1, Memory: 64})
	if right, weak := h.match(reference, "password"); !right || !weak {
		t.Errorf("match = %v, %v, want true and weak, for its salt is short", right, weak)
	}
	if right, _ := h.match(reference, "Password"); right {
		t.Error("a wrong password matches")
	}
}

func TestEndlessPasswordsMatchNothing(t *testing.T) {
	t.Parallel()
	h := newHasher(Passwords{Time: 1, Memory: 64})
	long := strings.Repeat("x", maxPassword+1)
	for _, of := range []string{"", long} {
		if right, _ := h.match(h.hash(of), long); right {
			t.Errorf("matches the hash of %d bytes", len(of))
		}
	}
	if right, _ := h.match(h.hash(long[1:]), long[1:]); !right {
		t.Error("the longest password does not match")
	}
}

func TestWeak(t *testing.T) {
	t.Parallel()
	for p, want := range map[Passwords]bool{
		{}:                          false,
		{Time: 2, Memory: 19 << 10}: false,
		{Time: 1, Memory: 46 << 10}: false,
		{Time: 4, Memory: 10 << 10}: false,
		{Memory: 18 << 10}:          true,
		{Time: 1}:                   true,
		{Time: 1 << 31, Memory: 1}:  false,
	} {
		if got := p.Weak(); got != want {
			t.Errorf("%+v: %v", p, got)
		}
	}
}

func TestDefaultsAreTheRecommended(t *testing.T) {
	t.Parallel()
	h := newHasher(Passwords{})
	encoded := h.hash("password")
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s", encoded)
	}
	if right, weak := h.match(encoded, "password"); !right || weak {
		t.Errorf("match = %v, weak = %v", right, weak)
	}
	if again := h.hash("password"); again == encoded {
		t.Error("two hashes have one salt")
	}
}

func TestOnlyCanonicalHashesAreRead(t *testing.T) {
	t.Parallel()
	h := newHasher(Passwords{Time: 1, Memory: 64})
	good := h.hash("password")
	parts := strings.Split(good, "$")
	with := func(i int, text string) string {
		changed := append([]string(nil), parts...)
		changed[i] = text
		return strings.Join(changed, "$")
	}
	for name, bad := range map[string]string{
		"empty":               "",
		"plain password":      "password",
		"bcrypt":              "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":             with(1, "argon2i"),
		"old version":         with(2, "v=16"),
		"no version":          with(2, ""),
		"no memory":           with(3, "m=0,t=1,p=1"),
		"no time":             with(3, "m=64,t=0,p=1"),
		"no threads":          with(3, "m=64,t=1,p=0"),
		"all memory":          with(3, "m=4194304,t=1,p=1"),
		"all time":            with(3, "m=64,t=100000,p=1"),
		"many threads":        with(3, "m=64,t=1,p=255"),
		"negative":            with(3, "m=-64,t=1,p=1"),
		"overflow":            with(3, "m=64,t=1,p=257"),
		"other order":         with(3, "t=1,m=64,p=1"),
		"trailing parameter":  with(3, "m=64,t=1,p=1,x=1"),
		"short salt":          with(4, "AAAA"),
		"padded salt":         with(4, parts[4]+"=="),
		"short hash":          with(5, "AAAA"),
		"no hash":             with(5, ""),
		"line break in hash":  with(5, parts[5][:4]+"\n"+parts[5][4:]),
		"endless":             with(5, strings.Repeat("A", 600)),
		"something in front":  "x" + good,
		"something behind":    good + "$",
		"space in parameters": with(3, " m=64,t=1,p=1"),
	} {
		if d, ok := parseDigest(bad); ok {
			t.Errorf("%s: read as %+v", name, d)
		}
		if right, _ := h.match(bad, "password"); right {
			t.Errorf("%s: matches", name)
		}
		if right, _ := h.match(bad, ""); right {
			t.Errorf("%s: matches the empty password", name)
		}
	}
	if right, _ := h.match(good, "password"); !right {
		t.Error("the good hash does not match")
	}
}

// FuzzParseDigest checks that what is read is written the same way, within the bounds.
func FuzzParseDigest(f *testing.F) {
	f.Add(reference)
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, encoded string) {
		d, ok := parseDigest(encoded)
		if !ok {
			return
		}
		if d.String() != encoded || d.memory > maxMemory || d.time > maxTime || d.threads > maxThreads {
			t.Errorf("%q was read as %+v", encoded, d)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(Passwords{})
	b.ReportAllocs()
	for b.Loop() {
		h.hash("password")
	}
}
