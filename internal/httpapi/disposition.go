package httpapi

import "strings"

// attachment returns a Content-Disposition that has a browser save a file under the name, whatever the name is (RFC
// 6266): filename* (RFC 8187) holds exactly the name, filename what is left of it for clients that don't know that.
func attachment(name string) string {
	if name == "" {
		return "attachment"
	}
	var out strings.Builder
	out.Grow(len(`attachment; filename=""; filename*=UTF-8''`) + 4*len(name))
	out.WriteString(`attachment; filename="`)
	for _, c := range name {
		// A percent sign is taken for an escape by some browsers, a slash for a directory.
		if c < ' ' || c > '~' || strings.ContainsRune(`"\/%`, c) {
			c = '_'
		}
		out.WriteRune(c)
	}
	out.WriteString(`"; filename*=UTF-8''`)
	const digits = "0123456789ABCDEF"
	for i := range len(name) {
		if c := name[i]; isAttrChar(c) {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}

// isAttrChar reports what RFC 8187 lets stand for itself.
func isAttrChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0
}
