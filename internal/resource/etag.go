package resource

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

// Precondition is a client's If-Match: the write happens only where the record has one of the tags, or, with Any,
// where there is a record at all.
type Precondition struct {
	Any  bool
	Tags []string
}

// tagBytes of each hash are kept: 72 bits, twelve characters.
const tagBytes = 9

// ownTag stands for the record's own fields: its id and version. Both are in it, so that a tag of one record never
// fits another.
func ownTag(record id.ID, version int64) string {
	var in [24]byte
	copy(in[:], record[:])
	binary.BigEndian.PutUint64(in[16:], uint64(version)) //nolint:gosec // a version is never negative
	sum := sha256.Sum256(in[:])
	return base64.RawURLEncoding.EncodeToString(sum[:tagBytes])
}

func entityTag(record id.ID, version int64, body []byte) string {
	sum := sha256.Sum256(body)
	return ownTag(record, version) + "." + base64.RawURLEncoding.EncodeToString(sum[:tagBytes])
}

// attempts is how often a write is tried that others get ahead of.
const attempts = 5

// repeat runs a write of a record anew where another change came between its read and its statement: a client who names
// no tag wants it on top of whatever is there.
func (p *Precondition) repeat(write func() error) error {
	for range attempts - 1 {
		if err := write(); !fault.Is(err, fault.PreconditionFailed) || p != nil && !p.Any {
			return err
		}
	}
	return write()
}

// holds returns precondition_failed unless the record is still what the client saw. Derived fields may have
// changed since: they are nothing that a write could overwrite.
func (p *Precondition) holds(record id.ID, rec storage.Record) error {
	if p == nil || p.Any {
		return nil
	}
	own := ownTag(record, rec.Version)
	for _, tag := range p.Tags {
		if before, _, found := strings.Cut(tag, "."); found && before == own {
			return nil
		}
	}
	return fault.New(fault.PreconditionFailed, "The record has changed since you read it; read it again and repeat the change.")
}
