package token_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/token"
)

// refuse checks that the raw token opens nothing, with the message that says nothing.
func refuse(t *testing.T, a *token.Authority, raw string, want token.Type) {
	t.Helper()
	_, err := a.Verify(raw, want)
	wantCode(t, err, fault.TokenInvalid)
	if message := fault.From(err).Message; message != "The token is not valid." {
		t.Errorf("message = %q tells the attacker more", message)
	}
}

// TestClaimsAreRefused signs each payload with the right keys, so that the claims alone are at fault.
func TestClaimsAreRefused(t *testing.T) {
	t.Parallel()
	ok := minted()
	cases := map[string]any{
		"no iss":              ok.without("iss"),
		"wrong iss":           ok.with("iss", "multitenant-api.example"),
		"no aud":              ok.without("aud"),
		"wrong aud":           ok.with("aud", "platform"),
		"aud without ours":    ok.with("aud", []string{"a", "b"}),
		"aud of operators":    ok.with("aud", "multitenant-api-operators"),
		"aud of both":         ok.with("aud", []string{"multitenant-api", "multitenant-api-operators"}),
		"aud empty array":     ok.with("aud", []string{}),
		"aud null":            ok.with("aud", nil),
		"aud number in array": ok.with("aud", []any{"multitenant-api", 1}),
		"aud object":          ok.with("aud", object{"multitenant-api": true}),
		"no sub":              ok.without("sub"),
		"sub no uuid":         ok.with("sub", "1").with("user_id", "1"),
		"sub zero":            ok.with("sub", zeroID).with("user_id", zeroID),
		"sub number":          ok.with("sub", 1),
		"user_id another":     ok.with("user_id", another),
		"user_id empty":       ok.with("user_id", ""),
		"tenant missing":      ok.without("tenant"),
		"tenant empty":        ok.with("tenant", ""),
		"tenant null":         ok.with("tenant", nil),
		"tenant array":        ok.with("tenant", []string{home.String()}),
		"tenant object":       ok.with("tenant", object{"id": home.String()}),
		"tenant number":       ok.with("tenant", 1),
		"tenant true":         ok.with("tenant", true),
		"tenant slug":         ok.with("tenant", "acme"),
		"tenant zero":         ok.with("tenant", zeroID),
		"tenant braces":       ok.with("tenant", "{"+home.String()+"}"),
		"tenant urn":          ok.with("tenant", "urn:uuid:"+home.String()),
		"tenant space":        ok.with("tenant", " "+home.String()),
		"tenant newline":      ok.with("tenant", home.String()+"\n"),
		"tenant star":         ok.with("tenant", "*"),
		"tenant in capitals":  ok.without("tenant").with("Tenant", home.String()),
		"tenant_id alone":     ok.without("tenant").with("tenant_id", home.String()),
		"no token_type":       ok.without("token_type"),
		"token_type unknown":  ok.with("token_type", "id"),
		"token_type capitals": ok.with("token_type", "Access"),
		"refresh as access":   ok.with("token_type", "refresh").with("sid", family.String()),
		"no exp":              ok.without("exp"),
		"exp null":            ok.with("exp", nil),
		"exp string":          ok.with("exp", "99999999999"),
		"exp negative":        ok.with("exp", -1),
		"exp zero":            ok.with("exp", 0).with("token_type", "x"),
		"exp too large":       ok.with("exp", 1e18),
		"exp array":           ok.with("exp", []int{2}),
		"nbf in the future":   ok.with("nbf", start.Unix()+1),
		"nbf string":          ok.with("nbf", "0"),
		"nbf null":            ok.with("nbf", nil),
		"iat in the future":   ok.with("iat", start.Unix()+1),
		"iat string":          ok.with("iat", "0"),
		"no jti":              ok.without("jti"),
		"jti empty":           ok.with("jti", ""),
		"jti null":            ok.with("jti", nil),
		"jti number":          ok.with("jti", 7),
		"jti too long":        ok.with("jti", strings.Repeat("j", 256)),
		"sid no uuid":         ok.with("sid", "family"),
		"sid empty":           ok.with("sid", ""),
		"kind unknown":        ok.with("kind", "operator"),
		"kind system":         ok.with("kind", "system"),
		"act without sub":     ok.with("act", object{}),
		"act string":          ok.with("act", another),
		"scope array":         ok.with("scope", []string{"read"}),
		"role number":         ok.with("role", 4),
		"payload array":       []any{ok},
		"payload empty":       "",
		"payload null":        "null",
		"payload not JSON":    "tenant",
		"two payloads":        `{}{}`,
		"invalid UTF-8":       strings.Replace(asText(t, ok), "member", "mem\xffber", 1),
		"tenant twice":        strings.Replace(asText(t, ok), `{`, `{"tenant":"`+another+`",`, 1),
		"tenant twice, same":  strings.Replace(asText(t, ok), `{`, `{"tenant":"`+home.String()+`",`, 1),
		"tenant twice, escaped": strings.Replace(asText(t, ok), `{`,
			`{"`+`\u0074enant":"`+another+`",`, 1),
		"exp twice":         strings.Replace(asText(t, ok), `{`, `{"exp":99999999999,`, 1),
		"exp overflowing":   strings.Replace(asText(t, ok), `{`, `{"x":1e999,"exp":1e999,`, 1),
		"duplicates nested": ok.with("act", json.RawMessage(`{"sub":"`+another+`","sub":"`+user.String()+`"}`)),
	}
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			if _, err := a.Verify(f.forge(t, f.header, ok), token.Access); err != nil {
				t.Fatal(err)
			}
			for name, payload := range cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					refuse(t, a, f.forge(t, f.header, payload), token.Access)
				})
			}
		})
	}
}

