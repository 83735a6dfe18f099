package token

import (
	"strings"
)

// The explicit types (RFC 8725, section 3.11) that our own tokens carry.
const (
	typeAccess  = "at+jwt" // RFC 9068
	typeRefresh = "rt+jwt"
)

// typeFits reports whether a header's typ may stand on a token of the type. A client that signs its own access
// tokens, which no operator's are, leaves it out or writes JWT, as its library does.
func typeFits(typ string, t Type, operator bool) bool {
	if t == Refresh {
		return strings.EqualFold(typ, typeRefresh)
	}
	return strings.EqualFold(typ, typeAccess) || !operator && (typ == "" || strings.EqualFold(typ, "JWT"))
}
