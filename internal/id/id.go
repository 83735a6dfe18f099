// Package id makes and reads the identifiers of records: UUIDs of version 7 (RFC 9562), so that ids of rows
// made one after the other lie side by side in an index. It knows nothing of what an id names.
package id

import (
	"encoding/hex"

	"github.com/google/uuid"
)

// ID is a UUID as 16 bytes. The zero value names nothing.
type ID [16]byte

// New returns a fresh UUIDv7. Ids made by one process rise strictly.
func New() ID {
	return ID(uuid.Must(uuid.NewV7()))
}

// Parse reads the canonical form: 36 characters, lower or upper case. Braces, prefixes and missing hyphens,
// which general parsers accept, are refused: one record has one name.
func Parse(text string) (ID, bool) {
	var out ID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return out, false
	}
	u, err := uuid.Parse(text)
	if err != nil {
		return out, false
	}
	return ID(u), true
}

// String returns the canonical form in lower case.
func (i ID) String() string {
	var buf [36]byte
	return string(i.Append(buf[:0]))
}

// Append appends the canonical form to dst.
func (i ID) Append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, i[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, i[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, i[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, i[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, i[10:16])
}

// IsZero reports whether the id names nothing.
func (i ID) IsZero() bool { return i == ID{} }

// MarshalText implements encoding.TextMarshaler: the canonical form, empty for the zero id.
func (i ID) MarshalText() ([]byte, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.Append(nil), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = ID{}
		return nil
	}
	parsed, ok := Parse(string(text))
	if !ok {
		return errNotUUID
	}
	*i = parsed
	return nil
}

type parseError string

func (e parseError) Error() string { return string(e) }

const errNotUUID = parseError("not a UUID in its canonical form")