const zeroID = "00000000-0000-0000-0000-000000000000"

func asText(t *testing.T, o object) string {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestHeadersAreRefused signs each with the right keys.
func TestHeadersAreRefused(t *testing.T) {
	t.Parallel()
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			for name, header := range wrongHeaders(t, f) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					refuse(t, a, f.forge(t, header, minted()), token.Access)
				})
			}
		})
	}
}

func wrongHeaders(t *testing.T, f forger) map[string]any {
	t.Helper()
	ok := f.header
	cases := map[string]any{
		"no alg":             ok.without("alg"),
		"alg in capitals":    ok.with("Alg", f.name).without("alg"),
		"alg array":          ok.with("alg", []string{f.name}),
		"alg null":           ok.with("alg", nil),
		"empty kid":          ok.with("kid", ""),
		"short kid":          ok.with("kid", "1"),
		"default as kid":     ok.with("kid", "default"),
		"kid unknown":        ok.with("kid", strings.Repeat("A", 43)),
		"kid not canonical":  ok.with("kid", strings.Repeat("A", 42)+"B"),
		"path as kid":        ok.with("kid", "../../dev/null"),
		"long path as kid":   ok.with("kid", "../../../../../../../../../../../../dev/null"),
		"url as kid":         ok.with("kid", "https://attacker.example/key"),
		"sql as kid":         ok.with("kid", "' UNION SELECT 'x"),
		"number as kid":      ok.with("kid", 0),
		"array as kid":       ok.with("kid", []string{"default"}),
		"embedded jwk":       ok.with("jwk", object{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString([]byte(secret))}),
		"null jwk":           ok.with("jwk", nil),
		"jku":                ok.with("jku", "https://attacker.example/jwks.json"),
		"x5u":                ok.with("x5u", "https://attacker.example/cert.pem"),
		"x5c":                ok.with("x5c", []string{"MIIB"}),
		"unknown crit":       ok.with("crit", []string{"exp"}).with("exp", 1),
		"empty crit":         ok.with("crit", []string{}),
		"crit b64":           ok.with("crit", []string{"b64"}).with("b64", true),
		"b64":                ok.with("b64", false),
		"zip":                ok.with("zip", "DEF"),
		"typ of refresh":     ok.with("typ", "rt+jwt"),
		"typ of an id token": ok.with("typ", "id+jwt"),
		"typ number":         ok.with("typ", 1),
		"header array":       []any{ok},
		"header empty":       "",
		"header not JSON":    "alg",
		"alg twice":          `{"alg":"none",` + asText(t, ok)[1:],
		"typ twice":          `{"typ":"JWT",` + asText(t, ok)[1:],
		"kid twice":          `{"kid":"",` + asText(t, ok.with("kid", ""))[1:],
	}
	for _, name := range []string{
		"none", "None", "NONE", "nOnE", "", strings.ToLower(f.name), "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
		"ES256", "ES256K", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448", "dir",
	} {
		if name != f.name {
			cases["alg "+name] = ok.with("alg", name)
		}
	}
	for _, other := range forgers(t) {
		if other.name == f.name {
			continue
		}
		kid, named := other.header["kid"]
		swapped := ok.with("kid", kid)
		if !named {
			swapped = ok.without("kid")
		}
		cases["kid of "+other.name] = swapped
		cases["kid and alg of "+other.name] = swapped.with("alg", other.name)
	}
	return cases
}

