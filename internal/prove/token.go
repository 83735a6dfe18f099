package prove

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// The forgeries. A service that takes one of them has not looked at the signature, or has let the token say how to.

// spoiled returns a token whose signature is another one.
func spoiled(token string) string {
	head, signature := cutLast(token)
	other := byte('A')
	if signature != "" && signature[0] == other {
		other = 'B'
	}
	return head + "." + string(other) + signature[min(1, len(signature)):]
}

// unsigned returns a token of the same claims that says it has no signature (RFC 8725, section 3.1).
func unsigned(token string) string {
	_, claims, _ := parts(token)
	return encode([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + claims + "."
}

// selfSigned returns a token of another tenant that is signed with a key that an attacker would try.
func selfSigned(token, tenant string) string {
	_, claims, _ := parts(token)
	head := encode([]byte(`{"alg":"HS256","typ":"at+jwt"}`)) + "." + inTenant(claims, tenant)
	mac := hmac.New(sha256.New, []byte("secret"))
	_, _ = mac.Write([]byte(head)) // never fails
	return head + "." + encode(mac.Sum(nil))
}

// renamed returns a token whose claims name another tenant below the old signature.
func renamed(token, tenant string) string {
	head, claims, signature := parts(token)
	return head + "." + inTenant(claims, tenant) + "." + signature
}

func inTenant(claims, tenant string) string {
	data, _ := base64.RawURLEncoding.DecodeString(claims)
	var set node
	if json.Unmarshal(data, &set) != nil { // a token of another form has no claims to change
		set = node{}
	}
	set["tenant"] = tenant
	data, _ = json.Marshal(set) // it was read from JSON
	return encode(data)
}

func parts(token string) (head, claims, signature string) {
	rest, signature := cutLast(token)
	head, claims, _ = strings.Cut(rest, ".")
	return head, claims, signature
}

func cutLast(token string) (before, after string) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return token, ""
	}
	return token[:at], token[at+1:]
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
