package schema

import (
	"strconv"
	"time"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendQuoted appends text as a JSON string (RFC 8259, section 7). `<`, `>` and `&` are escaped as well, so that
// no answer turns into markup where a client pastes it into a page, and so are U+2028 and U+2029.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f {
				i++
				continue
			}
			dst = append(dst, text[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, text[start:i]...)
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			start = i + size
		}
		i += size
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}

// appendObject appends compact JSON with the characters escaped that appendQuoted escapes beside what JSON demands.
// In valid JSON they occur in strings alone.
func appendObject(dst, text []byte) []byte {
	start := 0
	for i, c := range text {
		switch c {
		case '<', '>', '&', 0x7f:
			dst = append(dst, text[start:i]...)
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			start = i + 1
		case 0xe2: // U+2028 and U+2029 are E2 80 A8 and E2 80 A9
			if i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xa8 {
				dst = append(dst, text[start:i]...)
				dst = append(dst, '\\', 'u', '2', '0', '2', '8'+text[i+2]&1)
				start = i + 3
			}
		}
	}
	return append(dst, text[start:]...)
}

// AppendString appends text as a JSON string.
func AppendString(dst []byte, text string) []byte { return appendQuoted(dst, []byte(text)) }

// appendNumber appends a finite double in the shortest form that reads back to it.
func appendNumber(dst []byte, f float64) []byte {
	if abs := max(f, -f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

func appendDay(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int(month), 2)
	dst = append(dst, '-')
	return appendPadded(dst, day, 2)
}

// appendTime does what time.AppendFormat does for TimeForm, at a third of its cost: lists hold two per row.
func appendTime(dst []byte, t time.Time) []byte {
	dst = appendDay(dst, t)
	hour, minute, second := t.Clock()
	dst = append(dst, 'T')
	dst = appendPadded(dst, hour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, minute, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, second, 2)
	dst = append(dst, '.')
	dst = appendPadded(dst, t.Nanosecond()/1000, 6)
	return append(dst, 'Z')
}

func appendPadded(dst []byte, n, width int) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= start && n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}