// TestSignaturesAreRefused takes tokens that say the right things and were not signed by us.
func TestSignaturesAreRefused(t *testing.T) {
	t.Parallel()
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			good := f.forge(t, f.header, minted())
			if _, err := a.Verify(good, token.Access); err != nil { // so that it is remembered
				t.Fatal(err)
			}
			for name, raw := range wrongSignatures(t, f, good) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					refuse(t, a, raw, token.Access)
					refuse(t, a, raw, token.Refresh)
				})
			}
		})
	}
}

func wrongSignatures(t *testing.T, f forger, good string) map[string]string {
	t.Helper()
	parts := strings.Split(good, ".")
	edited := encode(t, minted().with("tenant", another))
	cases := map[string]string{
		"none without signature": encode(t, f.header.with("alg", "none")) + "." + parts[1] + ".",
		"none with signature":    encode(t, f.header.with("alg", "none")) + "." + parts[1] + "." + parts[2],
		"none, no kid":           encode(t, object{"alg": "none", "typ": "JWT"}) + "." + parts[1] + ".",
		"edited payload":         parts[0] + "." + edited + "." + parts[2],
		"edited header":          encode(t, f.header.with("x", "y")) + "." + parts[1] + "." + parts[2],
		"no signature":           parts[0] + "." + parts[1] + ".",
		"signature of zeros":     parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"half a signature":       parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])/2/4*4],
		"no header":              "." + parts[1] + "." + parts[2],
		"no payload":             parts[0] + ".." + parts[2],
		"detached payload":       f.seal(t, parts[0]+"."),
		"two parts":              parts[0] + "." + parts[1],
		"one part":               parts[1],
		"four parts":             good + ".x",
		"five parts, a JWE":      strings.Join([]string{encode(t, object{"alg": "dir", "enc": "A256GCM"}), "", "AAAA", "AAAA", "AAAA"}, "."),
		"JSON serialization":     `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"empty":                  "",
		"dots":                   "..",
		"leading space":          " " + good,
		"trailing space":         good + " ",
		"trailing newline":       good + "\n",
		"newline inside":         parts[0] + ".\n" + parts[1] + "." + parts[2],
		"newline in signature":   parts[0] + "." + parts[1] + "." + parts[2][:5] + "\r\n" + parts[2][5:],
		"tab inside":             parts[0] + "\t." + parts[1] + "." + parts[2],
		"with padding":           good + "=",
		"standard alphabet":      strings.NewReplacer("-", "+", "_", "/").Replace(good) + "+",
		"loose bits at the end":  good[:len(good)-1] + string(next(good[len(good)-1])),
		"Bearer in front":        "Bearer " + good,
		"oversized":              f.forge(t, f.header, minted().with("pad", strings.Repeat("x", 8192))),
		"not ASCII":              parts[0] + "." + parts[1] + "é." + parts[2],
		"zero byte":              good + "\x00",
	}
	for _, other := range forgers(t) {
		if other.name != f.name {
			cases["signed by "+other.name] = other.forge(t, f.header, minted())
		}
	}
	return cases
}

func TestSignaturesOfOtherSecretsAreRefused(t *testing.T) {
	t.Parallel()
	a, _ := ring(t)
	for name, raw := range map[string]string{
		"another key":         forge(t, strings.ToUpper(secret), plain(), minted()),
		"the key's beginning": forge(t, secret[:32], plain(), minted()),
		"empty key":           forge(t, "", plain(), minted()),
		"signature of HS512":  parts512(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuse(t, a, raw, token.Access)
		})
	}
}

// next returns a character whose value differs in the lowest bit, which a 32-byte signature leaves unused.
func next(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func parts512(t *testing.T) string {
	t.Helper()
	signed := encode(t, plain().with("alg", "HS512")) + "." + encode(t, minted())
	mac := hmac.New(sha512.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestTypesDoNotPassForEachOther(t *testing.T) {
	t.Parallel()
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			asRefresh := minted().with("token_type", "refresh").with("sid", family.String())
			access := f.forge(t, f.header, minted())
			refresh := f.forge(t, f.header.with("typ", "rt+jwt"), asRefresh)
			for range 2 {
				refuse(t, a, access, token.Refresh)
				refuse(t, a, refresh, token.Access)
				if _, err := a.Verify(access, token.Access); err != nil {
					t.Error(err)
				}
				if _, err := a.Verify(refresh, token.Refresh); err != nil {
					t.Error(err)
				}
			}
			for name, raw := range map[string]string{
				"typ of a client's token": f.forge(t, f.header.with("typ", "JWT"), asRefresh),
				"no typ":                  f.forge(t, f.header.without("typ"), asRefresh),
				"typ of access":           f.forge(t, f.header.with("typ", "at+jwt"), asRefresh),
				"no family":               f.forge(t, f.header.with("typ", "rt+jwt"), asRefresh.without("sid")),
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					refuse(t, a, raw, token.Refresh)
				})
			}
		})
	}
}

func TestExpiredIsSaidOfGoodTokensAlone(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	past := minted().with("exp", start.Unix()-1)
	_, err := a.Verify(forge(t, secret, plain(), past), token.Access)
	wantCode(t, err, fault.TokenExpired)
	refuse(t, a, forge(t, secret, plain(), past), token.Refresh)
	refuse(t, a, forge(t, secret, plain(), past.with("tenant", "")), token.Access)
	refuse(t, a, forge(t, secret, plain(), past.with("aud", "x")), token.Access)
	refuse(t, a, forge(t, secret+"x", plain(), past), token.Access)
}

func TestAnotherAuthoritysTokensAreRefused(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	for name, config := range map[string]token.Config{
		"issuer":   {Key: []byte(secret), Issuer: "other", Clock: c.Now},
		"audience": {Key: []byte(secret), Audience: "platform", Clock: c.Now},
		"key":      {Key: []byte(secret + "."), Clock: c.Now},
	} {
		b, err := token.New(config)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := b.SignAccess(claims())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Verify(raw, token.Access); err != nil {
			t.Errorf("another %s: its own authority refuses it: %v", name, err)
		}
		refuse(t, a, raw, token.Access)
	}
}

// TestKeyIsCopied overwrites the configured key, as a caller may that wipes secrets.
func TestKeyIsCopied(t *testing.T) {
	t.Parallel()
	secretBytes := []byte(secret)
	a, err := token.New(token.Config{Key: secretBytes, Clock: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	clear(secretBytes)
	if _, err := a.Verify(forge(t, secret, plain(), minted()), token.Access); err != nil {
		t.Error(err)
	}
	refuse(t, a, forge(t, string(make([]byte, len(secret))), plain(), minted()), token.Access)
}

// FuzzVerify checks that nothing verifies that does not carry the signature of our key over exactly its bytes, that
// a token verifies for one type at most, and that what verifies says what its payload says.
func FuzzVerify(f *testing.F) {
	a, _ := setup(f)
	good := forge(f, secret, plain(), minted())
	f.Add(good)
	f.Add(good + "A")
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Add(forge(f, "x", plain(), minted()))
	f.Add(seal(secret, ".."))
	f.Fuzz(func(t *testing.T, raw string) {
		check(t, a, raw)
		if !strings.Contains(raw, ".") {
			return
		}
		signed := raw[:strings.LastIndexByte(raw, '.')]
		check(t, a, seal(secret, signed)) // signed by us, but saying anything
	})
}

func check(t *testing.T, a *token.Authority, raw string) {
	t.Helper()
	got, err := a.Verify(raw, token.Access)
	_, other := a.Verify(raw, token.Refresh)
	if err == nil && other == nil {
		t.Fatalf("%q is both an access and a refresh token", raw)
	}
	if err != nil {
		if !fault.Is(err, fault.TokenInvalid) && !fault.Is(err, fault.TokenExpired) {
			t.Fatalf("%q: %v", raw, err)
		}
		return
	}
	dot := strings.LastIndexByte(raw, '.')
	if raw != seal(secret, raw[:dot]) {
		t.Fatalf("%q verifies and was not signed with our key", raw)
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{} // a struct would take the names in any case
	if err := json.Unmarshal(data, &said); err != nil {
		t.Fatal(err)
	}
	inTenant, _ := said["tenant"].(string)
	subject, _ := said["sub"].(string)
	if !strings.EqualFold(inTenant, got.Tenant.String()) || !strings.EqualFold(subject, got.User.String()) {
		t.Fatalf("%s was understood as %+v", data, got)
	}
}

// FuzzChangedToken changes one byte of a good token.
func FuzzChangedToken(f *testing.F) {
	a, _ := setup(f)
	good := forge(f, secret, plain(), minted())
	f.Add(0, byte('x'))
	f.Add(len(good)-1, byte('A'))
	f.Add(len(good)/2, byte('.'))
	f.Fuzz(func(t *testing.T, at int, to byte) {
		changed := []byte(good)
		changed[uint(at)%uint(len(good))] = to
		if string(changed) == good {
			return
		}
		if _, err := a.Verify(string(changed), token.Access); err == nil {
			t.Fatalf("%s verifies", changed)
		}
	})
}
